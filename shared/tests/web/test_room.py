"""Seats for requests that wait: shares of callers, of addresses, and of programs."""

from contextlib import ExitStack
from typing import Any

import pytest

from aksu_shared.auth.principal import Principal, Role
from aksu_shared.kernel.errors import TooManyRequests, Unavailable
from aksu_shared.web.room import WaitingRoom


def scope(address: str, principal: Principal | None = None) -> dict[str, Any]:
    return {"type": "http", "client": (address, 1), "aksu.principal": principal}


def program(name: str) -> Principal:
    return Principal(name, frozenset({Role.PUBLIC, Role.INTEGRATION}), system=name)


def takes(room: WaitingRoom, stack: ExitStack, *args: Any) -> int:
    """How many seats it gets, at most 1,000."""
    for number in range(1000):
        try:
            stack.enter_context(room.seat(scope(*args)))
        except (TooManyRequests, Unavailable):
            return number
    return 1000


def test_a_caller_takes_its_share_and_an_address_a_quarter() -> None:
    room = WaitingRoom(400, each=40)
    with ExitStack() as stack:
        assert takes(room, stack, "192.0.2.1") == 40
        assert takes(room, stack, "192.0.2.1", Principal("anna")) == 40
        assert takes(room, stack, "192.0.2.1", Principal("boris")) == 20
        assert takes(room, stack, "192.0.2.2", Principal("anna")) == 0
        assert takes(room, stack, "2001:db8::1") == 40
        assert takes(room, stack, "2001:db8::2") == 0  # of the same network
    assert room.taken == 0
    with ExitStack() as stack:
        assert takes(room, stack, "192.0.2.1") == 40


def test_a_quarter_is_kept_for_programs() -> None:
    room = WaitingRoom(400, each=40)
    with ExitStack() as stack:
        people = sum(takes(room, stack, f"192.0.2.{number}") for number in range(100))
        assert people == 300
        assert [takes(room, stack, "192.0.2.1", program(f"service:{n}")) for n in range(3)] == [40, 40, 20]


def test_what_is_refused_says_whose_share_is_used_up() -> None:
    room = WaitingRoom(8, each=1)
    with room.seat(scope("192.0.2.1")), pytest.raises(TooManyRequests), room.seat(scope("192.0.2.1")):
        pass
    with ExitStack() as stack:
        assert sum(takes(room, stack, f"192.0.2.{number}") for number in range(9)) == 6
        with pytest.raises(Unavailable), room.seat(scope("192.0.2.9")):
            pass
