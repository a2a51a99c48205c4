"""The figures add up, and are those of an independent count in plain Python.

Random facts in a few municipalities of several oblasts and regions; every figure of every territory is compared, for
callers of every kind: it is true, or null where the caller does not see all that it counts; never part of the truth.
The oracle knows the rules by itself: it shares no code and no constant with the SQL.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reporting_builders import (
    TODAY,
    Telling,
    application,
    finding,
    inspection,
    licence,
    place,
    prescription,
    provider,
    service,
    territories,
)

from aksu_local.served import SCHEMAS
from aksu_local.templates import Databases
from aksu_reporting.analyses.territory.queries import children_summary, territory_summary
from aksu_shared.db.pool import create_pool
from aksu_shared.db.reads import Reads
from aksu_shared.events import Event
from aksu_shared.kernel import territory
from aksu_shared.kernel.codelists import CODELISTS

WHERE = ("BLG01", "BLG03", "SOF46", "VID01", "VID06", "BGS01")
AREAS = territory.load().areas
CALLERS = {"public": "public", "nation": "public,BG,b:AKSU", "oblast": "public,BLG,b:OBLAST:BLG",
           "mayor": "public,BLG03,b:MUNICIPALITY:BLG03", "ministry": "public,BG,b:MLSP",
           "provider": "public,b:PROVIDER:130007884"}  # fmt: skip
TABLES = ("provider", "place", "service", "licence", "application", "inspection", "finding", "prescription")
EXPIRING_UNTIL = date(2026, 6, 16)

Facts = dict[str, list[Event[Any]]]


def _code(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from(list(CODELISTS[name]))


_somewhere = st.sampled_from(WHERE)
_maybe = st.sampled_from((*WHERE, None))
_EDGES = [bound + timedelta(days=days) for bound in (TODAY, EXPIRING_UNTIL, date(2026, 1, 1)) for days in (-1, 0, 1)]
_near = st.sampled_from(_EDGES) | st.integers(-100, 100).map(lambda days: TODAY + timedelta(days=days))
_groups = st.lists(_code("activity_groups"), max_size=3, unique=True).map(tuple)
_flags = st.lists(_code("inspection_flags"), max_size=2, unique=True).map(tuple)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """What the three services might have told."""

    def some(fact: Callable[..., Event[Any]], most: int = 12, **fields: st.SearchStrategy[Any]) -> list[Event[Any]]:
        return [fact(**draw(st.fixed_dictionaries(fields))) for _ in range(draw(st.integers(0, most)))]

    providers = some(
        provider,
        5,
        legal_form=_code("legal_forms"),
        legal_form_confirmed=st.booleans(),
        licence_required=st.booleans(),
        seat_municipality=_maybe,
    )
    who = st.sampled_from([fact.state.id for fact in providers]) if providers else st.uuids()
    return {
        "provider": providers,
        "place": some(place, municipality=_somewhere),
        "service": some(
            service, 15, municipality=_somewhere, financing=_code("financing"), kind=_code("service_kinds"),
            capacity=st.none() | st.integers(0, 99), state=_code("service_states"), activity_groups=_groups,
            licence_required=st.booleans(), provider_id=who, operator_id=st.none() | who,
        ),
        "licence": some(
            licence, municipality=_somewhere, state=st.just("ACTIVE") | _code("licence_states"),
            valid_from=st.just(date(2022, 1, 1)) | _near, valid_until=_near,
            ended_on=st.none() | _near,
        ),
        "application": some(
            application, municipality=_somewhere, state=_code("application_states"), decision_due=st.none() | _near
        ),
        "inspection": some(
            inspection, municipality=_maybe, kind=_code("inspection_kinds"), state=_code("inspection_states"),
            outcome=st.none() | _code("inspection_outcomes"), flags=_flags, started_on=st.none() | _near,
            public=st.booleans(),
        ),
        "finding": some(finding, municipality=_somewhere, result=_code("finding_results")),
        "prescription": some(
            prescription, municipality=_maybe, state=st.just("ISSUED") | _code("prescription_states"), due_on=_near
        ),
    }  # fmt: skip


def _inside(code: str, municipality: str | None) -> bool:
    place_ = municipality
    while place_ is not None:
        if place_ == code:
            return True
        place_ = AREAS[place_].parent
    return False


def _counts(codes: Iterator[str | None]) -> dict[str, int]:
    return dict(Counter(code for code in codes if code is not None))


class Oracle:
    """Counts by hand all that was `told`, whoever sees it; what only the Agency knows of apart."""

    def __init__(self, told: Facts) -> None:
        self._seen = {name: [fact.state for fact in found] for name, found in told.items()}
        self._seen["inspection"] = [fact.state for fact in told["inspection"] if "public" in fact.scope]
        self._seen["unannounced"] = [fact.state for fact in told["inspection"] if "public" not in fact.scope]

    def within(self, name: str, code: str) -> list[Any]:
        return [state for state in self._seen[name] if _inside(code, state.municipality)]

    def services(self, code: str) -> dict[str, Any]:
        here = self.within("service", code)
        active = [s for s in here if s.state == "ACTIVE"]
        return {
            **_sizes(active, total="total"),
            "licence_required": sum(s.licence_required for s in active),
            "closed": len(here) - len(active),
            "by_financing": {c: _sizes([s for s in active if s.financing == c]) for c in CODELISTS["financing"]},
            "by_kind": {k: _sizes([s for s in active if s.kind == k]) for k in {s.kind for s in active}},
            "by_activity_group": {
                g: _sizes([s for s in active if g in s.activity_groups])
                for g in {g for s in active for g in s.activity_groups}
            },
            "shares": _shares(active),
        }

    def providers(self, code: str) -> dict[str, Any]:
        active = [s for s in self.within("service", code) if s.state == "ACTIVE"]
        ids = {s.provider_id for s in active} | {s.operator_id for s in active}
        everybody = self._seen["provider"]
        return {
            "working": _forms([p for p in everybody if p.id in ids]),
            "seated": _forms([p for p in everybody if _inside(code, p.seat_municipality)]),
            "seat_unknown": sum(p.seat_municipality is None for p in everybody) if code == "BG" else None,
        }

    def licences(self, code: str) -> dict[str, Any]:
        here = self.within("licence", code)
        running = {"ACTIVE", "REINSTATED", "REVOCATION_PENDING"}
        last = {x.id: _last_day(x) for x in here}
        valid = [x for x in here if x.valid_from <= TODAY <= last[x.id]]
        past = {True: "EXPIRED"}
        return {
            "total": len(here),
            "in_force": len(valid),
            "expiring": sum(x.state in running and last[x.id] <= EXPIRING_UNTIL for x in valid),
            "expiring_until": str(EXPIRING_UNTIL),
            "by_state": _counts(
                past.get(x.state in running and x.valid_from <= last[x.id] < TODAY, x.state) for x in here
            ),
        }

    def inspections(self, code: str, *, agency: bool) -> dict[str, Any]:
        here = self.within("inspection", code)
        return {
            "total": len(here),
            "this_year": sum(x.started_on is not None and x.started_on.year == TODAY.year for x in here),
            "by_kind": _counts(x.kind for x in here),
            "by_state": _counts(x.state for x in here),
            "without_outcome": sum(x.outcome is None for x in here),
            "by_outcome": _counts(x.outcome for x in here),
            "by_flag": _counts(flag for x in here for flag in x.flags),
            "unannounced": len(self.within("unannounced", code)) if agency else None,
        }

    def prescriptions(self, code: str) -> dict[str, Any]:
        here = self.within("prescription", code)
        settled = {"PROPOSED", "DECLINED", "VERIFIED_FULFILLED", "ANNULLED"}
        elsewhere = settled | {"REPORTED_FULFILLED", "APPEALED"}
        return {
            "total": len(here),
            "open": sum(x.state not in settled for x in here),
            "overdue": sum(x.state not in elsewhere and x.due_on < TODAY for x in here),
            "by_state": _counts(x.state for x in here),
        }

    def applications(self, code: str) -> dict[str, Any]:
        here = self.within("application", code)
        idle = {
            "DRAFT", "SUBMITTED", "GRANTED", "REFUSED", "NOTIFIED", "APPEALED", "UPHELD", "ANNULLED_RETURNED",
            "WITHDRAWN", "DISCONTINUED",
        }  # fmt: skip
        pending = [x for x in here if x.state not in idle]
        return {
            "total": len(here),
            "pending": len(pending),
            "overdue": sum(x.decision_due is not None and x.decision_due < TODAY for x in pending),
            "by_state": _counts(x.state for x in here),
        }

    def summary(self, code: str, keys: str) -> dict[str, Any]:
        agency = "b:AKSU" in keys.split(",")
        inspecting = agency or f"b:MUNICIPALITY:{code}" in keys.split(",")
        found = self.within("finding", code)
        return {
            "providers": self.providers(code),
            "sites": len(self.within("place", code)),
            "services": self.services(code),
            "licences": self.licences(code),
            "covered": {"applications": agency, "unannounced": agency, "findings": inspecting},
            "applications": self.applications(code) if agency else None,
            "inspections": self.inspections(code, agency=agency),
            "findings": {"total": len(found), "by_result": _counts(x.result for x in found)} if inspecting else None,
            "prescriptions": self.prescriptions(code),
            "unplaced": {
                name: sum(x.municipality is None for x in self._seen[name.removesuffix("s")])
                for name in ("inspections", "prescriptions")
            }
            if code == "BG"
            else None,
        }


def _last_day(x: Any) -> date:
    """The last day of a licence's effect; the day before all others when an order ended it on a day nobody told."""
    if x.ended_on is None and x.state in {"TERMINATED", "REVOKED", "REVOKED_FINAL"}:
        return date.min
    last: date = min(x.valid_until, x.ended_on or x.valid_until)
    return last


