"""Sample data of the local platform: the register as a workbook, one with defects, and licence-free services."""

import json
import random
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook

from aksu_local.sample_defects import Defect, Row, Sheet, defective_sheets
from aksu_local.sample_names import MUNICIPAL_SERVICES, STREETS, TOWNS, WORDS
from aksu_local.sample_register import rows_of, sample_providers
from aksu_registry.register_import.columns import COLUMNS
from aksu_shared.kernel.codelists import SERVICE_KINDS
from aksu_shared.kernel.territory import load

SEED: Final = 20_220_701
REGISTER_FILE: Final = "register-sample.xlsx"
DEFECTS_MANIFEST: Final = "register-defects.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRegister:
    """What was written: the file, and how many providers, services (rows) and licences it holds."""

    path: Path
    providers: int
    services: int
    licences: int


def write_register(
    path: Path,
    *,
    today: date,
    seed: int = SEED,
    providers: int = 320,
    services: int = 960,
    first_licence: int = 1,
) -> SampleRegister:
    """Write the sample register in exactly the Agency's layout; all its rows can be imported."""
    made = sample_providers(seed=seed, today=today, providers=providers, services=services, first_licence=first_licence)
    titles = [column.title for column in COLUMNS]
    rows: list[Row] = [[*row] for row in rows_of(made, territory=load())]
    write_sheet(path, Sheet(name=path.name, header=titles, rows=rows))
    licences = sum(len(service.licences) for provider in made for service in provider.services)
    return SampleRegister(path=path, providers=len(made), services=len(rows), licences=licences)


def write_defects(folder: Path, *, today: date, seed: int = SEED) -> list[Defect]:
    """Write the defective workbooks and, beside them, `register-defects.json`: file, row, column, code of every fault.

    A row or file that the manifest does not name must be accepted.
    """
    sheets, defects = defective_sheets(seed=seed, today=today)
    for sheet in sheets:
        write_sheet(folder / sheet.name, sheet)
    manifest = json.dumps([asdict(defect) for defect in defects], ensure_ascii=False, indent=2)
    (folder / DEFECTS_MANIFEST).write_text(manifest + "\n", encoding="utf-8")
    return defects


def municipal_services(*, today: date, seed: int = SEED, services: int = 220) -> list[dict[str, Any]]:
    """Bodies for `POST /v1/services`: services that municipalities provide themselves and that need no licence."""
    rng = random.Random(seed)  # noqa: S311 - sample data, to be repeatable
    bodies = []
    for index in range(services):
        municipality, settlement = TOWNS[index % len(TOWNS)]
        kind, name, targets, financing, (least, most) = MUNICIPAL_SERVICES[index % len(MUNICIPAL_SERVICES)]
        bodies.append(
            {
                "name": name.format(word=f"Пример {rng.choice(WORDS)} {index + 1}"),
                "kind": kind,
                "activity_groups": list(SERVICE_KINDS[kind].activity_groups),
                "target_groups": list(targets),
                "financing": financing,
                "management": "SELF_PROVIDED",
                "capacity": rng.randint(least, most),
                "municipality": municipality,
                "settlement": settlement,
                "address": f"ул. „{rng.choice(STREETS)}“ № {1000 + index}",
                "responsible_provider": {"municipality": municipality},
                "operator": None,
                "started_on": (today - timedelta(days=rng.randint(200, 5_000))).isoformat(),
            }
        )
    return bodies


def write_sheet(path: Path, sheet: Sheet) -> None:
    """Write one worksheet; texts stay texts, whatever they begin with."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "default_date_format": "dd.mm.yyyy"}
    path.parent.mkdir(parents=True, exist_ok=True)
    with Workbook(path, options) as workbook:
        worksheet = workbook.add_worksheet("Регистър")
        worksheet.freeze_panes(1, 0)
        worksheet.set_column(0, len(COLUMNS) - 1, 24)
        worksheet.write_row(0, 0, sheet.header, workbook.add_format({"bold": True, "text_wrap": True}))
        for number, row in enumerate(sheet.rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, tuple):
                    worksheet.write_formula(number, column, cell[0], None, cell[1])
                elif cell is not None:
                    worksheet.write(number, column, cell)
        for (top, left, bottom, right), value in sheet.merged.items():
            worksheet.merge_range(top, left, bottom, right, value)
