"""What services declare — rights, code lists, legal terms —, joined into one file of each kind for all of them.

A feature declares beside its code, in `permissions.toml`, `codelists.toml`, `terms.toml`; so does what is shared. Every
service needs the whole: it labels the codes of others' events and tells a caller all its rights, and it is deployed
without the others' packages. So `make contracts` joins the parts into `aksu_shared/kernel/declared/`.

This module imports nothing that reads the joined files: a new code must be joined before a schema can name it.
"""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from aksu_local.folder import PROJECT

JOINED: Final = Path("shared/src/aksu_shared/kernel/declared")
_HEADER: Final = "# Joined from the {kind}.toml of each feature by `make contracts`; change those, not this.\n"

Part = tuple[Path, Mapping[str, Any]]


def joined() -> Mapping[Path, str]:
    """The joined files as the parts now have them: path in the project → text. Raises ValueError for a double one."""
    return {
        JOINED / f"{kind}.toml": _HEADER.format(kind=kind) + "\n".join(join(_parts(kind))) + "\n"
        for kind, join in _KINDS.items()
    }


def _parts(kind: str) -> list[Part]:
    """Those of what is shared first, then service by service, feature by feature."""
    shared = (PROJECT / "shared/src").rglob(f"{kind}.toml")
    parts = [path for path in sorted(shared) if JOINED.name not in path.parts]
    for service in sorted((PROJECT / "services").iterdir()):
        parts += sorted((service / "src").rglob(f"{kind}.toml"))
    return [(path.relative_to(PROJECT), tomllib.loads(path.read_text(encoding="utf-8"))) for path in parts]


def _permissions(parts: list[Part]) -> Iterator[str]:
    roles = _merged(parts, "roles")
    actions = _merged(parts, "actions")
    for path, part in parts:
        own = path.parts[1] if path.parts[0] == "services" else "platform"
        if foreign := [name for name in part.get("actions", {}) if name.partition(".")[0] != own]:
            raise ValueError(f"{path}: {foreign} begin with another name than {own}")
    basis = _merged(parts, "basis")
    if differing := sorted(actions.keys() ^ basis.keys()):
        raise ValueError(f"{differing}: each right has its article in [basis], and nothing else has one")
    recorded = [name for _, part in parts for name in part.get("audit", {}).get("recorded", ())]
    yield "[roles]"
    yield from (f"{name} = {_inline(row)}" for name, row in roles.items())
    yield "\n[actions]"
    yield from (f"{_quoted(name)} = {_inline(row)}" for name, row in actions.items())
    yield "\n[basis]"
    yield from (f"{_quoted(name)} = {_quoted(basis[name])}" for name in actions)
    yield "\n[audit]"
    yield f"recorded = {_inline(recorded)}"


def _codelists(parts: list[Part]) -> Iterator[str]:
    lists: dict[str, Any] = {}
    for path, part in parts:
        _add(lists, part, path)
    for name, codes in lists.items():
        yield f"[{name}]"
        yield from (f"{code} = {_inline(row)}" for code, row in codes.items())
        yield ""


def _terms(parts: list[Part]) -> Iterator[str]:
    owners: dict[str, Path] = {}
    for path, part in parts:
        for row in part["term"]:
            if owners.setdefault(row["key"], path) != path:
                raise ValueError(f"{path}: {row['key']} is declared in {owners[row['key']]} too")
            yield "[[term]]"
            yield from (f"{name} = {_inline(value)}" for name, value in row.items())
            yield ""


_KINDS: Final[Mapping[str, Callable[[list[Part]], Iterator[str]]]] = {
    "permissions": _permissions,
    "codelists": _codelists,
    "terms": _terms,
}


def _merged(parts: list[Part], section: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for path, part in parts:
        _add(found, part.get(section, {}), path)
    return found


def _add(found: dict[str, Any], more: Mapping[str, Any], path: Path) -> None:
    if double := sorted(found.keys() & more.keys()):
        raise ValueError(f"{path}: {double} are declared elsewhere too")
    found |= more


def _inline(value: Any) -> str:  # noqa: ANN401 - what TOML holds
    """A value as TOML writes it on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_inline(each)}" for name, each in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return value.isoformat() if isinstance(value, date) else _quoted(value)


def _quoted(value: str | float) -> str:
    """JSON's strings, numbers and booleans are TOML's too."""
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Write the joined files anew."""
    for path, text in joined().items():
        (PROJECT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
