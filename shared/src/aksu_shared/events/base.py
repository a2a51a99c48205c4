"""An event: a past-tense fact about one version of one aggregate, carrying its public state.

The class says what happened (`type`), about which aggregate (`topic`), in which shape (`State`). An instance is
written to its owner's change log and is what the other services' handlers receive.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Generic, Self, TypeVar, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from aksu_shared.kernel.value import value

Scope = tuple[str, ...]
"""Scope keys of a row or event, see `aksu_shared.auth.principal`."""


class State(BaseModel):
    """Public state of an aggregate as it travels in events. Within a version of its type only additions.

    A field whose default is made of fields before it is derived. Its owner makes it anew with every change; whoever
    reads the event takes it as told, so that all services answer by the owner's definition.

    Whoever makes a state, or changes it, names its fields rightly: a misspelt one is refused. Whoever reads one that
    another build wrote passes over fields it does not know yet (`extra="ignore"`), so that services can be deployed one
    by one; the published schema says the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the state to readers, for whom further fields are no error."""
        described = handler(schema)
        handler.resolve_ref_schema(described).pop("additionalProperties", None)
        return described

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """This state after `changes`, its derived fields made anew."""
        return self.model_validate({**self.model_dump(exclude=derived(type(self))), **changes})


@lru_cache(maxsize=256)
def derived(schema: type[State]) -> set[str]:
    """The names of a state's derived fields."""
    return {name for name, each in schema.model_fields.items() if each.default_factory_takes_validated_data}


def group_of_state(**groups: tuple[str, ...]) -> Any:  # noqa: ANN401 - stands where a field's default does
    """A derived field: the group of states that `state` belongs to. `groups` are group → its states, of all states."""
    by_state = {state: group for group, states in groups.items() for state in states}
    # A state of no group is refused as any other value that does not fit, instead of failing here.
    return Field(default_factory=lambda told: by_state.get(told["state"]), validate_default=True)


S = TypeVar("S", bound=State)


@value(kw_only=True)
class Meta:
    """What the owner's change log knows of an event besides its content.

    `seq` is the row's number, ascending per aggregate; `position` is gap-free over the whole log of one `epoch`.
    """

    id: UUID
    source: str
    seq: int
    position: int
    epoch: str
    time: datetime
    correlation_id: str | None = None
    traceparent: str | None = None
    actor: str | None = None


@value(kw_only=True)
class Event(Generic[S]):
    """Base of all facts. `changed` maps a field's name to (old, new); `scope_before` is None for a new aggregate.

    Declare one as `class ServiceRegistered(ServiceEvent, fact="registered")`, where the intermediate
    `class ServiceEvent(Event[ServiceState], aggregate="registry.service")` names owner and aggregate.

    `read` is the right under which the aggregate is read, `registry.service.read`; one without lists of its own names
    that of the lists it stands in. The change feed tells nobody more than this right shows.
    """

    schema: ClassVar[type[State]]
    owner: ClassVar[str] = ""
    aggregate: ClassVar[str] = ""
    fact: ClassVar[str] = ""
    type: ClassVar[str] = ""
    topic: ClassVar[str] = ""
    read: ClassVar[str] = ""

    id: str
    version: int
    state: S
    scope: Scope
    scope_before: Scope | None = None
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    reason: str | None = None
    legal_basis: str | None = None
    meta: Meta | None = None
    values: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    """The state as JSON values, where whoever made the event had them at hand: a third of what recording it cost."""

    def __init_subclass__(
        cls, *, aggregate: str | None = None, fact: str | None = None, read: str | None = None, v: int = 1
    ) -> None:
        """Derive type, topic and the right to read from the declaration."""
        for base in getattr(cls, "__orig_bases__", ()):
            if get_origin(base) is Event and isinstance(get_args(base)[0], type):
                cls.schema = get_args(base)[0]
        if aggregate:
            cls.owner, cls.aggregate = aggregate.split(".")
            cls.topic = f"aksu.{aggregate}.v{v}"
            cls.read = read or f"{aggregate}.read"
        if fact:
            cls.fact = fact
            cls.type = f"bg.aksu.{cls.owner}.{cls.aggregate}.{fact}.v{v}"

    def data(self) -> dict[str, Any]:
        """The JSON data of the CloudEvent: version, state, changed fields, scope."""
        return {
            "version": self.version,
            "state": self.state.model_dump(mode="json") if self.values is None else self.values,
            "changed": self.changed,
            "scope": list(self.scope),
        }


def difference(before: State | None, after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Fields of which `after`, JSON values, differs: name → (old, new). Everything that is set, for a new aggregate."""
    if before is None:
        return {name: (None, value) for name, value in after.items() if value is not None}
    old = before.model_dump(mode="json")
    return {name: (old.get(name), value) for name, value in after.items() if old.get(name) != value}
