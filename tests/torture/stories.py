"""What the load does: small stories of the registry and of licensing, with what must be refused in between."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Final
from uuid import uuid4

from aksu_licensing.conditions.rules import REQUIRED
from aksu_shared.kernel.eik import complete_eik
from torture.caller import Caller, Operation
from torture.ledger import Entry
from torture.wire import Answer

MUNICIPALITIES: Final = ("BLG01", "BLG03", "PVN24", "SOF46", "PDV22", "VAR06")
_FIRST_EIK: Final = 20_000_000

Token = Callable[[str, str], str]
"""(role, body) → an Authorization header's value."""


@dataclass(slots=True)
class World:
    """What all stories of a run share: numbers not used yet, tokens, places where inspections may happen."""

    run: str
    token: Token
    places: list[str] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    def name(self, kind: str) -> str:
        """A new operation's id; it is found again in every row the operation writes."""
        return f"{self.run}-{next(self.numbers):06}-{kind}"

    def eik(self) -> str:
        """A new provider's number."""
        return complete_eik(str(_FIRST_EIK + next(self.numbers)))


class Teller:
    """Tells stories through one caller."""

    def __init__(self, world: World, caller: Caller, rng: Random, *, client: str) -> None:
        self.world = world
        self.caller = caller
        self.rng = rng
        self.client = client

    async def provider_story(self) -> None:
        """A provider registers a service, amends it; some apply for its licence."""
        eik, municipality = self.world.eik(), self.rng.choice(MUNICIPALITIES)
        provider = await self._create_provider(eik, municipality)
        if provider is None:
            return
        service = await self._create_service(eik, municipality)
        if service is None:
            return
        state, position = service
        self.world.places.append(state["place_id"])
        for _ in range(self.rng.randrange(4)):
            state = await self._amend("services", state) or state
        if self.rng.random() < 0.5:
            provider = await self._amend("providers", provider) or provider
        if self.rng.random() < 0.35:
            await self._licence(eik, state, position)
        if self.rng.random() < 0.25:
            await self._refused(eik, municipality, state)

    async def _create_provider(self, eik: str, municipality: str) -> dict[str, Any] | None:
        name = self.world.name("provider")
        body = {
            "eik": eik,
            "name": name,
            "legal_form": "NGO",
            "seat_municipality": municipality,
            "seat_address": "ул. Първа 1",
        }
        answer = await self._post("registry", "/v1/providers", body, name, "provider.create")
        return _kept(answer)

    async def _create_service(self, eik: str, municipality: str) -> tuple[dict[str, Any], str] | None:
        name = self.world.name("service")
        body = {**service_body(name, municipality), "responsible_provider": {"eik": eik}}
        answer = await self._post("registry", "/v1/services", body, name, "service.create")
        kept = _kept(answer)
        return None if kept is None or answer is None else (kept, answer.headers.get("aksu-position", ""))

    async def _amend(self, things: str, state: Mapping[str, Any]) -> dict[str, Any] | None:
        name = self.world.name("amend")
        body = {"name": name, "reason": name}
        headers = self._headers("licensing_officer", "AKSU") | {"If-Match": f'"{state["version"]}"'}
        operation = Operation(
            entry=self._entry(name, f"{things}.amend", told={"id": state["id"], "version": state["version"] + 1}),
            service="registry",
            method="PATCH",
            path=f"/v1/{things}/{state['id']}",
            body=_json(body),
            headers=headers,
            version=state["version"],
        )
        return _kept(await self.caller.settle(operation))

    async def _licence(self, eik: str, service: Mapping[str, Any], position: str) -> None:
        """Filed by the provider, granted by the Agency."""
        filed = await self._file(eik, service, position)
        if filed is not None:
            async for _ in self.steps(filed):
                pass

    async def filed(self) -> dict[str, Any] | None:
        """An application for a new service of a new provider."""
        eik, municipality = self.world.eik(), self.rng.choice(MUNICIPALITIES)
        if await self._create_provider(eik, municipality) is None:
            return None
        service = await self._create_service(eik, municipality)
        return await self._file(eik, *service) if service is not None else None

    async def _file(self, eik: str, service: Mapping[str, Any], position: str) -> dict[str, Any] | None:
        name = self.world.name("file")
        body = {"procedure": "ISSUE", "service_id": service["id"], "request": name}
        owner = {"Authorization": self.world.token("provider", f"PROVIDER:{eik}"), "Aksu-After": position}
        told = {"service_id": service["id"]}
        return _kept(
            await self._post("licensing", "/v1/applications", body, name, "application.file", headers=owner, told=told)
        )

    async def steps(self, filed: Mapping[str, Any]) -> AsyncIterator[bool]:
        """Take a filed application to its licence, each step under a name of its own; whether it was taken."""
        steps = (
            ("register", "note", "licensing_officer"),
            ("start-review", "note", "licensing_officer"),
            ("propose-grant", "reason", "licensing_officer"),
            ("grant", "order_number", "executive_director"),
        )
        for verb, word, role in steps:
            if verb == "propose-grant":
                assessed = await self._assess(filed["id"])
                yield assessed
                if not assessed:
                    return
            name = self.world.name(verb)
            told = {"id": filed["id"], "version": filed["version"] + 1}
            path, head = f"/v1/applications/{filed['id']}/{verb}", self._headers(role, "AKSU")
            done = _kept(
                await self._post("licensing", path, {word: name}, name, f"application.{verb}", headers=head, told=told)
            )
            yield done is not None
            if done is None:
                return
            filed = done

    async def _assess(self, application: str) -> bool:
        """Say that all conditions are met; whether it was taken."""
        name = self.world.name("conditions")
        said = [{"condition": code, "result": "MET", "reason": name} for code in REQUIRED["ISSUE"]]
        path = f"/v1/applications/{application}/conditions"
        answer = await self._post("licensing", path, {"assessments": said}, name, "application.conditions")
        return _kept(answer) is not None

    async def _refused(self, eik: str, municipality: str, state: Mapping[str, Any]) -> None:
        """What must leave no trace: an unknown provider, a stale version, malformed input, somebody else's service."""
        which = self.rng.randrange(4)
        name = self.world.name("refused")
        if which == 0:
            body = {**service_body(name, municipality), "responsible_provider": {"eik": complete_eik("99999999")}}
            await self._post("registry", "/v1/services", body, name, "refused")
        elif which == 1:
            body = {**service_body(name, municipality), "capacity": "many", "responsible_provider": {"eik": eik}}
            await self._post("registry", "/v1/services", body, name, "refused")
        else:
            stale = self._headers("licensing_officer", "AKSU") | {"If-Match": '"999999"'}
            stranger = self._headers("provider", f"PROVIDER:{complete_eik('88888888')}")
            headers = stale if which == 2 else stranger | {"If-Match": f'"{state["version"]}"'}
            await self.caller.settle(
                Operation(
                    entry=self._entry(name, "refused"),
                    service="registry",
                    method="PATCH",
                    path=f"/v1/services/{state['id']}",
                    body=_json({"name": name, "reason": name}),
                    headers=headers,
                )
            )

    async def _post(
        self,
        service: str,
        path: str,
        body: Mapping[str, Any],
        name: str,
        kind: str,
        *,
        headers: Mapping[str, str] | None = None,
        told: dict[str, Any] | None = None,
    ) -> Answer | None:
        entry = self._entry(name, kind, told=told)
        sent = {**(headers or self._headers("licensing_officer", "AKSU")), "Idempotency-Key": entry.key}
        return await self.caller.settle(
            Operation(entry=entry, service=service, method="POST", path=path, body=_json(body), headers=sent)
        )

    def _entry(self, name: str, kind: str, *, told: dict[str, Any] | None = None) -> Entry:
        return Entry(id=name, kind=kind, client=self.client, key=str(uuid4()), told=told or {})

    def _headers(self, role: str, body: str) -> dict[str, str]:
        return {"Authorization": self.world.token(role, body)}


def service_body(name: str, municipality: str) -> dict[str, Any]:
    """A new service at an address of its own."""
    return {
        "name": name,
        "kind": "DAY_CENTRE_ELDERLY",
        "target_groups": ["ELDERLY"],
        "financing": "PRIVATE",
        "capacity": 30,
        "municipality": municipality,
        "settlement": "гр. Примерен",
        "address": f"ул. {name} 1",
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _kept(answer: Answer | None) -> dict[str, Any] | None:
    if answer is None or answer.status >= 300:
        return None
    document: dict[str, Any] = json.loads(answer.body)
    return document
