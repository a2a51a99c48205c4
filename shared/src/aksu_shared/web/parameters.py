"""Parameters of a route, prepared once at start: unknown and repeated ones are refused, known ones read cheaply."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import deepcopy
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, TypeGuard, Union, get_args, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel
from starlette.types import Scope

from aksu_shared.kernel.errors import Malformed
from aksu_shared.pinned.functions import Field, Function
from aksu_shared.serving.messages import malformed, parameter_error

MAX_PARAMETERS: Final = 100
"""In one query; no list has half as many filters."""
_IMMUTABLE: Final = (str, int, float, bool, tuple, frozenset, type(None))


@dataclass(frozen=True, slots=True)
class _Reader:
    """One parameter: where its value is found, and FastAPI's own field that validates it."""

    name: str
    key: str
    many: bool
    field: Field

    def read(self, found: Mapping[str, Any], source: str, errors: list[Any]) -> Any:  # noqa: ANN401 - any type
        """The validated value, or the default; what is wrong is added to `errors`."""
        raw = found.get(self.key)
        if raw is None:
            info = self.field.field_info
            if info.is_required():
                errors.append({"type": "missing", "loc": (source, self.key)})
                return None
            default = info.get_default(call_default_factory=True, validated_data={})
            return default if isinstance(default, _IMMUTABLE) else deepcopy(default)
        value, bad = self.field.validate(raw, {}, loc=(source, self.key))
        errors.extend(bad or ())
        return value


class Query:
    """The query parameters of a route: names known at start, `many` those that may repeat."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._readers: list[_Reader] = []
        self._models: list[tuple[Field, frozenset[str]]] = []
        self.many: set[str] = set()
        self.names: set[str] = set()
        for field in fields:
            model = field.field_info.annotation
            if _is_model(model):
                members = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
                self._models.append((field, frozenset(members)))
                self.many |= {name for name, kind in members.items() if repeatable(kind)}
                self.names |= members.keys()
            else:
                many = repeatable(field.field_info.annotation)
                self._readers.append(_Reader(field.name, field.alias, many, field))
                self.names.add(field.alias)
                if many:
                    self.many.add(field.alias)

    def parse(self, scope: Scope) -> dict[str, Any]:
        """Text by name, a list for what may repeat. Raises Malformed naming unknown, repeated and unreadable ones.

        Not even looked at when there are more than MAX_PARAMETERS.
        """
        raw: bytes = scope["query_string"]
        if not raw:
            return {}
        if raw.count(b"&") >= MAX_PARAMETERS:
            raise Malformed(errors=[parameter_error("", "too_many_parameters")])
        found: dict[str, Any] = {}
        errors = []
        for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
            if name not in self.names:
                errors.append(parameter_error(name, "unknown_parameter"))
            elif "\x00" in value or "\ufffd" in value:
                errors.append(parameter_error(name, "string_unicode"))
            elif name in self.many:
                found.setdefault(name, []).append(value)
            elif name in found:
                errors.append(parameter_error(name, "repeated_parameter"))
            else:
                found[name] = value
        if errors:
            raise Malformed(errors=errors)
        return found

    def read(self, found: Mapping[str, Any], values: dict[str, Any], errors: list[Any]) -> None:
        """Put the validated arguments into `values`; `found` is what `parse` gave."""
        for reader in self._readers:
            values[reader.name] = reader.read(found, "query", errors)
        for field, members in self._models:
            part = {name: value for name, value in found.items() if name in members}
            values[field.name], bad = field.validate(part, {}, loc=("query",))
            errors.extend(bad or ())


class Parameters:
    """The parameters of one function, a route's or a dependency's: query, path and headers."""

    def __init__(self, function: Function) -> None:
        self._query = Query(function.query)
        self._path = [_Reader(field.name, field.alias, many=False, field=field) for field in function.path]
        self._headers = [
            _Reader(field.name, _header_name(field), many=False, field=field) for field in function.headers
        ]

    @property
    def none(self) -> bool:
        """Whether the function has no such parameter."""
        return not (self._query.names or self._path or self._headers)

    def read(self, scope: Scope, query: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments by name; `query` is what the route's `Query.parse` gave. Raises Malformed, an error per bad one."""
        errors: list[Any] = []
        values: dict[str, Any] = {}
        self._query.read(query, values, errors)
        for reader in self._path:
            values[reader.name] = reader.read(scope["path_params"], "path", errors)
        if self._headers:
            # The first of several counts, as for Starlette.
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
            for reader in self._headers:
                values[reader.name] = reader.read(headers, "header", errors)
        if errors:
            raise malformed(errors)
        return values


def query_of(function: Function) -> Query:
    """The query parameters of a function and of everything it depends on."""
    return Query(_all_query_fields(function))


def _all_query_fields(function: Function) -> Iterator[Field]:
    yield from function.query
    for _, inner in function.dependencies:
        yield from _all_query_fields(inner)


def _header_name(field: Field) -> str:
    return (field.alias if field.alias != field.name else field.name.replace("_", "-")).lower()


def readable(fields: Iterable[Field]) -> bool:
    """Whether `Parameters` reads these of path and headers as FastAPI would: single values, not models."""
    return not any(
        repeatable(field.field_info.annotation) or _is_model(field.field_info.annotation) for field in fields
    )


def repeatable(annotation: Any) -> bool:  # noqa: ANN401 - any type
    """Whether a parameter of this type takes several values."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return repeatable(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return any(map(repeatable, get_args(annotation)))
    kind = origin or annotation
    return isinstance(kind, type) and issubclass(kind, Sequence | AbstractSet) and not issubclass(kind, str | bytes)


def _is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:  # noqa: ANN401 - any type
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
