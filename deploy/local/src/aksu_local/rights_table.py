"""`docs/rights.md`: the rights of `permissions.toml` as tables, generated so that they cannot differ from the file."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aksu_shared.auth.principal import permissions_file

_INTRODUCTION: Final = """# Rights

Generated from `shared/src/aksu_shared/auth/permissions.toml` by `make contracts`; change that file, not this one.

A cell names the relations in which the role may do it: **any** object it sees, its **own** (its body's), **below** (in
its body's territory), **above** (of a larger territory), **party** (its body takes part). Empty: it may not. A role
counts only with a body of its kinds. What is seen at all is scope, see [ADR 0007](adr/0007-scope-keys.md).
*Recorded*: each read under that right leaves a row in the audit.
"""


def rights_markdown() -> str:
    """The document."""
    law = permissions_file()
    return "\n".join([_INTRODUCTION, *_roles(law), *_tables(law)]) + "\n"


def _roles(law: Mapping[str, Any]) -> Iterator[str]:
    yield "## Roles\n"
    yield "| role | на български | bodies it counts for |"
    yield "|---|---|---|"
    for name, row in law["roles"].items():
        yield f"| `{name}` | {row['bg']} | {', '.join(row['kinds']) or 'none needed; a body opens nothing to it'} |"
    yield ""


def _tables(law: Mapping[str, Any]) -> Iterator[str]:
    services = dict.fromkeys(action.partition(".")[0] for action in law["actions"])
    for service in services:
        actions = {name: row for name, row in law["actions"].items() if name.startswith(f"{service}.")}
        yield f"## {service.capitalize()}\n"
        yield "| right | who, and in which relation | recorded |"
        yield "|---|---|---|"
        for name, row in actions.items():
            who = "; ".join(f"{role}: {', '.join(relations)}" for role, relations in row.items())
            yield f"| `{name}` | {who} | {'yes' if name in law['audit']['recorded'] else ''} |"
        yield ""
