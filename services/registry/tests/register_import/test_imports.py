"""The public register taken over from a workbook."""

import asyncio
import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from registry_builders import MAYOR, OFFICER

from aksu_local.sample import DEFECTS_MANIFEST, SEED, write_defects, write_register, write_sheet
from aksu_local.sample_defects import Row, Sheet
from aksu_local.sample_register import rows_of, sample_providers
from aksu_local.served import Served
from aksu_registry.register_import.columns import COLUMNS
from aksu_shared.kernel.territory import load

CLOSURE = {"closed_on": "2026-01-31", "reason": "Закрита"}
TABLES = ("provider", "body", "place", "service", "register_row", "change_log")


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("register") / "register.xlsx"
    write_register(file, today=_today(), providers=40, services=110)
    return file


def _today() -> date:
    return datetime.now(UTC).date()


class Passed(NamedTuple):
    number: str
    eik: str


def write_with_one_licence_passed_on(path: Path) -> Passed:
    """The register of `workbook`, but one service stands under another provider, who runs none of its name."""
    made = sample_providers(seed=SEED, today=_today(), providers=40, services=110)
    giver = next(provider for provider in made if len(provider.services) > 1)
    service = giver.services.pop()
    others = (provider for provider in made if provider is not giver)
    taker = next(other for other in others if service.name not in {each.name for each in other.services})
    taker.services.append(service)
    rows: list[Row] = [[*row] for row in rows_of(made, territory=load())]
    write_sheet(path, Sheet(name=path.name, header=[column.title for column in COLUMNS], rows=rows))
    return Passed(service.licences[0].number.removesuffix(" г."), taker.eik)


async def send(registry: Served, content: bytes, *, dry_run: bool = False, **caller: str) -> httpx.Response:
    return await registry.client.post(
        "/v1/imports",
        params={"dry_run": str(dry_run).lower()},
        files={"file": ("register.xlsx", content, "application/octet-stream")},
        headers=registry.headers(**(caller or OFFICER)),
    )


async def counts(registry: Served) -> dict[str, int]:
    return {name: await registry.worker.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES}


async def test_every_row_is_stored_with_its_change_and_its_result(registry: Served, workbook: Path) -> None:
    report = (await send(registry, workbook.read_bytes())).json()
    assert (report["created"], report["refused"]) == (report["rows"], 0)
    stored = await counts(registry)
    assert stored["register_row"] == report["rows"] == len(report["results"])
    assert stored["change_log"] == sum(stored[name] for name in TABLES[:-1])


async def test_importing_the_same_file_twice_changes_nothing(registry: Served, workbook: Path) -> None:
    await send(registry, workbook.read_bytes())
    before = await counts(registry)
    report = (await send(registry, workbook.read_bytes())).json()
    assert (report["unchanged"], report["created"], report["updated"]) == (report["rows"], 0, 0)
    assert await counts(registry) == before


async def test_a_dry_run_says_what_the_real_run_then_does_and_stores_nothing(registry: Served, tmp_path: Path) -> None:
    write_defects(tmp_path, today=_today())
    for file in sorted(tmp_path.glob("*.xlsx")):
        before = await counts(registry)
        dry = (await send(registry, file.read_bytes(), dry_run=True)).json()
        assert await counts(registry) == before
        real = (await send(registry, file.read_bytes())).json()
        assert dry | {"dry_run": False} == _without_instance(real, dry)


def _without_instance(real: dict[str, Any], dry: dict[str, Any]) -> dict[str, Any]:
    """A refused file carries the request's own id in both answers, and both have a `dry_run` after the merge."""
    return real | {"dry_run": False} | ({"instance": dry["instance"]} if "instance" in dry else {})


async def test_planted_defects_are_refused_where_they_stand_and_nothing_else(registry: Served, tmp_path: Path) -> None:
    write_defects(tmp_path, today=_today())
    manifest = json.loads((tmp_path / DEFECTS_MANIFEST).read_text(encoding="utf-8"))
    by_file: dict[str, list[dict[str, Any]]] = {}
    for defect in manifest:
        by_file.setdefault(defect["file"], []).append(defect)
    checked = 0
    for name, defects in by_file.items():
        answer = await send(registry, (tmp_path / name).read_bytes())
        if answer.status_code != httpx.codes.OK:
            assert answer.json()["code"] in {defect["code"] for defect in defects}
            checked += 1
            continue
        found = {
            (result["row"], error["column"], error["code"])
            for result in answer.json()["results"]
            for error in result["errors"]
        }
        assert found == {(defect["row"], defect["column"], defect["code"]) for defect in defects}
        checked += 1
    assert checked == len(by_file) > 1


async def test_a_corrected_row_updates_what_it_describes(registry: Served, tmp_path: Path) -> None:
    file = tmp_path / "r.xlsx"
    write_register(file, today=_today(), providers=5, services=12)
    await send(registry, file.read_bytes())
    await registry.worker.execute("UPDATE provider SET name = 'Старо име'")
    report = (await send(registry, file.read_bytes())).json()
    assert report["updated"] > 0
    assert await registry.worker.fetchval("SELECT count(*) FROM provider WHERE name = 'Старо име'") == 0


