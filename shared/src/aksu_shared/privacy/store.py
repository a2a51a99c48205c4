"""Subjects in one unit of work: recorded, found again, moved with their case, erased, restricted."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from aksu_shared.db.read_log import AUDIT
from aksu_shared.db.visible import SEEN
from aksu_shared.db.work import Connection, UnitOfWork
from aksu_shared.events.base import Scope
from aksu_shared.kernel.errors import NotFound, RuleBroken
from aksu_shared.privacy.holdings import Holdings, needed
from aksu_shared.privacy.keys import KeyRing, Unreadable, new_key, seal
from aksu_shared.privacy.people import LEGAL, Person, about_field, about_key

INDEX: Final = "subject_index|index"
"""What the wrapped key of the blind index is about."""

_ADD_KEY: Final = """
INSERT INTO subject_key (id, kind, row_id, kek, wrapped, lookup, counts_from, scope)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
_ADD_DATA: Final = "INSERT INTO personal_data (subject, field, sealed, scope) VALUES ($1, $2, $3, $4)"
_INDEX_KEY: Final = "SELECT kek, wrapped FROM subject_index"
_ADD_INDEX_KEY: Final = "INSERT INTO subject_index (kek, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_COUNT_FROM: Final = """
UPDATE subject_key SET counts_from = $2 WHERE row_id = ANY ($1::uuid[]) AND counts_from IS NULL"""
_RESCOPE: Final = """
UPDATE subject_key SET scope = $2 WHERE row_id = $1 AND ($3::text[] IS NULL OR kind = ANY ($3))"""
_RESCOPE_DATA: Final = """
UPDATE personal_data d SET scope = $2 FROM subject_key k
 WHERE k.id = d.subject AND k.row_id = $1 AND k.restricted_at IS NULL AND ($3::text[] IS NULL OR k.kind = ANY ($3))"""
_NEEDED: Final = "SELECT {needed} FROM subject_key AS k WHERE k.id = $1"
_STATE: Final = f"SELECT restricted_at, destroyed_at FROM subject_key WHERE id = $1 AND {SEEN} FOR UPDATE"
_RESTRICT: Final = """
UPDATE subject_key SET restricted_at = $2, restricted_by = $3, restriction_ground = $4 WHERE id = $1"""
_HIDE: Final = f"UPDATE personal_data SET scope = '{{{LEGAL}}}' WHERE subject = $1"
_LIFT: Final = """
WITH one AS (
  UPDATE subject_key SET restricted_at = NULL, restricted_by = NULL, restriction_ground = NULL
   WHERE id = $1 RETURNING id, scope)
UPDATE personal_data d SET scope = one.scope FROM one WHERE d.subject = one.id"""
_NOTE: Final = f"""
INSERT INTO read_log (actor, roles, body, action, request, objects, purpose, correlation_id, scope)
SELECT $1, $2, $3, $4, $5, ARRAY[id::text, row_id::text], $6, $7,
       ARRAY['{AUDIT}', 'o:' || id, 'o:' || row_id] FROM subject_key WHERE id = $8"""


class AlreadyErased(RuleBroken):
    """The subject's key was destroyed before: nothing is left to act upon."""

    code = "subject_erased"
    bg = "Данните на това лице вече са изтрити."
    en = "This person's data were erased before."
    legal_basis = "чл. 17 от Регламент (ЕС) 2016/679"


class Restricted(RuleBroken):
    """While processing is restricted the data are stored and nothing else is done to them."""

    code = "subject_restricted"
    bg = "Обработването на данните на това лице е ограничено; първо отменете ограничението."
    en = "Processing of this person's data is restricted; lift the restriction first."
    legal_basis = "чл. 18, пар. 2 от Регламент (ЕС) 2016/679"


class NeededByCase(RuleBroken):
    """A case that has not ended needs the data, and they are its evidence: they can be restricted meanwhile."""

    code = "subject_needed"
    bg = "По данните на това лице се води производство. Ограничете обработването им; изтриват се, когато то приключи."
    en = "A case that needs this person's data has not ended. Restrict their processing; they are erased when it ends."
    legal_basis = "чл. 17, пар. 3, б. „б“ и „д“ от Регламент (ЕС) 2016/679"


class NotRestricted(RuleBroken):
    """There is no restriction to lift."""

    code = "subject_not_restricted"
    bg = "Обработването на данните на това лице не е ограничено."
    en = "Processing of this person's data is not restricted."
    legal_basis = "чл. 18, пар. 3 от Регламент (ЕС) 2016/679"


