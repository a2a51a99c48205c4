"""Texts that mean something to an interpreter are stored and read back as they are; no sheet takes one as a formula."""

import csv
import io
from typing import Any, Final

import pytest
from monitoring_builders import ANALYST, SOURCE, closed, finding, prescription, push, started
from monitoring_worker import apply
from registry_builders import EIK, MAYOR, OFFICER, provider, service

from aksu_local.served import Serve
from aksu_shared.web.export import csv_chunks

HOSTILE: Final = (
    "'; DROP TABLE service; --",
    "' OR '1'='1",
    "\\'; SELECT pg_sleep(9); --",
    "$1 $$ :name %(x)s %s {0} {x} ${7*7} {{7*7}} #{7*7}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</textarea>&lt;&amp;&#x27;",
    "../../../../etc/passwd%00.pdf",
    "() { :;}; `id` $(id) | id & id",
    "${jndi:ldap://example.invalid/a}",
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    '=HYPERLINK("http://example.invalid")',
    "*)(uid=*))(|(uid=*",
    "a\\u0000b \\x00 %00",
    "Ａgpj\N{COMBINING ACUTE ACCENT} \N{PILE OF POO} ﷺ",
    '"},"scope":["public"],"x":{"',
    "public,BG,b:AKSU",
    "{public,BG}",
    "Set-Cookie: a=b; Location: //example.invalid",
    "1e309", "NaN", "null", "undefined", "true", "-1", "١٢٣",
)  # fmt: skip


async def test_every_text_of_the_register_comes_back_as_it_was_sent(serve: Serve) -> None:
    registry = await serve("registry")
    known = ""
    for text in HOSTILE:
        sent = provider(name=text, seat_address=text)
        if known:
            version = (await registry.get(f"/v1/providers/{known}", **OFFICER)).headers["etag"].strip('"')
            change = {"name": text, "seat_address": text, "reason": text}
            answer = await registry.patch(f"/v1/providers/{known}", change, version=int(version), **OFFICER)
        else:
            answer = await registry.post("/v1/providers", sent, **OFFICER)
            known = answer.json()["id"]
        assert answer.status_code in {200, 201}, answer.text
        read = (await registry.get(f"/v1/providers/{known}", **OFFICER)).json()
        assert (read["name"], read["seat_address"]) == (text, text)
        new = service(name=text, settlement=text, address=text, municipality="BLG03")
        made = await registry.post("/v1/services", new, **MAYOR)
        assert made.status_code == 201, made.text
        one = (await registry.get(f"/v1/services/{made.json()['id']}")).json()
        assert [one[name] for name in ("name", "settlement", "address")] == [text] * 3
    names = []
    cursor: str | None = ""
    while cursor is not None:
        query = "?limit=10" + (f"&cursor={cursor}" if cursor else "")
        page = (await registry.get(f"/v1/services{query}")).json()
        names += [row["name"] for row in page["items"]]
        cursor = page["next"]
    assert sorted(names) == sorted(HOSTILE)
    assert await registry.worker.fetchval("SELECT count(*) FROM service") == len(HOSTILE)
    assert await registry.worker.fetchval("SELECT count(*) FROM provider WHERE eik = $1", EIK) == 1


async def test_what_is_searched_for_is_a_text_and_nothing_else(serve: Serve) -> None:
    registry = await serve("registry")
    await registry.post("/v1/services", service(), **MAYOR)
    for text in HOSTILE:
        for path, name in (("/v1/services", "q"), ("/v1/places", "settlement"), ("/v1/providers", "q")):
            answer = await registry.client.get(path, params={name: text})
            assert answer.status_code in {200, 422}, (path, text, answer.text)
            if answer.status_code == 200:
                assert answer.json()["items"] == []
    for text in HOSTILE:
        answer = await registry.client.get("/v1/services", params={"cursor": text})
        assert answer.status_code == 422


async def test_every_text_of_a_pushed_inspection_comes_back_as_it_was_sent(serve: Serve) -> None:
    monitoring = await serve("monitoring")
    for number, text in enumerate(HOSTILE):
        subject = {"subject": f"R-{number}"}
        words = {"standard": text[:100], "criterion": text[:100], "catalogue_version": text[:100], "note": text}
        where = {"municipality": "BLG03", "settlement": text, "address": text}
        events: list[dict[str, Any]] = [
            started(attributes=subject, place=where),
            finding(2, attributes=subject, **words),
            prescription(3, attributes=subject, reference=f"П-{number}", text=text),
            closed(4, attributes=subject),
        ]
        answer = await push(
            monitoring, [event | {"id": f"{number}/{index}/{text}"} for index, event in enumerate(events)]
        )
        assert answer.status_code == 202, answer.text
    await apply(monitoring)
    found = await monitoring.client.get("/v1/inspections", params={"limit": 200}, headers=_analyst(monitoring))
    inspections = {row["reference"]: row for row in found.json()["items"] if row["source"] == SOURCE}
    assert len(inspections) == len(HOSTILE)
    for number, text in enumerate(HOSTILE):
        row = inspections[f"R-{number}"]
        assert (row["settlement"], row["address"]) == (text, text)
        (one,) = (await monitoring.get(f"/v1/inspections/{row['id']}/findings", **ANALYST)).json()["items"]
        assert (one["standard"], one["criterion"], one["note"]) == (text, text, text)
        path = f"/v1/prescriptions?inspection_id={row['id']}"
        (made,) = (await monitoring.get(path, **ANALYST)).json()["items"]
        assert (made["reference"], made["text"]) == (f"П-{number}", text)


def _analyst(monitoring: Any) -> dict[str, str]:
    headers: dict[str, str] = monitoring.headers("aksu_analyst", "AKSU")
    return headers


FORMULAS: Final = (
    "=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1",
    "x;=1+1", "x\t=1", "a;b;@c", "=", ";=1", "http://example.invalid",
)  # fmt: skip


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_a_list_as_a_file_is_a_formula_however_a_spreadsheet_parts_it(separator: str) -> None:
    columns = ["name", "several"]
    items = [{"name": text, "several": [text, text]} for text in FORMULAS]
    text = b"".join(csv_chunks(columns, items)).decode("utf-8-sig")
    lines = text.split("\r\n") if separator != "," else []
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
    cells += [cell for line in lines for cell in line.split(separator)]  # a reader that knows no quotes
    assert [cell for cell in cells if cell.lstrip("\t\r\n").startswith(tuple("=+-@＝＋－＠"))] == []


def test_an_apostrophe_is_all_that_a_spreadsheet_s_reader_sees_added() -> None:
    text = b"".join(csv_chunks(["name"], [{"name": "=1+1"}, {"name": "a - b"}, {"name": "в; и - г"}])).decode(
        "utf-8-sig"
    )
    assert [row[0] for row in csv.reader(io.StringIO(text, newline=""))] == ["name", "'=1+1", "a - b", "в; и - г"]