async def test_a_licence_passed_to_another_provider_takes_its_service_along(
    registry: Served, workbook: Path, tmp_path: Path
) -> None:
    passed = write_with_one_licence_passed_on(tmp_path / "other.xlsx")
    await send(registry, workbook.read_bytes())
    report = (await send(registry, (tmp_path / "other.xlsx").read_bytes())).json()
    assert (report["refused"], report["updated"], report["unchanged"]) == (0, 1, report["rows"] - 1)
    runs = "SELECT s.provider_body FROM register_row r JOIN service s ON s.id = r.service_id WHERE r.number = $1"
    assert await registry.worker.fetchval(runs, passed.number) == f"PROVIDER:{passed.eik}"
    ran_by_others = """SELECT count(*) FROM register_row r JOIN service s ON s.id = r.service_id
                        WHERE s.provider_body <> r.provider_body OR NOT 'b:' || r.provider_body = ANY (s.scope)"""
    assert await registry.worker.fetchval(ran_by_others) == 0


async def test_a_row_that_would_break_a_rule_of_its_service_is_refused_alone(
    registry: Served, workbook: Path, tmp_path: Path
) -> None:
    passed = write_with_one_licence_passed_on(tmp_path / "other.xlsx")
    await send(registry, workbook.read_bytes())
    service = await registry.worker.fetchrow(
        "SELECT s.* FROM register_row r JOIN service s ON s.id = r.service_id WHERE r.number = $1", passed.number
    )
    form = {"legal_form": "MUNICIPAL_LEGAL_ENTITY", "reason": "По решение на общинския съвет"}
    confirmed = await registry.post(f"/v1/providers/{service['provider_id']}/confirm-legal-form", form, **OFFICER)
    assert confirmed.status_code == 200, confirmed.text
    public = {"financing": "STATE_DELEGATED", "reason": "По бюджета"}
    path = f"/v1/services/{service['id']}"
    version = (await registry.get(path)).json()["version"]
    assert (await registry.patch(path, public, version=version, **OFFICER)).status_code == 200
    assert (await send(registry, workbook.read_bytes())).json()["refused"] == 0
    again = (await registry.get(f"/v1/providers/{service['provider_id']}")).json()
    assert again["legal_form"] == "MUNICIPAL_LEGAL_ENTITY"
    report = (await send(registry, (tmp_path / "other.xlsx").read_bytes())).json()
    (row,) = [result for result in report["results"] if result["errors"]]
    assert [(error["column"], error["code"]) for error in row["errors"]] == [("provider", "financing_not_private")]
    assert (await registry.get(path)).json()["provider_id"] == str(service["provider_id"])


async def test_a_row_that_would_make_two_services_one_is_refused_alone(registry: Served, workbook: Path) -> None:
    report = (await send(registry, workbook.read_bytes())).json()
    imported = await registry.worker.fetchrow(
        "SELECT s.* FROM service s JOIN place p ON p.id = place_id WHERE p.key NOT LIKE '%@%' ORDER BY s.id LIMIT 1"
    )
    same = {name: imported[name] for name in ("name", "kind", "target_groups", "municipality", "settlement", "address")}
    same |= {"financing": "PRIVATE", "responsible_provider": {"eik": imported["provider_body"].partition(":")[2]}}
    refused = await registry.post("/v1/services", same, **OFFICER)
    assert refused.json()["code"] == "service_exists", refused.text
    path, other_name = f"/v1/services/{imported['id']}", {"name": "Друго име", "reason": "Проба"}
    assert (await registry.patch(path, other_name, version=imported["version"], **OFFICER)).status_code == 200
    own = await registry.post("/v1/services", same, **OFFICER)
    assert own.status_code == 201, own.text
    again = (await send(registry, workbook.read_bytes())).json()
    assert (again["refused"], again["unchanged"]) == (1, report["rows"] - 1)
    (row,) = [result for result in again["results"] if result["errors"]]
    assert [(error["column"], error["code"]) for error in row["errors"]] == [("service", "service_exists")]
    assert (await registry.get(path)).json()["name"] == "Друго име"
    holder = {"role": "provider", "body": imported["provider_body"]}
    closed = await registry.post(f"/v1/services/{own.json()['id']}/close", CLOSURE, **holder)
    assert closed.status_code == 200, closed.text
    assert (await send(registry, workbook.read_bytes())).json()["updated"] == 1
    assert (await registry.get(path)).json()["name"] == same["name"]


async def test_parallel_imports_of_one_file_double_nothing(registry: Served, workbook: Path) -> None:
    answers = await asyncio.gather(*(send(registry, workbook.read_bytes()) for _ in range(3)))
    assert {answer.status_code for answer in answers} <= {200, 409, 412, 503}
    final = (await send(registry, workbook.read_bytes())).json()
    stored = await counts(registry)
    assert final["refused"] == 0
    assert stored["register_row"] == stored["service"] == final["rows"]


async def test_only_those_with_the_right_import(registry: Served, workbook: Path) -> None:
    assert (await send(registry, workbook.read_bytes(), **MAYOR)).status_code == 403


def _bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"not a workbook", 422), (b"", 422), (b"PK\x03\x04 broken", 422), (_bomb(), 422)],
    ids=["text", "empty", "broken zip", "zip bomb"],
)
async def test_a_file_that_is_no_register_is_refused_with_a_sentence(
    registry: Served, content: bytes, status: int
) -> None:
    answer = await send(registry, content)
    assert answer.status_code == status, answer.text
    assert answer.json()["title"]
    assert (await counts(registry))["change_log"] == 0


async def test_an_upload_above_64_mebibytes_is_413(registry: Served) -> None:
    answer = await send(registry, b"0" * (65 * 1024 * 1024))
    assert answer.status_code == 413