def _sizes(found: list[Any], *, total: str = "services") -> dict[str, int]:
    known = [s.capacity for s in found if s.capacity is not None]
    return {total: len(found), "places": sum(known), "capacity_unknown": len(found) - len(known)}


def _shares(active: list[Any]) -> list[dict[str, Any]]:
    whole = _sizes(active)
    parts = {code.lower(): _sizes([s for s in active if s.financing == code]) for code in CODELISTS["financing"]}

    def share(base: str) -> dict[str, Any]:
        return {code: _share(part, whole[base], base) for code, part in parts.items()}

    return [
        {"base": "services", "of": whole["services"], "unknown": None, "share": share("services")},
        {"base": "places", "of": whole["places"], "unknown": whole["capacity_unknown"], "share": share("places")},
    ]


def _share(part: dict[str, int], of: int, base: str) -> Any:
    nothing_known = base == "places" and 0 < part["services"] == part["capacity_unknown"]
    return None if nothing_known or not of else pytest.approx(part[base] / of, abs=6e-5)


def _forms(found: list[Any]) -> dict[str, Any]:
    required = sum(p.licence_required for p in found)
    return {
        "total": len(found),
        "licence_required": required,
        "licence_not_required": len(found) - required,
        "by_legal_form": _counts(p.legal_form if p.legal_form_confirmed else "UNCONFIRMED" for p in found),
    }


