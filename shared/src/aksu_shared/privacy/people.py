"""What is held of people: as services record it, as statements read it, and opened for who may see it."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, ScalarSelect, Table, Text, Uuid, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql import SQLColumnExpression

from aksu_shared.events.base import Scope
from aksu_shared.privacy.keys import KeyRing, unseal

LEGAL: Final = "legal"
"""Scope key of every subject; what is restricted has it alone. Held by who answers for personal data."""

_METADATA: Final = MetaData()
_K: Final = Table(
    "subject_key",
    _METADATA,
    Column("id", Uuid),
    Column("row_id", Uuid),
    *(Column(name, Text) for name in ("kind", "kek", "restriction_ground", "destruction_ground")),
    Column("wrapped", LargeBinary),
    Column("lookup", ARRAY(LargeBinary)),
    *(Column(name, DateTime(timezone=True)) for name in ("created_at", "counts_from", "restricted_at", "destroyed_at")),
).c
_D: Final = Table(
    "personal_data", _METADATA, Column("subject", Uuid), Column("field", Text), Column("sealed", LargeBinary)
).c
SUBJECTS: Final = _K
"""Columns of `subject_key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of whom a row tells: `kind` is a class of `retention.toml`, `row` the id of the row.

    `lookup` are identifiers by which the person is found again (`egn`, `phone`, `email`), as they were written.
    """

    subject: UUID
    kind: str
    row: UUID
    fields: Mapping[str, str | bytes]
    scope: Scope
    lookup: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of somebody: no fields while restricted and no case needs them, null ones once they were erased."""

    subject_id: UUID
    kind: str
    recorded_at: datetime
    restricted: bool
    erased: bool
    fields: Mapping[str, bytes | None]

    @property
    def texts(self) -> dict[str, str | None]:
        """The fields that are text."""
        return {name: None if value is None else value.decode() for name, value in self.fields.items()}


def about_key(subject: object) -> str:
    """What a subject's wrapped key is about."""
    return f"subject_key|{subject}"


def about_field(kind: str, row: object, name: str) -> str:
    """What a sealed field is about: the class of data, the row, the field; its key says whose it is."""
    return f"{kind}|{row}|{name}"


def held(subject: SQLColumnExpression[UUID], *, only: str | None = None) -> ScalarSelect[Any]:
    """What the caller may see of a subject, sealed, as a JSON object by field: all fields, or `only` one."""
    fields = select(func.json_object_agg(_D.field, func.encode(_D.sealed, "base64"))).where(_D.subject == subject)
    return (fields if only is None else fields.where(_D.field == only)).scalar_subquery()


_PERSON: Final[Mapping[str, Any]] = {
    "id": _K.id,
    "kind": _K.kind,
    "row_id": _K.row_id,
    "recorded_at": _K.created_at,
    "kek": _K.kek,
    "wrapped": func.encode(_K.wrapped, "base64"),
    "restricted": _K.restricted_at.is_not(None),
    "erased": _K.destroyed_at.is_not(None),
    "held": held(_K.id),
}
PERSON: Final = tuple(column.label(name) for name, column in _PERSON.items())
"""Columns of a list of people, whose items are for `opened`."""


def people_of(row: SQLColumnExpression[UUID], *, only: str | None = None) -> ScalarSelect[Any]:
    """The people of whom the row with this id tells, in the order they were recorded, as a JSON list for `opened`.

    With `only` one field of them: others may be megabytes.
    """
    shown = {**_PERSON, "held": held(_K.id, only=only)}
    one = func.json_build_object(*(part for pair in shown.items() for part in pair))
    return (
        select(func.json_agg(aggregate_order_by(one, _K.created_at, _K.id))).where(_K.row_id == row).scalar_subquery()
    )


def opened(ring: KeyRing, found: Iterable[Mapping[str, Any]] | None) -> Sequence[Known]:
    """What `people_of` gave, decrypted. Raises Unreadable."""
    return [_opened(ring, one) for one in found or ()]


def _opened(ring: KeyRing, one: Mapping[str, Any]) -> Known:
    sealed: Mapping[str, str | None] = one["held"] or {}
    fields: dict[str, bytes | None] = dict.fromkeys(sealed)
    if not one["erased"] and sealed:
        key = ring.unwrap(one["kek"], base64.b64decode(one["wrapped"]), about=about_key(one["id"]))
        for name, value in sealed.items():
            about = about_field(one["kind"], one["row_id"], name)
            fields[name] = None if value is None else unseal(key, base64.b64decode(value), about=about)
    return Known(
        subject_id=UUID(one["id"]),
        kind=one["kind"],
        recorded_at=datetime.fromisoformat(one["recorded_at"]),
        restricted=one["restricted"],
        erased=one["erased"],
        fields=fields,
    )
