"""The terms of applications fire, each revision for itself."""

from datetime import date

from licensing_rig import APPLICANT, OFFICER, Rig


async def read(licensing: Rig, key: str) -> dict[str, object]:
    return dict((await licensing.api.get(f"/v1/applications/{key}", **OFFICER)).json())


async def test_a_term_of_decision_warns_fourteen_days_before_and_passes_after_its_last_day(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 13))
    key = await licensing.reviewed()
    licensing.move(date(2025, 2, 26))
    assert await licensing.fire() == 0
    licensing.move(date(2025, 2, 27))
    assert await licensing.fire() == 1
    assert (await read(licensing, key))["term_state"] == "APPROACHING"
    licensing.move(date(2025, 3, 13))
    assert await licensing.fire() == 0
    licensing.move(date(2025, 3, 14))
    assert await licensing.fire() == 1
    assert (await read(licensing, key))["term_state"] == "PASSED"
    assert (await licensing.log(key))[-2:] == ["term_approaching", "term_passed"]
    assert await licensing.fire() == 0


async def test_after_a_pause_only_the_new_term_fires(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 13))
    key = await licensing.reviewed()
    await licensing.step(key, "request-correction", {"reason": "Липсва програма", "due_on": "2025-02-28"}, **OFFICER)
    licensing.move(date(2025, 2, 12))
    await licensing.step(key, "correct", **APPLICANT)
    licensing.move(date(2025, 3, 14))
    await licensing.fire()  # the former term of decision and that of correction are both over
    found = await read(licensing, key)
    assert (found["decision_due"], found["term_state"]) == ("2025-04-14", "RUNNING")
    licensing.move(date(2025, 4, 15))
    await licensing.fire()
    assert (await read(licensing, key))["term_state"] == "PASSED"


async def test_a_decided_application_is_no_longer_late(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 13))
    granted = await licensing.granted()
    key = granted["id"]
    await licensing.step(key, "notify", **OFFICER)
    licensing.move(date(2025, 6, 1))
    await licensing.fire()
    assert (await licensing.log(key))[-1] == "notified"


async def test_an_order_not_communicated_in_three_days_is_told(licensing: Rig) -> None:
    licensing.move(date(2025, 2, 10))
    key = (await licensing.granted())["id"]
    licensing.move(date(2025, 2, 14))
    await licensing.fire()
    found = await read(licensing, key)
    assert (found["term"], found["term_state"]) == ("licensing.communication", "PASSED")
    notified = await licensing.step(key, "notify", **OFFICER)
    assert notified["term_state"] is None


async def test_after_years_of_standing_still_each_term_and_kind_has_fired_exactly_once(licensing: Rig) -> None:
    licensing.move(date(2025, 1, 13))
    reviewed = await licensing.reviewed()
    granted = (await licensing.granted())["id"]
    licensing.move(date(2031, 6, 1))
    assert await licensing.fire() > 0
    assert await licensing.fire() == 0
    for key in (reviewed, granted):
        facts = await licensing.log(key)
        assert facts.count("term_passed") <= 1 + (key == granted)  # of the decision; of its communication
    assert (await licensing.log(reviewed)).count("term_passed") == 1
    (licence,) = await licensing.licences()
    assert licence["state"] == "EXPIRED"
    assert (await licensing.log(licence["id"])).count("expired") == 1
    sql = "SELECT count(*) - count(DISTINCT (term, subject, revision, kind)), count(*) FILTER (WHERE fired_at IS NULL)"
    assert tuple(await licensing.api.worker.fetchrow(f"{sql} FROM deadline")) == (0, 0)
