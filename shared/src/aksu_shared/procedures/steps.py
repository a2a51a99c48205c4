"""One way to fire a transition: a table of steps, each of which is one row of a machine made whole.

    APPLICATION_STEPS: Final = Procedure(
        machine=APPLICATION_MACHINE,
        whose=whose,
        steps={
            "register": Step(body=Registration, fact=ApplicationRegistered, effect=_register, refusals=(DayInFuture,)),
            "grant": Step(body=GrantOrder, fact=ApplicationGranted, effect=_grant, before=_issue_licence),
        },
    )

`fire` moves an aggregate on; `aksu_shared.web.steps.add_steps` makes the routes. Both check before they write: version,
right, order of the machine, four eyes, then what the step itself refuses.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from aksu_shared.auth.principal import Principal
from aksu_shared.db.store import Kept, Store
from aksu_shared.events.base import Event, Scope, State
from aksu_shared.kernel.days import happened_on
from aksu_shared.kernel.errors import Problem
from aksu_shared.kernel.machine import SYSTEM, Machine, Transition, verb
from aksu_shared.kernel.schemas.base import Body
from aksu_shared.kernel.terms import Terms
from aksu_shared.procedures.context import Context

S = TypeVar("S", bound=State)
V = TypeVar("V", bound="Moving[Any]")

Changes: TypeAlias = Mapping[str, Any]
"""Fields of the state → their new values."""


class NoBody(Body):
    """A step that needs no more than its name."""


class Moving(Protocol[S]):
    """A service whose aggregates are moved on by steps."""

    @property
    def context(self) -> Context:
        """What it is built on."""

    @property
    def store(self) -> Store[S]:
        """Where its aggregates lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Generic[S]):
    """What a step stands on: the aggregate before it, the machine's row, the legal day, the terms, who acts.

    `actor` is a pseudonym; for what time or another aggregate brings about it is that of the unit of work.
    """

    kept: Kept[S]
    row: Transition
    today: date
    terms: Terms
    actor: str

    @property
    def state(self) -> S:
        """The public state before the step."""
        return self.kept.state

    def day(self, given: date | None, *, not_before: date | None) -> date:
        """The day something happened: today unless given. Raises DayInFuture, DayTooEarly."""
        return happened_on(given, today=self.today, not_before=not_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Generic[S]):
    """What is looked at to tell a caller which steps it may take now.

    `facts` are what the state does not say and the read added, such as the number of open prescriptions.
    """

    state: S
    today: date
    actor: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def words(body: Any) -> str | None:  # noqa: ANN401 - the body of any step
    """What the step's body says in words: its reason, result or note."""
    return next((found for name in ("reason", "result", "note") if (found := getattr(body, name, None))), None)


def _no_changes(_case: Any, _body: Any) -> Changes:  # noqa: ANN401 - any step's
    return {}


