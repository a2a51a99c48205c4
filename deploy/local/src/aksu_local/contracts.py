"""The contracts other people build on, generated from the code: written by `make contracts`, compared by `make check`.

Per service `openapi.json` and `config_schema.json`; for the bus `docs/asyncapi.yaml` and a frozen JSON Schema per
event type, which within a version may only grow.
"""

import difflib
import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from pydantic import create_model

from aksu_local.asyncapi import asyncapi_yaml
from aksu_local.databases import SERVICES
from aksu_local.declarations import joined
from aksu_local.folder import PROJECT
from aksu_local.house import DOCUMENT, architecture
from aksu_local.rights_table import rights_markdown
from aksu_shared.config.base import BaseConfig
from aksu_shared.events.base import Event
from aksu_shared.events.catalogue import CATALOGUE

SCHEMAS: Final = Path("shared/src/aksu_shared/events/schemas")
_SHOWN_LINES: Final = 40
_WORDS: Final = frozenset({"title", "description", "default", "examples"})
"""Keywords of a JSON Schema that may change freely: they explain, they do not constrain."""


def generate() -> Mapping[Path, str]:
    """Every contract as the code now has it: path in the project → text."""
    files: dict[Path, str] = dict(joined())
    for service in SERVICES:
        folder = Path("services") / service
        files[folder / "openapi.json"] = _json(application_of(service).openapi())
        files[folder / "config_schema.json"] = _json(_config_class(service).model_json_schema())
    for name, fact in CATALOGUE.items():
        files[SCHEMAS / f"{name}.json"] = _json(event_schema(fact))
    files[Path("docs/asyncapi.yaml")] = asyncapi_yaml()
    files[Path("docs/rights.md")] = rights_markdown()
    files[DOCUMENT] = architecture()
    return files


def differences(files: Mapping[Path, str]) -> Iterator[str]:
    """A diff for each file that is not as generated, and a line for each schema whose event type is gone."""
    for path, text in files.items():
        there = (PROJECT / path).read_text(encoding="utf-8") if (PROJECT / path).exists() else ""
        if there != text:
            diff = difflib.unified_diff(
                there.splitlines(), text.splitlines(), f"{path} (file)", f"{path} (code)", lineterm="", n=2
            )
            yield "\n".join([*diff][:_SHOWN_LINES])
    for path in _orphans(files):
        yield f"{path}: no such event type any more"


def write(files: Mapping[Path, str]) -> list[Path]:
    """Bring the files up to date; returns those that changed."""
    changed = [path for path, text in files.items() if _write(PROJECT / path, text)]
    for path in (orphans := _orphans(files)):
        (PROJECT / path).unlink()
    return [*changed, *orphans]


def broken_events(files: Mapping[Path, str]) -> list[str]:
    """What a consumer of today's events would trip over if `files` replaced the frozen schemas."""
    found = [f"{path.stem}: removed" for path in _orphans(files)]
    for path, text in files.items():
        if path.parent == SCHEMAS and (PROJECT / path).exists():
            frozen = json.loads((PROJECT / path).read_text(encoding="utf-8"))
            found += [f"{path.stem}: {what}" for what in breaks(frozen, json.loads(text))]
    return found


def breaks(old: Any, new: Any, *, at: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Where the JSON Schema `new` does more than add to `old`; optional fields and enumeration values are additions."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield f"{at or '/'} was {json.dumps(old)[:60]}, is {json.dumps(new)[:60]}"
        return
    if demanded := _demanded(new) - _demanded(old):
        yield f"{at or '/'} now demands {', '.join(sorted(demanded))}"
    if dropped := _demanded(old) - _demanded(new):
        yield f"{at or '/'} no longer promises {', '.join(sorted(dropped))}"
    if gone := set(map(str, old.get("enum", ()))) - set(map(str, new.get("enum", ()))):
        yield f"{at or '/'} no longer allows {', '.join(sorted(gone))}"
    for keyword in old.keys() - _WORDS - {"required", "enum"}:
        if keyword not in new:
            yield f"{at}/{keyword} is gone"
        else:
            yield from breaks(old[keyword], new[keyword], at=f"{at}/{keyword}")


def event_schema(fact: type[Event[Any]]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the data of an event type."""
    data = create_model(
        f"{fact.__name__}Data",
        __doc__=fact.__doc__,
        version=(int, ...),
        state=(fact.schema, ...),
        changed=(dict[str, tuple[Any, Any]], ...),
        scope=(list[str], ...),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{fact.type.replace('.', ':')}",
        **data.model_json_schema(),
    }


def _demanded(schema: Mapping[str, Any]) -> set[str]:
    required = schema.get("required", ())
    # A field may itself be called "required": then this is a table of fields, not a schema.
    return set(required) if isinstance(required, list) else set()


def _config_class(service: str) -> type[BaseConfig]:
    module = importlib.import_module(f"aksu_{service}.config")
    found: type[BaseConfig] = getattr(module, f"{service.capitalize()}Config")
    return found


def application_of(service: str) -> FastAPI:
    """A service's application, which nothing is asked of but what it offers."""
    settings = {
        "environment": "test",
        "database_url": "postgresql://nowhere",
        "bus_url": "postgresql://nowhere",
        "oidc_issuer": "https://issuer.example",
    }
    # Validated, not constructed: a configuration that is constructed reads the developer's environment.
    app: FastAPI = importlib.import_module(f"aksu_{service}.main").create(
        _config_class(service).model_validate(settings)
    )
    return app


def _orphans(files: Mapping[Path, str]) -> list[Path]:
    there = (path.relative_to(PROJECT) for path in sorted((PROJECT / SCHEMAS).glob("*.json")))
    return [path for path in there if path not in files]


def _json(document: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _write(path: Path, text: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True
