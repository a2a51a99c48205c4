"""The access matrix: role × body's position × endpoint × method, each cell asked for and compared with the oracle."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final
from uuid import uuid4

import httpx
from doors import Door, doors_of
from oracle import PUBLIC, ROLES, Caller, Thing, granted, may, sees
from world import EIK, HERE, REVOKING, STAGING, Target, World, build

from aksu_local.served import Served

BODIES: Final = (
    None, "AKSU", "MLSP", "ASP", "OBLAST:BLG", "OBLAST:SOF", "RDSP:BLG", "RDSP:SOF", "RZI:BLG", "POLICE:BLG",
    f"DSP:{HERE}", "DSP:SOF46", f"MUNICIPALITY:{HERE}", "MUNICIPALITY:BLG01", "MUNICIPALITY:SOF46",
    f"PROVIDER:{EIK}", "PROVIDER:175229303", "PROVIDER:131468980",
)  # fmt: skip
"""Each position towards an object in BLG03 of PROVIDER:130007884: its owner, around, above, party, elsewhere."""
NOBODY: Final = Caller(None, None)
CALLERS: Final = (NOBODY, *(Caller(role, body) for role, body in product(ROLES, BODIES)))
QUERIES: Final = {
    "GET /v1/digest/{aggregate}": "?fields=",
    "POST /v1/applications/{application_id}/documents": "?kind=OTHER",
}
"""What some doors want to be asked."""
_NAMED: Final = 'attachment; filename="x.pdf"'
ABSENT: Final = "019a0000-0000-7000-8000-0000000000ff"
_ABSENT_BY_NAME: Final = {"letter_id": "999999", "code": "XXX", "name": "absent"}


@dataclass(frozen=True)
class Cell:
    """One question and its answer: `expected` is allowed, hidden (404), forbidden (403) or unknown (401)."""

    door: Door
    caller: str
    target: str
    expected: str
    status: int
    code: str | None

    @property
    def right(self) -> bool:
        """Whether the door answered as the oracle says."""
        found = (self.status, self.code)
        match self.expected:
            case "allowed":
                return self.status not in {401, 403, 404} and self.status < 500
            case "hidden":
                return found == (404, "not_found")
            case "forbidden":
                return found == (403, "forbidden")
            case _:
                return self.status == 401


async def cells(served: Served, callers: Iterable[Caller]) -> AsyncIterator[Cell]:
    """Every cell of one service."""
    world = await build(served)
    doors = [*doors_of(served.service, served.app)]
    for caller in callers:
        headers = _token(served, caller)
        for door in doors:
            for target in _targets(door, world):
                expected = _expected(door, caller, target, world)
                answer = await knock(served, door, headers, target.key if target else None, world)
                yield _cell(door, str(caller), target, expected, answer)


async def bad_tokens(served: Served, tokens: Mapping[str, str]) -> AsyncIterator[Cell]:
    """Every door with tokens that do not hold: 401, the public ones too."""
    world = await build(served)
    for name, token in tokens.items():
        for door in doors_of(served.service, served.app):
            target = next(_targets(door, world))
            headers = {"Authorization": f"Bearer {token}"}
            answer = await knock(served, door, headers, target.key if target else None, world)
            yield _cell(door, name, target, "unknown", answer)


def _cell(door: Door, caller: str, target: Target | None, expected: str, answer: httpx.Response) -> Cell:
    code = answer.json().get("code") if "problem+json" in answer.headers.get("content-type", "") else None
    cell = Cell(door, caller, target.key if target else "-", expected, answer.status_code, code)
    if expected == "forbidden" and code == "forbidden" and answer.json()["right"] not in door.rights:
        return Cell(door, caller, cell.target, expected, answer.status_code, f"names {answer.json()['right']}")
    return cell


def _token(served: Served, caller: Caller) -> dict[str, str]:
    return served.headers(caller.role, caller.body, subject=f"m-{caller}") if caller.role else {}


def _targets(door: Door, world: World) -> Iterator[Target | None]:
    """What to ask a door for: each object its parameter can name, and one that is not there."""
    if door.parameter is None:
        yield None
        return
    known = world.targets.get(door.parameter, ())
    if door.parameter == "code":  # of a body or a territory
        known = tuple(each for each in known if (each.key == "ASP") == door.path.startswith("/v1/bodies"))
    yield from known
    yield Target(_ABSENT_BY_NAME.get(door.parameter, ABSENT), Thing())


def _expected(door: Door, caller: Caller, target: Target | None, world: World) -> str:
    refused = "unknown" if caller.role is None else "forbidden"
    if not all(granted(caller, right) for right in door.rights):
        return refused
    thing = target.thing if target else world.created.get(f"{door.method} {door.path}")
    if target and not _visible(caller, target.thing):
        return "hidden"
    if thing is None or thing == PUBLIC or thing.keys in {STAGING, REVOKING}:
        return "allowed"
    return "allowed" if all(may(caller, right, thing) for right in door.rights) else refused


def _visible(caller: Caller, thing: Thing) -> bool:
    if thing.keys == STAGING:  # of another source; all of them only to who may read any
        return "any" in granted(caller, "monitoring.ingest.read")
    if thing.keys == REVOKING:
        return "any" in granted(caller, "registry.access.read")
    return sees(caller, thing.keys)


async def knock(
    served: Served, door: Door, headers: Mapping[str, str], key: str | None, world: World
) -> httpx.Response:
    """Ask with everything a door may want, so that only the caller decides."""
    body = world.bodies.get(f"{door.method} {door.path}", door.body)
    sent = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"', "Content-Disposition": _NAMED, **headers}
    content: dict[str, Any] = {}
    if door.media is not None:
        sent["Content-Type"] = world.media.get(f"{door.method} {door.path}", door.media)
        content["content"] = body if isinstance(body, bytes) else json.dumps(body if body is not None else {})
    path = (door.at(key) if key else door.path) + QUERIES.get(f"{door.method} {door.path}", "")
    return await served.client.request(door.method, path, headers=sent, **content)
