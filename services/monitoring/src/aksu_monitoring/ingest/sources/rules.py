"""Which system may push as which source, and who sees what in the staging area."""

from typing import Final
from urllib.parse import quote, unquote

from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal

SOURCES: Final = "/integrations/"
"""Beginning of every pushing system's `source`."""
ALL_STAGING: Final = "ingest"
"""Scope key of every staged row; held by who may read those of any source."""


def source_of(principal: Principal) -> str:
    """The only CloudEvents `source` under which this caller may push: its name, escaped as a URI reference."""
    return source_named(pushing_name(principal))


def pushing_name(principal: Principal) -> str:
    """The system's name. Raises ValueError for a person, who has no right to push."""
    if principal.system is None:
        raise ValueError("only systems push")
    return principal.system


def source_named(name: str) -> str:
    """The source of the system of that name."""
    return SOURCES + quote(name, safe="")


def name_of(source: str) -> str | None:
    """The name of the system behind a CloudEvents `source`; None when it is none of ours, or not in its one form."""
    name = unquote(source.removeprefix(SOURCES))
    return name if source == source_named(name) else None


def staging_scope(source: str) -> tuple[str, ...]:
    """Keys of what `source` pushed: its own and the staging area's, no territory's. A source holds no comma."""
    return (ALL_STAGING, f"s:{source}")


def in_staging(principal: Principal, rights: Rights) -> Principal:
    """The caller with those keys of the staging area that its rights give it."""
    keys = []
    if "any" in rights.granted(principal, "monitoring.ingest.read"):
        keys.append(ALL_STAGING)
    if rights.granted(principal, "monitoring.ingest.push"):
        keys.append(f"s:{source_of(principal)}")
    return principal.holding(*keys)