class SubjectStore:
    """People of whom this service's rows tell; `holdings`, for who erases or restricts, say which cases need them."""

    def __init__(self, work: UnitOfWork, ring: KeyRing, holdings: Holdings = MappingProxyType({})) -> None:
        self._work = work
        self._ring = ring
        self._needed = _NEEDED.format(needed=needed(holdings))

    async def add(self, people: Sequence[Person], *, counts_from: datetime | None = None) -> None:
        """Record people, each under a key of its own; `counts_from` begins their retention."""
        if not people:
            return
        connection = await self._work.begin()
        index = await self._index(connection) if any(person.lookup for person in people) else b""
        keys, data = [], []
        for person in people:
            key, scope = new_key(), [*person.scope, LEGAL]
            kek, wrapped = self._ring.wrap(key, about=about_key(person.subject))
            tokens = [token(index, name, value) for name, value in person.lookup.items()]
            keys.append((person.subject, person.kind, person.row, kek, wrapped, tokens, counts_from, scope))
            data += [(person.subject, name, _sealed(key, person, name), scope) for name in person.fields]
        await connection.executemany(_ADD_KEY, keys)
        await connection.executemany(_ADD_DATA, data)

    async def count_from(self, rows: Iterable[UUID], instant: datetime) -> None:
        """Begin the retention of all people of these rows, unless it began before."""
        await (await self._work.begin()).execute(_COUNT_FROM, list(rows), instant)

    async def rescope(self, row: UUID, scope: Scope, *, kinds: Sequence[str] | None = None) -> None:
        """Let the people of a row, those of `kinds` or all, be seen by whom the row is; what is restricted stays so."""
        connection = await self._work.begin()
        await connection.execute(_RESCOPE, row, [*scope, LEGAL], kinds)
        # Only now, behind the lock of their keys, is it certain which of them are restricted.
        await connection.execute(_RESCOPE_DATA, row, [*scope, LEGAL], kinds)

    async def erase(self, subject: UUID, *, ground: str) -> None:
        """Destroy a subject's key (Art. 17). Raises NotFound, AlreadyErased, Restricted, NeededByCase."""
        await self._check(subject, restricted=False)
        connection = await self._work.begin()
        if await connection.fetchval(self._needed, subject):
            raise NeededByCase
        await connection.execute(_ERASE, self._work.now, self._work.actor.subject, ground, subject)

    async def restrict(self, subject: UUID, *, ground: str) -> None:
        """Hide a subject's data from all but the legal role (Art. 18); while a case needs them, when it has ended.

        Until then they are for that case alone, and marked. Raises NotFound, AlreadyErased, Restricted.
        """
        await self._check(subject, restricted=False)
        connection = await self._work.begin()
        await connection.execute(_RESTRICT, subject, self._work.now, self._work.actor.subject, ground)
        if not await connection.fetchval(self._needed, subject):
            await connection.execute(_HIDE, subject)

    async def lift(self, subject: UUID) -> None:
        """Let the data be processed again. Raises NotFound, AlreadyErased, NotRestricted."""
        await self._check(subject, restricted=True)
        await (await self._work.begin()).execute(_LIFT, subject)

    async def note(self, subject: UUID, action: str, *, roles: Sequence[str], request: str, purpose: str) -> None:
        """Write to the audit what was done to a subject."""
        actor = self._work.actor
        correlation = self._work.correlation_id
        connection = await self._work.begin()
        await connection.execute(
            _NOTE, actor.subject, roles, actor.body, action, request, purpose, correlation, subject
        )

    async def _check(self, subject: UUID, *, restricted: bool) -> None:
        state = await (await self._work.begin()).fetchrow(_STATE, subject)
        if state is None:
            raise NotFound
        if state["destroyed_at"] is not None:
            raise AlreadyErased
        if restricted and state["restricted_at"] is None:
            raise NotRestricted
        if not restricted and state["restricted_at"] is not None:
            raise Restricted

    async def _index(self, connection: Connection) -> bytes:
        """The key of the blind index, made when it is first needed."""
        if await connection.fetchrow(_INDEX_KEY) is None:
            await connection.execute(_ADD_INDEX_KEY, *self._ring.wrap(new_key(), about=INDEX))
        return index_key(self._ring, await connection.fetchrow(_INDEX_KEY))


def index_key(ring: KeyRing, row: Mapping[str, Any] | None) -> bytes:
    """The key of the blind index from its row. Raises Unreadable."""
    if row is None:
        raise Unreadable("there is no index yet")
    return ring.unwrap(row["kek"], row["wrapped"], about=INDEX)


def token(index: bytes, name: str, value: str) -> bytes:
    """Under what an identifier is found again: a keyed digest of its one form, worth nothing without the key."""
    return hmac.digest(index, f"{name}|{_one_form(name, value)}".encode(), hashlib.sha256)


def destroying(where: str) -> str:
    """SQL parts, of which `gone` destroys the keys of subjects and gives these: $1 when, $2 who, $3 on what ground.

    `where` has parameters from $4 on. Nothing is left to decrypt with; the rows stay, so that counts do.
    """
    return f"""
    gone AS (
      UPDATE subject_key SET kek = NULL, wrapped = NULL, lookup = '{{}}', destroyed_at = $1, destroyed_by = $2,
             destruction_ground = $3
       WHERE destroyed_at IS NULL AND restricted_at IS NULL AND {where} RETURNING id, row_id),
    emptied AS (UPDATE personal_data SET sealed = NULL WHERE subject IN (SELECT id FROM gone))"""


def _sealed(key: bytes, person: Person, name: str) -> bytes:
    value = person.fields[name]
    plain = value.encode() if isinstance(value, str) else value
    return seal(key, plain, about=about_field(person.kind, person.row, name))


def _one_form(name: str, value: str) -> str:
    if name == "email":
        return value.strip().lower()
    digits = re.sub(r"\D", "", value)
    if name == "phone":
        return re.sub(r"^(00)?359|^0", "", digits)
    return digits


_ERASE: Final = f"WITH {destroying('id = $4')} SELECT count(*) FROM gone"
