"""Every door to every caller as the oracle says; the long form of this asks for all roles with all bodies."""

from collections.abc import Iterable

import pytest
from access_matrix import CALLERS, NOBODY, Cell, bad_tokens, cells, knock
from doors import doors_of
from oracle import Caller
from security_figures import Figures
from world import build

from aksu_local.served import Serve

SERVICES = ("registry", "licensing", "monitoring", "reporting")
SOME = (NOBODY, *(caller for number, caller in enumerate(CALLERS) if caller.counts and number % 5 == 0),
        Caller("inspector", "AKSU"), Caller("licensing_officer", "AKSU"), Caller("provider", "PROVIDER:130007884"),
        Caller("provider", "PROVIDER:131468980"), Caller("municipality_officer", "MUNICIPALITY:BLG03"),
        Caller("inspector", "MLSP"), Caller("executive_director", None))  # fmt: skip


REVOKED = {
    "executive_director": "AKSU",
    "aksu_analyst": "AKSU",
    "licensing_officer": "AKSU",
    "inspector": "AKSU",
    "data_protection_officer": "AKSU",
    "mayor": "MUNICIPALITY:BLG03",
    "municipality_officer": "MUNICIPALITY:BLG03",
    "provider": "PROVIDER:130007884",
    "operator": None,
    "integration": None,
}
WITHOUT_DATA = {
    "GET /v1/codelists", "GET /v1/codelists/{name}", "OPTIONS /v1/inspection-events",
    "GET /v1/digest/{aggregate}",  # of an aggregate that is another service's
    "POST /v1/imports",  # an upload that cannot be read
}  # fmt: skip


def judge(found: Iterable[Cell], figures: Figures) -> None:
    every = [*found]
    wrong = [cell for cell in every if not cell.right]
    figures.record("cells", len(every))
    figures.record("wrong_cells", len(wrong))
    print(f"{len(every)} cells, {len(wrong)} wrong")  # noqa: T201 - the count is part of the result
    assert not wrong, "\n".join(
        f"{cell.door} {cell.target} as {cell.caller}: {cell.expected}, not {cell.status} {cell.code}"
        for cell in wrong[:40]
    )


@pytest.mark.parametrize("service", SERVICES)
async def test_each_door_opens_to_whom_the_oracle_says(serve: Serve, service: str, figures: Figures) -> None:
    judge([cell async for cell in cells(await serve(service), SOME)], figures)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_door_opens_to_a_token_that_does_not_hold(serve: Serve, service: str, figures: Figures) -> None:
    served = await serve(service)
    issue = served.issuer.issue
    other = next(name for name in SERVICES if name != service)
    good = issue("director", roles=["executive_director"], body="AKSU")
    tokens = {
        "expired": issue("x", roles=["executive_director"], body="AKSU", lifetime=-60),
        "other audience": issue("x", roles=["executive_director"], body="AKSU", audience=f"aksu-{other}"),
        "cut": good[:-4],
        "no token at all": "x.y.z",
    }
    judge([cell async for cell in bad_tokens(served, tokens)], figures)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_door_opens_to_a_revoked_token(serve: Serve, service: str, figures: Figures) -> None:
    served = await serve(service)
    revoked = {}
    for role, body in REVOKED.items():
        revoked[f"revoked {role}"] = served.issuer.issue(f"gone-{role}", roles=[role], body=body)
        await served.worker.execute(
            "INSERT INTO access_revocation (id, not_before, version, scope)"
            " VALUES ($1, now() + interval '9 s', 1, '{}')",
            served.actor(f"gone-{role}"),
        )
    found = [cell async for cell in bad_tokens(served, revoked)]
    # Where the right is missing anyway, the token is not asked about; what needs no data at all does not ask either.
    relevant = [
        cell for cell in found if not (cell.status == 403 or f"{cell.door.method} {cell.door.path}" in WITHOUT_DATA)
    ]
    judge(relevant, figures)


@pytest.mark.parametrize("service", ["licensing", "monitoring"])
async def test_what_is_hidden_answers_as_what_is_not_there(serve: Serve, service: str) -> None:
    """Byte for byte, but for the correlation id that the caller itself chose."""
    served = await serve(service)
    world = await build(served)
    stranger = served.headers("provider", "PROVIDER:131468980") | {"X-Correlation-Id": "5a4e000000000001"}
    compared = 0
    for door in doors_of(service, served.app):
        for target in world.targets.get(door.parameter or "", ()):
            hidden = await knock(served, door, stranger, target.key, world)
            if hidden.status_code != 404:
                continue
            absent = await knock(served, door, stranger, "019a0000-0000-7000-8000-0000000000ff", world)
            assert hidden.content == absent.content
            assert {**hidden.headers} == {**absent.headers}
            compared += 1
    assert compared
