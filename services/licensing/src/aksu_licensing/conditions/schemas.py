"""Conditions on the wire: what officers say of them, and what is shown."""

from typing import Annotated

from pydantic import Field, field_validator

from aksu_shared.events.licensing.conditions import ConditionsState
from aksu_shared.kernel.schemas.base import BadValue, Body, Versioned
from aksu_shared.kernel.schemas.codes import Code, Note

_Condition = Annotated[str, Code("application_requirements")]
MOST = 20


def _once(codes: list[str]) -> None:
    if len(set(codes)) < len(codes):
        raise BadValue("repeated", bg="Всяко условие се посочва веднъж.", en="Each condition is named once.")


class Assessed(Body):
    """What an officer found of one condition, and why."""

    condition: _Condition
    result: Annotated[str, Code("condition_results")]
    reason: Note


class Assessment(Body):
    """What an officer found of the conditions of an application; those left out stay as they are."""

    assessments: Annotated[list[Assessed], Field(min_length=1, max_length=MOST)]

    @field_validator("assessments")
    @classmethod
    def _each_once(cls, value: list[Assessed]) -> list[Assessed]:
        _once([each.condition for each in value])
        return value


class Override(Body):
    """Why a condition that is not met does not stand in the way."""

    condition: _Condition
    reason: Note


class Overrides(Body):
    """The part of a proposal that names what is not met, and why it is proposed all the same."""

    overrides: Annotated[list[Override], Field(max_length=MOST)] = Field(default_factory=list)

    @field_validator("overrides")
    @classmethod
    def _each_once(cls, value: list[Override]) -> list[Override]:
        _once([each.condition for each in value])
        return value


class ConditionsRead(Versioned, ConditionsState):
    """What must be met before the application is granted, and what is known of each."""
