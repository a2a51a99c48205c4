"""Sample data."""

import json
import zipfile
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from aksu_local.sample import DEFECTS_MANIFEST, municipal_services, write_defects, write_register
from aksu_local.sample_defects import DEFECTS_FILE
from aksu_local.sample_register import SITUATIONS, sample_providers
from aksu_registry.register_import.columns import REGISTER
from aksu_registry.register_import.errors import LayoutMismatch
from aksu_registry.register_import.file import ReadRow, read_register
from aksu_registry.register_import.licence_checks import licence_chain
from aksu_shared.kernel.codelists import CODELISTS, LICENCE_REQUIRED, SERVICE_KINDS
from aksu_shared.kernel.terms import load_terms
from aksu_shared.kernel.territory import load
from aksu_shared.workbook import open_sheet

TODAY = date(2026, 11, 20)


def read(path: Path, *, today: date = TODAY) -> list[ReadRow]:
    return list(read_register(path, territory=load(), terms=load_terms(), today=today))


@pytest.mark.parametrize("today", [TODAY, date(2026, 2, 28), date(2031, 8, 20)])
def test_every_row_of_the_sample_register_can_be_imported(tmp_path: Path, today: date) -> None:
    written = write_register(tmp_path / "register.xlsx", today=today)
    rows = read(written.path, today=today)
    assert [(row.number, error.code) for row in rows for error in row.errors] == []
    assert len(rows) == written.services >= 900
    assert len({row.row.provider.eik for row in rows if row.row}) == written.providers >= 300
    claims = [claim for row in rows if row.row for claim in (row.row.original, row.row.changed, row.row.renewed)]
    assert len([claim for claim in claims if claim]) == written.licences > written.services


def test_the_sample_covers_all_oblasts_legal_forms_and_licence_situations(tmp_path: Path) -> None:
    rows = [row.row for row in read(write_register(tmp_path / "register.xlsx", today=TODAY).path) if row.row]
    assert len({row.place.municipality[:3] for row in rows}) == 28
    assert {row.provider.legal_form for row in rows} == {
        form for form, required in LICENCE_REQUIRED.items() if required
    }
    window = load_terms().get("licensing.renewal_window", on=TODAY)
    assert window.length == 3
    last_days = [licence_chain(row.original, row.changed, row.renewed)[-1].claim.valid_until for row in rows]
    assert sum(day < TODAY for day in last_days) >= 20
    assert sum(0 <= (day - TODAY).days <= 89 for day in last_days) >= 20
    assert sum(row.changed is not None for row in rows) >= 50
    assert sum(row.renewed is not None for row in rows) >= 50
    assert sum(bool(row.changed and row.renewed) for row in rows) >= 5
    assert sum(row.violations is not None for row in rows) >= 20
    assert all("пример" in row.provider.name.lower() or "beispiel" in row.provider.name.lower() for row in rows)


def test_every_situation_occurs_and_the_sequence_of_numbers_has_no_gap() -> None:
    made = sample_providers(seed=1, today=TODAY, providers=20, services=40)
    services = [service for provider in made for service in provider.services]
    assert {service.situation for service in services} == set(SITUATIONS)
    licences = sorted((lic for service in services for lic in service.licences), key=lambda lic: lic.sequence)
    assert [lic.sequence for lic in licences] == list(range(1, len(licences) + 1))
    assert [lic.issued_on for lic in licences] == sorted(lic.issued_on for lic in licences)


def test_the_same_seed_and_day_give_the_same_rows_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (
        read(write_register(tmp_path / f"{n}.xlsx", today=TODAY, seed=seed, providers=5, services=5).path)
        for n, seed in enumerate([7, 7, 8])
    )
    assert first == again
    assert first != other


def test_texts_stay_texts_whatever_they_begin_with(tmp_path: Path) -> None:
    write_defects(tmp_path, today=TODAY)
    with zipfile.ZipFile(tmp_path / DEFECTS_FILE) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=Услуга" in zipfile.ZipFile(tmp_path / DEFECTS_FILE).read("xl/sharedStrings.xml").decode()
    assert sheet.count("<f>") == 3


def test_each_planted_defect_is_answered_as_its_manifest_says_and_nothing_else_is_refused(tmp_path: Path) -> None:
    defects = write_defects(tmp_path, today=TODAY)
    assert json.loads((tmp_path / DEFECTS_MANIFEST).read_text(encoding="utf-8")) == [asdict(d) for d in defects]
    wanted: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for defect in defects:
        if defect.file == DEFECTS_FILE:
            assert defect.row is not None
            assert defect.column is not None
            wanted[defect.row].append((defect.column, defect.code))
    found = {row.number: [(e.column, e.code) for e in row.errors] for row in read(tmp_path / DEFECTS_FILE)}
    assert {number: errors for number, errors in found.items() if errors} == wanted
    assert sum(not errors for errors in found.values()) >= 8


def test_the_defects_cover_every_kind_of_fault(tmp_path: Path) -> None:
    codes = Counter(defect.code for defect in write_defects(tmp_path, today=TODAY))
    for code in (
        "eik_invalid",
        "unknown_municipality",
        "date_impossible",
        "date_unreadable",
        "duplicate_row",
        "merged_cells",
    ):
        assert codes[code]
    assert len(codes) >= 24


def test_files_with_a_wrong_header_are_refused_as_a_whole(tmp_path: Path) -> None:
    broken = [defect for defect in write_defects(tmp_path, today=TODAY) if defect.row is None]
    assert len(broken) == 3
    for defect in broken:
        with pytest.raises(LayoutMismatch, match=defect.code):
            open_sheet(tmp_path / defect.file, REGISTER)


def test_municipal_services_need_no_licence_and_use_known_codes() -> None:
    bodies = municipal_services(today=TODAY)
    assert len(bodies) >= 200
    assert len({(body["municipality"], body["address"], body["name"]) for body in bodies}) == len(bodies)
    for body in bodies:
        assert body["kind"] in SERVICE_KINDS
        assert set(body["target_groups"]) <= set(CODELISTS["target_groups"])
        assert body["financing"] in CODELISTS["financing"]
        assert body["municipality"] in load()
        assert body["responsible_provider"] == {"municipality": body["municipality"]}
        assert body["capacity"] > 0
        assert date.fromisoformat(body["started_on"]) < TODAY
    assert any(SERVICE_KINDS[body["kind"]].old for body in bodies)
    assert municipal_services(today=TODAY) == bodies
    json.dumps(bodies)
