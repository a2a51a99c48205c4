"""What lists, search, exports and the feed show is what the oracle says, whoever asks and however objects moved."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from access_matrix import CALLERS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import Caller, granted, keys_of
from scope_world import KINDS, Life, Rig, expected_feed, lives, rig_of
from security_figures import Figures

from aksu_local.templates import Databases
from aksu_shared.auth.issuer import DevelopmentIssuer

EXAMPLES = settings(
    max_examples=int(os.environ.get("AKSU_SECURITY_EXAMPLES", "8")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # an example says enough as it is: shrinking it takes minutes
)
WHO = st.lists(st.sampled_from(CALLERS), min_size=4, max_size=4, unique=True)
LISTS = {
    "application": ("/v1/applications", "/v1/applications?sort=municipality"),
    "inspection": ("/v1/inspections", "/v1/inspections?sort=id"),
    "prescription": ("/v1/prescriptions", "/v1/prescriptions?sort=-id"),
    "signal": ("/v1/signals", "/v1/signals?sort=-received_at"),
}
RIGHTS = {"application": "licensing.application.read", "signal": "monitoring.signal.read"}


@pytest.fixture(
    scope="module",
    params=[(service, bound) for service in ("licensing", "monitoring", "reporting") for bound in (True, False)],
    ids=lambda given: f"{given[0]}-{'bound' if given[1] else 'by-its-statements-alone'}",
)
def rig(
    request: pytest.FixtureRequest,
    databases: Databases,
    issuer: DevelopmentIssuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[asyncio.Runner, Rig]]:
    folder: Path = tmp_path_factory.mktemp("rig")
    with asyncio.Runner() as runner:
        service, bound = request.param
        opened = rig_of(service, databases, issuer, folder, bound=bound)
        yield runner, runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


def test_every_door_shows_exactly_what_the_caller_may_see(rig: tuple[asyncio.Runner, Rig], figures: Figures) -> None:
    runner, service = rig
    differences: list[str] = []

    @EXAMPLES
    @given(objects=lives(service.served.service), callers=WHO)
    def compare(objects: list[Life], callers: list[Caller]) -> None:
        found = runner.run(_differences(service, objects, callers))
        differences.extend(found)
        assert not found

    try:
        compare()
    finally:
        figures.record("oracle_differences", len(differences))


async def _differences(rig: Rig, objects: list[Life], callers: list[Caller]) -> list[str]:
    changes = await rig.fill(objects)
    kinds = KINDS[rig.served.service]
    found = [f"{kind}: rows without a scope" for kind in kinds if rig.bound and await rig.without_setting(kind)]
    for caller in callers:
        for kind in KINDS[rig.served.service]:
            visible = {each.id for each in objects if each.kind == kind and each.keys[-1] & keys_of(caller)}
            found += [f"{caller}: {problem}" for problem in await _of_kind(rig, kind, caller, visible, objects)]
        if rig.served.service != "reporting" and await rig.feed(caller) != expected_feed(changes, caller):
            found.append(f"{caller}: the feed")
    return found


async def _of_kind(rig: Rig, kind: str, caller: Caller, visible: set[str], objects: list[Life]) -> list[str]:
    found = []
    if rig.bound and await rig.seen_by_sql(kind, frozenset(keys_of(caller))) != visible:
        found.append(f"{kind} in SQL")
    if rig.bound and kind == "signal" and await rig.seen_by_sql("subject_key", frozenset(keys_of(caller))) != visible:
        found.append("people in SQL")
    if rig.served.service == "reporting":
        return found + (await _exports(rig, caller, visible) if kind == "service" else [])
    right = RIGHTS.get(kind)
    for path in LISTS.get(kind, ()):
        listed = await rig.listed(path, caller)
        refused = right is not None and not granted(caller, right)
        if (listed is None) != refused or (listed is not None and sorted(listed) != sorted(visible)):
            found.append(path)
    if kind in LISTS and not (right and not granted(caller, right)):
        for each in objects:
            answer = await rig.get(f"{LISTS[kind][0]}/{each.id}", caller) if each.kind == kind else None
            if answer is not None and answer.status_code != (200 if each.id in visible else 404):
                found.append(f"{kind} {each.id}: {answer.status_code}")
            elif kind == "signal" and answer is not None and answer.is_success and answer.json()["text"] != each.id:
                found.append(f"{kind} {each.id} without its people")
    return found


async def _exports(rig: Rig, caller: Caller, visible: set[str]) -> list[str]:
    found = []
    for path in ("/v1/services?sort=id", "/v1/services?q=здравец", "/v1/services?municipality=BLG03&sort=-name"):
        if set(await rig.listed(path, caller) or ()) != visible:
            found.append(path)
        found += [f"export of {path}" for exported in await rig.exported(path, caller) if exported != visible]
    return found