@dataclass
class Rig:
    """A reporting database, its reads as the runtime role, and a loop that outlives each example."""

    runner: asyncio.Runner
    worker: "asyncpg.Pool[Any]"
    reads: Reads

    def tell(self, told: Facts) -> None:
        """Replace all facts by `told`."""
        self.runner.run(self._tell(told))

    async def _tell(self, told: Facts) -> None:
        await self.worker.execute(";".join(f"DELETE FROM {table}" for table in TABLES))
        everything = [fact for found in told.values() for fact in found]
        if everything:
            await Telling(self.worker)(*everything)

    def summary(self, code: str, scope: str) -> dict[str, Any]:
        body = self.runner.run(territory_summary(self.reads, code, scope=scope, today=TODAY))
        found: dict[str, Any] = json.loads(body)
        return found

    def children(self, code: str, level: Any, scope: str) -> list[dict[str, Any]]:
        body = self.runner.run(children_summary(self.reads, code, level=level, sort="code", scope=scope, today=TODAY))
        items: list[dict[str, Any]] = json.loads(body)["items"]
        return items


@pytest.fixture(scope="module")
def rig(databases: Databases) -> Iterator[Rig]:
    with asyncio.Runner() as runner:
        urls = runner.run(databases.service("reporting", prepare=SCHEMAS["reporting"]))
        worker = runner.run(_pool(urls.worker))
        runtime = runner.run(_pool(urls.runtime))
        runner.run(Telling(worker)(*territories()))
        yield Rig(runner, worker, runner.run(Reads.of(runtime)))
        runner.run(runtime.close())
        runner.run(worker.close())


