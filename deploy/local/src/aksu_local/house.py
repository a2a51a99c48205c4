"""The picture of the house in `docs/architecture.md`: drawn from the import contracts, so it is as the code is.

What lies on what stands in `pyproject.toml`, where import-linter reads it; what a package holds, in its first line.
"""

import ast
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from aksu_local.databases import SERVICES
from aksu_local.folder import PROJECT

DOCUMENT: Final = Path("docs/architecture.md")
_BEGIN, _END = "<!-- Written by `make contracts`. -->\n", "<!-- Until here. -->\n"
_OF_EVERY_SERVICE: Final = frozenset({"cli", "main", "worker", "migrations", "wiring", "base", "config"})
_SHARED: Final = "aksu_shared"

Layer = Sequence[str]


def architecture() -> str:
    """The document with its drawn part anew. Raises ValueError when its marks are gone."""
    text = (PROJECT / DOCUMENT).read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{DOCUMENT} has no part to write: {_BEGIN.strip()} … {_END.strip()}")
    return "".join([before, begin, *(f"{line}\n" for line in _drawn()), end, after])


def layers(package: str) -> list[Layer]:
    """What lies in a package, top to bottom, as its import contract has it."""
    settings: Mapping[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    rows = next(each["layers"] for each in contracts if each.get("containers") == [package])
    return [[name.strip(" ()") for name in row.split("|")] for row in rows]


def features(service: str) -> list[Layer]:
    """A service's features, top to bottom, without the modules that every service has."""
    rows = ([name for name in row if name not in _OF_EVERY_SERVICE] for row in layers(f"aksu_{service}"))
    return [row for row in rows if row]


def _drawn() -> Iterator[str]:
    yield from _picture()
    yield "\n| service | feature, lower ones last | is about |"
    yield "|---|---|---|"
    for service in SERVICES:
        for row in features(service):
            yield from (f"| {service} | `{name}` | {_first_line(_source(service, name))} |" for name in row)
    yield "\n| in `shared/src/aksu_shared/`, lower ones last | holds |"
    yield "|---|---|"
    for row in layers(_SHARED):
        yield from (f"| `{name}` | {_first_line(PROJECT / 'shared/src' / _SHARED / name)} |" for name in row)
    yield ""


def _picture() -> Iterator[str]:
    yield "```mermaid"
    yield "flowchart TB"
    for service in SERVICES:
        yield from _chain(service, [["main", "worker"], ["wiring"], *features(service), ["base"]])
    yield from _chain("shared", layers(_SHARED))
    yield f"  {' & '.join(SERVICES)} --> shared"
    yield "```"


def _chain(name: str, rows: Sequence[Layer]) -> Iterator[str]:
    """One box with its layers below each other; arrows go down alone."""
    yield f"  subgraph {name}"
    yield "    direction TB"
    nodes = (f'{name}{number}["{" · ".join(row)}"]' for number, row in enumerate(rows))
    yield f"    {' --> '.join(nodes)}"
    yield "  end"


def _source(service: str, name: str) -> Path:
    return PROJECT / "services" / service / "src" / f"aksu_{service}" / name


def _first_line(path: Path) -> str:
    """What a package or module says it is about."""
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return said.partition("\n")[0]
