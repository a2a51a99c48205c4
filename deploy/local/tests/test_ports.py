"""Ports are free ones: the well-known where possible, others where somebody sits there."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from aksu_local import ports
from aksu_local.databases import SERVICES


@contextmanager
def _listening(port: int) -> Iterator[None]:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        yield


def test_a_busy_preferred_port_is_replaced_by_the_next_free_one_and_the_others_stay() -> None:
    usual = ports.preferred_ports(SERVICES)
    with _listening(usual["licensing", "api"]):
        chosen = ports.preferred_ports(SERVICES)

    assert {key for key in usual if usual[key] != chosen[key]} == {("licensing", "api")}
    assert chosen["licensing", "api"] not in usual.values()


def test_chosen_ports_are_distinct_and_can_be_listened_on() -> None:
    for choose in (ports.preferred_ports, ports.any_ports):
        chosen = choose(SERVICES)
        assert len(set(chosen.values())) == len(chosen) == 2 * len(SERVICES)
        with ExitStack() as all_of_them:
            for port in chosen.values():
                all_of_them.enter_context(_listening(port))


def test_only_the_asked_services_get_ports() -> None:
    assert set(ports.preferred_ports(("registry",))) == {("registry", "api"), ("registry", "worker")}


def test_without_a_free_port_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with _listening(port := ports.any_ports(("registry",))["registry", "api"]):
        monkeypatch.setattr(ports, "_ANY", range(port, port + 1))
        with pytest.raises(ports.NoFreePort, match="free"):
            ports.any_ports(("registry",))
