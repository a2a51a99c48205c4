"""Any order of arrival, with any repetition, in any batches, ends in the same state."""

from itertools import count as counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from monitoring_builders import closed, finding, prescription, push, started
from monitoring_worker import apply_all, worker_of

from aksu_local.served import Serve, Served
from aksu_monitoring.ingest.applying.rules import closed_state

_examples = counter()


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


Inspection = list[str]
"""What its events between the first and the last tell: `M` and `N` findings (met, not met), `P` prescriptions."""

inspections = st.lists(st.lists(st.sampled_from("MNP"), max_size=4), min_size=1, max_size=3)


def events_of(steps: Inspection, subject: str) -> list[dict[str, Any]]:
    named = {"subject": subject}
    made = [started(attributes=named)]
    for sequence, step in enumerate(steps, 2):
        if step == "P":
            made.append(prescription(sequence, attributes=named))
        else:
            made.append(finding(sequence, result="MET" if step == "M" else "NOT_MET", attributes=named))
    return [*made, closed(len(made) + 1, outcome=outcome_of(steps), attributes=named)]


def outcome_of(steps: Inspection) -> str:
    if "P" in steps:
        return "PRESCRIPTIONS"
    return "NO_ACTIVITY" if "N" in steps else "NO_FINDINGS"


def expected(steps: Inspection) -> dict[str, Any]:
    outcome = outcome_of(steps)
    return {
        "state": closed_state(outcome, prescriptions=steps.count("P")),
        "outcome": outcome,
        "failed_criteria": steps.count("N"),
        "prescriptions": steps.count("P"),
        "version": 2,
        "findings": [(n, "MET" if step == "M" else "NOT_MET") for n, step in enumerate(steps, 2) if step != "P"],
        "references": [f"П-{n}" for n, step in enumerate(steps, 2) if step == "P"],
    }


async def found(monitoring: Served, subject: str) -> dict[str, Any]:
    row = await monitoring.worker.fetchrow(
        "SELECT id, state, outcome, failed_criteria, prescriptions, version FROM inspection WHERE reference = $1",
        subject,
    )
    findings = await monitoring.worker.fetch(
        "SELECT number, result FROM finding WHERE inspection_id = $1 ORDER BY number", row["id"]
    )
    references = await monitoring.worker.fetch(
        "SELECT reference FROM prescription WHERE inspection_id = $1 ORDER BY reference", row["id"]
    )
    return {key: value for key, value in row.items() if key != "id"} | {
        "findings": [tuple(each) for each in findings],
        "references": [each["reference"] for each in references],
    }


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=inspections, data=st.data())
async def test_any_order_of_arrival_ends_in_the_same_state(
    monitoring: Served, plan: list[Inspection], data: st.DataObject
) -> None:
    example = next(_examples)
    subjects = [f"R-{example}-{number}" for number in range(len(plan))]
    every = [event for steps, name in zip(plan, subjects, strict=True) for event in events_of(steps, name)]
    repeated = data.draw(st.lists(st.sampled_from(every), max_size=5))
    stream = data.draw(st.permutations([*every, *repeated]))
    cuts = sorted({0, len(stream), *data.draw(st.lists(st.integers(0, len(stream)), max_size=4))})
    async with worker_of(monitoring) as worker:
        for start, end in pairwise(cuts):
            answer = await push(monitoring, stream[start:end])
            assert answer.status_code == 202, answer.text
            if data.draw(st.booleans()):
                await apply_all(worker)
        await apply_all(worker)
    for steps, subject in zip(plan, subjects, strict=True):
        assert await found(monitoring, subject) == expected(steps)
    left = await monitoring.worker.fetch(
        "SELECT sequence, state, reason, detail FROM ingest_event WHERE state <> 'APPLIED' AND subject = ANY ($1)",
        subjects,
    )
    changes = await monitoring.worker.fetchval(
        "SELECT count(*) FROM change_log WHERE state ->> 'reference' = ANY ($1::text[])", subjects
    )
    assert (left, changes) == ([], 2 * len(subjects))