async def _pool(url: str) -> "asyncpg.Pool[Any]":
    return await create_pool(url, application="test", size=1)


_EXAMPLES = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
_UP = {code: [a for a in AREAS if _inside(a, code)] for code in WHERE}
CODES = sorted({code for up in _UP.values() for code in up} | {"BG32", "PDV", "PDV01"})


@_EXAMPLES
@given(told=facts())
def test_every_figure_of_every_territory_is_what_counting_by_hand_gives(rig: Rig, told: Facts) -> None:
    rig.tell(told)
    oracle = Oracle(told)
    for keys in CALLERS.values():
        for code in CODES:
            found = rig.summary(code, keys)
            expected = oracle.summary(code, keys)
            assert {name: found[name] for name in expected} == expected


@_EXAMPLES
@given(told=facts())
def test_a_territory_is_the_sum_of_its_parts_on_every_level(rig: Rig, told: Facts) -> None:
    rig.tell(told)
    for keys in CALLERS.values():
        nation = _headlines(rig.summary("BG", keys))
        for level in ("REGION", "OBLAST", "MUNICIPALITY"):
            items = rig.children("BG", level, keys)
            assert {name: sum(item[name] for item in items) for name in nation} == nation
        for code in ("BG41", "BG31", "BLG"):
            whole = _headlines(rig.summary(code, keys))
            items = rig.children(code, "MUNICIPALITY", keys)
            assert {name: sum(item[name] for item in items) for name in whole} == whole


@_EXAMPLES
@given(told=facts())
def test_a_row_of_the_list_says_what_the_summary_of_its_territory_says(rig: Rig, told: Facts) -> None:
    rig.tell(told)
    for level, codes in (
        ("REGION", {"BG41", "BG31"}),
        ("OBLAST", {"BLG", "PDV"}),
        ("MUNICIPALITY", {"BLG03", "VID01"}),
    ):
        for item in rig.children("BG", level, CALLERS["public"]):
            if item["code"] in codes:
                found = rig.summary(item["code"], CALLERS["public"])
                expected = _headlines(found) | _shown_shares(found)
                assert {name: item[name] for name in expected} == expected


def _shown_shares(found: dict[str, Any]) -> dict[str, Any]:
    by_base = {row["base"]: row["share"] for row in found["services"]["shares"]}
    return {
        f"{code}_share_of_{base}": share[code]
        for base, share in by_base.items()
        for code in ("state_delegated", "private")
    }


def _headlines(found: dict[str, Any]) -> dict[str, int]:
    by_financing = found["services"]["by_financing"]
    return {
        "population": found["territory"]["population"],
        "services": found["services"]["total"],
        "places": found["services"]["places"],
        "capacity_unknown": found["services"]["capacity_unknown"],
        "services_state_delegated": by_financing["STATE_DELEGATED"]["services"],
        "services_private": by_financing["PRIVATE"]["services"],
        "services_mixed": by_financing["MIXED"]["services"],
        "places_state_delegated": by_financing["STATE_DELEGATED"]["places"],
        "places_private": by_financing["PRIVATE"]["places"],
        "places_mixed": by_financing["MIXED"]["places"],
        "licences_in_force": found["licences"]["in_force"],
        "licences_expiring": found["licences"]["expiring"],
        "inspections": found["inspections"]["total"],
        "inspections_this_year": found["inspections"]["this_year"],
        "prescriptions_open": found["prescriptions"]["open"],
        "prescriptions_overdue": found["prescriptions"]["overdue"],
    }