def _always(_offer: Any) -> bool:  # noqa: ANN401 - any step's
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[S, V]):
    """What one row of the machine takes, changes, tells, refuses and brings about.

    `effect` is plain: the case and the body in, changed fields out; it raises what the step refuses. `before` looks up
    or makes what the changed fields rest on; `after` does what follows beside the aggregate, in the same unit of work.
    `prepare` runs before the row is locked, for locks that must be taken in another order. `supplied` are needs of the
    row that the service provides. `possible` says whether the step is worth offering; it repeats no right and no order.
    """

    fact: type[Event[S]]
    body: type[Body] = NoBody
    effect: Callable[[Case[S], Any], Changes] = _no_changes
    prepare: Callable[[V], Awaitable[None]] | None = None
    before: Callable[[V, Case[S], Any, Changes], Awaitable[Changes]] | None = None
    after: Callable[[V, Case[S], Any, Kept[S]], Awaitable[None]] | None = None
    said: Callable[[Any], str | None] = words
    """What the change log keeps as the reason; None where the body's words are personal data."""
    refusals: tuple[type[Problem], ...] = ()
    supplied: frozenset[str] = frozenset()
    possible: Callable[[Offer[S]], bool] = _always


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure(Generic[S, V]):
    """The steps of one machine, and what holds for all of them.

    `whose` gives the aggregate as an object of rights; `scope` its scope keys, where a step may change them; `admits`
    refuses an aggregate that is not moved on here, `checks` who takes a step of an aggregate that others deal with.
    `done_by` tells who did earlier transitions, for four eyes.
    `always` and `afterwards` are the effect and the consequence that all steps have.

    Construction refuses a table that does not fit its machine.
    """

    machine: Machine
    steps: Mapping[str, Step[S, V]]
    whose: Callable[[S], Mapping[str, Any]]
    scope: Callable[[S], Scope] | None = None
    admits: Callable[[S], None] | None = None
    refusals: tuple[type[Problem], ...] = ()
    """What `admits` and `checks` raise."""
    checks: Callable[[V, Case[S]], Awaitable[None]] | None = None
    done_by: Callable[[V, Case[S]], Awaitable[Mapping[str, Collection[str]]]] | None = None
    always: Callable[[Case[S], Any], Changes] = _no_changes
    afterwards: Callable[[V, Case[S], Kept[S]], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        """Refuse steps without a row, rows whose needs nobody supplies, and four eyes that nobody can tell apart."""
        for name, step in self.steps.items():
            row = self.machine.row(name)
            if missing := row.missing({*step.body.model_fields, *step.supplied}):
                self._refuse(f"step {name} does not take {missing}")
            if row.guard is not None and step.possible is _always:
                self._refuse(f"step {name} does not say when its guard {row.guard} holds")
            if row.four_eyes is not None and self.done_by is None:
                self._refuse(f"nobody tells who did {row.four_eyes}, from whom {name} needs another person")

    def actions(self, offer: Offer[S], may: Callable[[str], bool]) -> list[str]:
        """The verbs, as they stand in addresses, by which a caller with the rights `may` moves the aggregate on now."""
        legal = ((row, self.steps.get(row.name)) for row in self.machine.leaving(_state_of(offer.state)))
        return [
            verb(row.name)
            for row, step in legal
            if step is not None and row.action != SYSTEM and may(row.action) and step.possible(offer)
        ]

    def _refuse(self, why: str) -> None:
        msg = f"procedure of {self.machine.name}: {why}"
        raise ValueError(msg)


async def fire(
    procedure: Procedure[S, V],
    service: V,
    key: object,
    name: str,
    body: Body,
    *,
    by: Principal | None,
    version: int | None = None,
) -> Kept[S]:
    """Move the aggregate `key` on by the transition `name`; nothing is written before all of it was checked.

    `by` is the caller whose right is checked; None for what time, or a step of another aggregate, brings about.
    `version` is the one the caller knows. Raises NotFound, PreconditionFailed, Forbidden, what `admits` raises,
    IllegalTransition, SamePerson, and the step's refusals.
    """
    step = procedure.steps[name]
    if step.prepare is not None:
        await step.prepare(service)
    kept: Kept[S] = await service.store.get(key)
    kept.expect(version)
    case = await _checked(procedure, service, kept, name, by=by)
    changes = {**procedure.always(case, body), **step.effect(case, body), "state": case.row.target}
    if step.before is not None:
        changes |= await step.before(service, case, body, changes)
    event = kept.becomes(
        step.fact,
        scope=procedure.scope(kept.state.with_changes(changes)) if procedure.scope is not None else None,
        reason=step.said(body),
        legal_basis=case.row.legal_basis,
        **changes,
    )
    saved: Kept[S] = service.store.save(event)
    if step.after is not None:
        await step.after(service, case, body, saved)
    if procedure.afterwards is not None:
        await procedure.afterwards(service, case, saved)
    return saved


async def _checked(
    procedure: Procedure[S, V], service: V, kept: Kept[S], name: str, *, by: Principal | None
) -> Case[S]:
    """The case, once right, order and four eyes admit the step."""
    context = service.context
    if by is not None:
        context.rights.check(by, procedure.machine.row(name).action, **procedure.whose(kept.state))
    if procedure.admits is not None:
        procedure.admits(kept.state)
    row = procedure.machine.leads(_state_of(kept.state), name)
    actor = context.work.actor.subject if by is None else by.subject
    case = Case(kept=kept, row=row, today=context.today, terms=context.terms, actor=actor)
    if procedure.checks is not None:
        await procedure.checks(service, case)
    if row.four_eyes is not None and procedure.done_by is not None:
        done = await procedure.done_by(service, case)
        for earlier in done.get(row.four_eyes, ()):
            row.check_actor(actor, done_by={row.four_eyes: earlier})
    return case


def _state_of(state: State) -> str:
    found: str = getattr(state, "state")  # noqa: B009 - every aggregate with a machine has this field
    return found
