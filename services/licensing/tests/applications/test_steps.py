"""The table of steps of an application, without a database."""

import pytest

from aksu_licensing.applications.machine import APPLICATION_MACHINE
from aksu_licensing.applications.schemas import GrantOrder
from aksu_licensing.applications.steps import APPLICATION_PROCEDURE


def test_every_transition_but_filing_is_a_step() -> None:
    assert APPLICATION_PROCEDURE.steps.keys() | {"submit"} == {row.name for row in APPLICATION_MACHINE.transitions}


@pytest.mark.parametrize("name", APPLICATION_PROCEDURE.steps)
def test_a_step_takes_all_that_its_transition_needs(name: str) -> None:
    step = APPLICATION_PROCEDURE.steps[name]
    assert APPLICATION_MACHINE.row(name).missing({*step.body.model_fields, *step.supplied}) == ()


def test_days_of_an_order_are_iso_dates_only() -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        GrantOrder.model_validate({"order_number": "1", "decided_on": 20250110})
