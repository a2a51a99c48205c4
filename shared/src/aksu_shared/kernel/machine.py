"""State machines as data: one table drives the checks, the offered actions, the diagrams and the tests."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from aksu_shared.kernel.errors import IllegalTransition, RuleBroken, Text

SYSTEM = "system"
"""The right that no person holds: the transition is fired by the passing of time or by an event."""


class SamePerson(RuleBroken):
    """Four eyes: `transition` needs another person than the one who did `earlier`."""

    code = "four_eyes"
    bg = "„{transition}“ се извършва от друг служител, а не от този, който извърши „{earlier}“."
    en = "'{transition}' needs another person than the one who did '{earlier}'."


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One row of a machine's table.

    `action` is the right its actor needs; `needs` names the inputs it cannot do without; `guard` names a condition
    on the object that its owner evaluates; `four_eyes` names the earlier transition whose actor must be another one.
    """

    name: str
    sources: tuple[str, ...]
    target: str
    action: str
    legal_basis: str
    text: Text
    needs: tuple[str, ...] = ()
    guard: str | None = None
    four_eyes: str | None = None

    def check_actor(self, actor: str, *, done_by: Mapping[str, str]) -> None:
        """Raise `SamePerson` when `actor` did the transition that four eyes keeps apart; `done_by`: name → actor."""
        if self.four_eyes is not None and done_by.get(self.four_eyes) == actor:
            raise SamePerson(transition=self.name, earlier=self.four_eyes, legal_basis=self.legal_basis)

    def missing(self, given: Collection[str]) -> tuple[str, ...]:
        """The needed inputs that were not given."""
        return tuple(need for need in self.needs if need not in given)


def verb(name: str) -> str:
    """A transition as it stands in an address: `request_correction` → `request-correction`."""
    return name.replace("_", "-")


def described(row: Transition) -> str:
    """What the contract says of a transition's route: from which states to which, on what ground, with which right."""
    return f"{' | '.join(row.sources)} → {row.target}. {row.legal_basis}. Право: `{row.action}`."


class Machine:
    """States with their labels, and the transitions between them. Construction refuses a table that cannot be right."""

    def __init__(
        self, *, name: str, initial: str, states: Mapping[str, Text], transitions: Iterable[Transition]
    ) -> None:
        self.name = name
        self.initial = initial
        self.states: Mapping[str, Text] = MappingProxyType(dict(states))
        self.transitions = tuple(transitions)
        self._table = {(source, row.name): row for row in self.transitions for source in row.sources}
        self._rows = {row.name: row for row in reversed(self.transitions)}
        self._check()

    def leads(self, state: str, name: str) -> Transition:
        """The row that leads from `state` by `name`.

        Raises `IllegalTransition`, which names the legal ones, each as it stands in addresses.
        """
        try:
            return self._table[state, name]
        except KeyError:
            legal = [verb(each) for each in self.legal(state)]
            listed = ", ".join(legal) or "—"
            raise IllegalTransition(state=state, transition=verb(name), legal=listed, legal_transitions=legal) from None

    def row(self, name: str) -> Transition:
        """The row of the transition `name`; where several have the name, the first: they need the same right."""
        try:
            return self._rows[name]
        except KeyError:
            msg = f"machine {self.name} has no transition {name}"
            raise ValueError(msg) from None

    def leaving(self, state: str) -> list[Transition]:
        """The transitions that leave `state`, in the order of the table."""
        return [row for row in self.transitions if state in row.sources]

    def legal(self, state: str) -> list[str]:
        """Names of the transitions that leave `state`, in the order of the table."""
        return [row.name for row in self.leaving(state)]

    def is_final(self, state: str) -> bool:
        """Whether nothing leads out of `state`."""
        return not self.legal(state)

    def mermaid(self, language: Literal["bg", "en"] = "bg") -> str:
        """The machine as a Mermaid `stateDiagram-v2`; labels in the language asked for."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {state}: {_label(text, language)}" for state, text in self.states.items()]
        for row in self.transitions:
            lines += [f"    {source} --> {row.target}: {_label(row.text, language)}" for source in row.sources]
        lines += [f"    {state} --> [*]" for state in self.states if self.is_final(state)]
        return "\n".join(lines) + "\n"

    def _check(self) -> None:
        known = {*self.states}
        used = {self.initial}.union(*({*row.sources, row.target} for row in self.transitions))
        if unknown := sorted(used - known):
            self._refuse(f"unknown states {unknown}")
        if unreachable := sorted(known - self._reachable()):
            self._refuse(f"unreachable states {unreachable}")
        if len(self._table) != sum(len(row.sources) for row in self.transitions):
            self._refuse("two transitions of the same name leave the same state")
        names = {row.name for row in self.transitions}
        for row in self.transitions:
            if row.four_eyes is not None and (row.four_eyes not in names or row.four_eyes == row.name):
                self._refuse(f"{row.name} must differ from {row.four_eyes!r}, which is no earlier transition")

    def _reachable(self) -> set[str]:
        found, frontier = {self.initial}, [self.initial]
        while frontier:
            state = frontier.pop()
            new = {row.target for row in self.transitions if state in row.sources} - found
            found |= new
            frontier += new
        return found

    def _refuse(self, why: str) -> None:
        msg = f"machine {self.name}: {why}"
        raise ValueError(msg)


def _label(text: Text, language: Literal["bg", "en"]) -> str:
    return (text.bg if language == "bg" else text.en).replace(":", " –")
