"""The MAC of a change holds for what PostgreSQL gives back, however it was written, and for nothing else."""

from typing import Any
from uuid import uuid4

import pytest

from aksu_local.worker_rig import PLACE, SCOPE, Registry
from aksu_shared.db.log_keys import DEVELOPMENT_LOG_KEYS, EVIDENCE, LogKeys
from aksu_shared.events.registry.places import PlaceAmended, PlaceRegistered, PlaceState

OLD, NEW = (f"{name}:{letter * 43}=" for name, letter in (("old", "A"), ("new", "B")))
ODD = 'ул. „Първа“ "1"\\ \t\u2028 \U0001f600 \x7f \x01'


@pytest.mark.parametrize("together", [1, 2])
async def test_what_the_database_gives_back_has_the_mac_that_was_made_of_it(registry: Registry, together: int) -> None:
    async with registry.unit(correlation_id="c", traceparent=ODD[:9], caused_by=uuid4()) as work:
        for _ in range(together):
            key = uuid4()
            state = PlaceState(id=key, key=str(key), municipality="BLG01", settlement=ODD, address=ODD)
            given: dict[str, Any] = {"id": str(key), "state": state, "scope": SCOPE}
            work.record(PLACE, PlaceRegistered(**given, version=1, reason=ODD, legal_basis="чл. 1"))
            if together > 1:
                work.record(
                    PLACE, PlaceAmended(**given, version=2, scope_before=SCOPE, changed={"address": (ODD, None)})
                )
    rows = await registry.pool.fetch(f"SELECT {EVIDENCE} FROM change_log")
    assert len(rows) == together**2
    assert {DEVELOPMENT_LOG_KEYS.doubt("registry", row) for row in rows} == {None}
    assert {DEVELOPMENT_LOG_KEYS.doubt("licensing", row) for row in rows} == {"WRONG_MAC"}


async def test_the_first_key_signs_and_all_verify(registry: Registry) -> None:
    old, both, new = LogKeys.parse(OLD), LogKeys.parse(f"{NEW},{OLD}"), LogKeys.parse(NEW)
    await registry.register(log_keys=old)
    await registry.register(log_keys=both)
    first, second = await registry.pool.fetch(f"SELECT {EVIDENCE} FROM change_log ORDER BY seq")
    assert [both.doubt("registry", row) for row in (first, second)] == [None, None]
    assert [old.doubt("registry", row) for row in (first, second)] == [None, "UNKNOWN_KEY"]
    assert [new.doubt("registry", row) for row in (first, second)] == ["UNKNOWN_KEY", None]


@pytest.mark.parametrize("text", ["", "old", "old:AAAA", f"{OLD},{OLD}", "о:AAAA"])
def test_what_is_no_key_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="key") as caught:
        LogKeys.parse(text)
    assert "AAAA" not in str(caught.value)
