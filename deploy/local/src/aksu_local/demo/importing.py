"""Step 2: the public register from a workbook, a defective one refused cell by cell, services without licence."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aksu_local.demo.stage import Stage
from aksu_local.legal_clock import legal_now
from aksu_local.sample import DEFECTS_MANIFEST, REGISTER_FILE, municipal_services, write_defects, write_register
from aksu_shared.kernel.clock import legal_day

MIN_PROVIDERS, MIN_SERVICES, MIN_FREE = 300, 900, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of the import: licences at licensing."""

    licences: int


async def import_register(stage: Stage) -> Imported:
    """POST /v1/imports: dry run, real run, the same again; then a workbook with planted defects."""
    stage.step("2. Import: a register workbook in the Agency's 15 columns")
    today = legal_day(legal_now(stage.platform.folder.clock))
    with tempfile.TemporaryDirectory(prefix="aksu-demo-") as name:
        folder = Path(name)
        sample = write_register(folder / REGISTER_FILE, today=today)
        stage.say(f"workbook: {sample.providers} providers, {sample.services} rows")
        stage.holds(f"≥ {MIN_PROVIDERS} providers", condition=sample.providers >= MIN_PROVIDERS)
        stage.holds(f"≥ {MIN_SERVICES} services", condition=sample.services >= MIN_SERVICES)
        await _three_times(stage, folder / REGISTER_FILE, rows=sample.services)
        write_defects(folder, today=today)
        await _defects(stage, folder)
    await _licences(stage, stated=sample.licences)
    return Imported(licences=sample.licences)


async def _three_times(stage: Stage, file: Path, *, rows: int) -> None:
    dry = await _send(stage, file, dry_run=True)
    stage.check("dry run would create", got=dry["created"], want=rows)
    stage.check("services stored by the dry run", got=await stage.count("registry", "/v1/services"), want=0)
    real = await _send(stage, file)
    stage.check("real run says what the dry run said", got=real["results"] == dry["results"], want=True)
    stage.check("services stored", got=await stage.count("registry", "/v1/services"), want=rows)
    again = await _send(stage, file)
    stage.check("the same file again: unchanged", got=again["unchanged"], want=rows)


async def _send(stage: Stage, file: Path, *, dry_run: bool = False, expect: int = 200) -> dict[str, Any]:
    answer = await stage.ask(
        "POST",
        "registry",
        f"/v1/imports?dry_run={str(dry_run).lower()}",
        token=stage.platform.token("licensing_officer", "AKSU"),
        files={"file": (file.name, file.read_bytes())},  # noqa: ASYNC240 - a small file of our own
        expect=expect,
    )
    document: dict[str, Any] = answer.json()
    return document


async def _defects(stage: Stage, folder: Path) -> None:
    """Every planted defect is refused where it stands, and nothing else."""
    manifest = json.loads((folder / DEFECTS_MANIFEST).read_text(encoding="utf-8"))
    for name in sorted({defect["file"] for defect in manifest}):
        planted = [defect for defect in manifest if defect["file"] == name]
        whole = [defect["code"] for defect in planted if defect["row"] is None]
        report = await _send(stage, folder / name, expect=422 if whole else 200, dry_run=True)
        if whole:
            stage.check(f"{name} as a whole is refused", got=report["code"], want=whole[0])
            stage.say(str(report["title"]))
            continue
        found = sorted(
            (row["row"], error["column"], error["code"]) for row in report["results"] for error in row["errors"]
        )
        wanted = sorted((defect["row"], defect["column"], defect["code"]) for defect in planted)
        stage.check(f"{name}: {len(wanted)} planted defects found where they stand", got=found == wanted, want=True)
        first = next(error for row in report["results"] for error in row["errors"])
        stage.say(f"for example: {first['message']}")


async def _licences(stage: Stage, *, stated: int) -> None:
    """Licensing makes the licences from the rows' licence columns: one per filled pair of columns."""

    async def made() -> int:
        return await stage.count("licensing", "/v1/licences")

    waited = await stage.until("licences, changed and renewed ones included", made, want=stated)
    stage.say(f"licensing has made them {waited:.0f} ms after the import")


async def register_licence_free(stage: Stage) -> None:
    """POST /v1/services: municipal and state-delegated services, which need no licence."""
    today = legal_day(legal_now(stage.platform.folder.clock))
    bodies = municipal_services(today=today)
    for body in bodies:
        token = stage.platform.token("municipality_officer", f"MUNICIPALITY:{body['municipality']}")
        await stage.post("registry", "/v1/services", body, token=token)
    stage.say(f"{len(bodies)} municipal services registered by POST /v1/services")
    stage.holds(f"≥ {MIN_FREE} of them", condition=len(bodies) >= MIN_FREE)
    delegated = await stage.count("registry", "/v1/services?financing=STATE_DELEGATED")
    stage.say(f"{delegated} state-delegated services in the register")
