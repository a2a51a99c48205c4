"""Register rows of the registry become licences: chains, states, corrections, numbers."""

from datetime import date
from uuid import uuid4

import pytest
from licensing_rig import Rig, days, five_years, imported, licence, provider, row, service

from aksu_licensing.register_takeover.errors import (
    ImportedLicenceDiffers,
    ImportedLicenceOverlaps,
    ImportedLicenceVanished,
    ImportedNumberTaken,
    ImportedRowInvalid,
)

TODAY = date(2026, 3, 2)


@pytest.fixture
def licensing(licensing: Rig) -> Rig:
    licensing.move(TODAY)
    return licensing


async def test_a_row_becomes_a_chain_from_the_original_to_the_licence_in_force(licensing: Rig) -> None:
    issued = date(2020, 9, 1)
    first = licence("3129", 10, issued, five_years(issued))
    second = licence("3131", 500, date(2022, 5, 10), five_years(issued), replaces=first)
    third = licence("3130", 900, date(2025, 7, 1), date(2030, 9, 1), replaces=second)
    state = row(
        await licensing.known(),
        first,
        changed=second,
        renewed=third,
        violations="Без установени нарушения",
    )
    await licensing.tell(imported(state))
    found = await licensing.licences(sort="issued_on")
    assert [(each["kind"], each["state"]) for each in found] == [
        ("ORIGINAL", "REPLACED"), ("CHANGED", "RENEWED"), ("RENEWED", "ACTIVE"),
    ]  # fmt: skip
    original, change, renewal = found
    assert original["ended_on"] == "2022-05-09"
    assert (change["predecessor_id"], renewal["predecessor_id"]) == (original["id"], change["id"])
    assert renewal["valid_from"] == "2025-09-02"  # the day after its predecessor's last one
    assert {each["origin"] for each in found} == {"IMPORTED"}
    assert renewal["violations"] == "Без установени нарушения"
    for each in found:
        chain = (await licensing.api.get(f"/v1/licences/{each['id']}/chain")).json()["items"]
        assert [link["id"] for link in chain] == [link["id"] for link in found]


async def test_which_licence_is_valid_on_a_day_follows_the_chain(licensing: Rig) -> None:
    issued = date(2020, 9, 1)
    original = licence("3129", 10, issued, five_years(issued))
    change = licence("3131", 500, date(2022, 5, 10), five_years(issued), replaces=original)
    renewal = licence("3130", 900, date(2025, 7, 1), date(2030, 9, 1), replaces=change)
    state = row(await licensing.known(), original, changed=change, renewed=renewal)
    await licensing.tell(imported(state))

    async def valid_on(day: str) -> list[int]:
        return [each["sequence"] for each in await licensing.licences(valid_on=day)]

    assert await valid_on("2020-08-31") == []
    assert await valid_on("2022-05-09") == [10]
    assert await valid_on("2022-05-10") == [500]
    assert await valid_on("2025-09-01") == [500]
    assert await valid_on("2025-09-02") == [900]
    assert await valid_on("2030-09-02") == []


async def test_a_licence_whose_last_day_has_passed_is_taken_over_as_expired(licensing: Rig) -> None:
    ended = licence("3129", 1, date(2021, 3, 1), date(2026, 3, 1))
    last_day = licence("3129", 2, date(2021, 3, 2), TODAY)
    await licensing.tell(
        imported(row(await licensing.known(), ended)), imported(row(await licensing.known(), last_day))
    )
    assert [each["state"] for each in await licensing.licences()] == ["EXPIRED", "ACTIVE"]


async def test_a_row_told_twice_changes_nothing(licensing: Rig) -> None:
    state = row(await licensing.known(), licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1)))
    await licensing.tell(imported(state))
    await licensing.tell(imported(state))
    (found,) = await licensing.licences()
    assert await licensing.log(found["id"]) == ["imported"]


async def test_an_older_version_after_a_newer_one_changes_nothing(licensing: Rig) -> None:
    original = licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1))
    old = row(await licensing.known(), original)
    new = old.model_copy(update={"violations": "Липсва персонал"})
    await licensing.tell(imported(new, version=2))
    await licensing.tell(imported(old))
    (found,) = await licensing.licences()
    assert found["violations"] == "Липсва персонал"


async def test_an_import_with_a_new_column_continues_the_chain(licensing: Rig) -> None:
    original = licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1))
    state = row(await licensing.known(), original)
    await licensing.tell(imported(state))
    change = licence("3131", 7, date(2025, 6, 3), date(2028, 3, 1), replaces=original)
    await licensing.tell(imported(state.model_copy(update={"changed": change}), version=2))
    first, second = await licensing.licences()
    assert (first["state"], second["state"], second["predecessor_id"]) == ("REPLACED", "ACTIVE", first["id"])
    assert await licensing.log(first["id"]) == ["imported", "replaced"]


async def test_a_corrected_column_amends_its_licence(licensing: Rig) -> None:
    state = row(await licensing.known(), licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1)))
    await licensing.tell(imported(state))
    right = state.original.model_copy(update={"valid_until": date(2028, 3, 2)})
    await licensing.tell(imported(state.model_copy(update={"original": right}), version=2))
    (found,) = await licensing.licences()
    assert (found["valid_until"], found["version"]) == ("2028-03-02", 2)
    assert await licensing.log(found["id"]) == ["imported", "amended"]


async def test_new_licences_are_numbered_above_the_highest_imported(licensing: Rig) -> None:
    rows = [
        row(await licensing.known(), licence("3129", number, date(2023, 3, 1), date(2028, 3, 1)))
        for number in (1325, 12)
    ]
    await licensing.tell(*(imported(each) for each in rows))
    await licensing.granted()
    assert [each["sequence"] for each in await licensing.licences()] == [12, 1325, 1326]
    assert (await licensing.licences(sort="-number"))[0]["number"] == "Л-3129-1326/02.03.2026"


async def test_a_row_whose_licences_do_not_follow_each_other_is_refused_not_dropped(licensing: Rig) -> None:
    backwards = licence("3129", 1, date(2023, 3, 1), date(2022, 3, 1))
    with pytest.raises(ImportedRowInvalid, match="ends before it begins"):
        await licensing.tell(imported(row(await licensing.known(), backwards)))
    original = licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1))
    another = licence("3129", 2, date(2023, 3, 1), date(2028, 3, 1))
    elsewhere = licence("3131", 7, date(2025, 6, 3), date(2028, 3, 1), replaces=another)
    alone = licence("3131", 7, date(2025, 6, 3), date(2028, 3, 1))
    for change in (elsewhere, alone):
        with pytest.raises(ImportedRowInvalid, match="follows no licence of the row"):
            await licensing.tell(imported(row(await licensing.known(), original, changed=change)))
    assert await licensing.licences() == []


async def test_two_rows_do_not_give_one_service_overlapping_licences(licensing: Rig) -> None:
    known = await licensing.known()
    first = row(known, licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1)))
    second = row(known, licence("3129", 2, date(2024, 3, 1), date(2029, 3, 1)))
    with pytest.raises(ImportedLicenceOverlaps, match="overlaps with licence Л-3129-1/"):
        await licensing.tell(imported(first), imported(second))
    await licensing.tell(imported(first))
    with pytest.raises(ImportedLicenceOverlaps, match="overlaps"):
        await licensing.tell(imported(second))


async def test_a_licence_number_stands_in_one_row_only(licensing: Rig) -> None:
    original = licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1))
    await licensing.tell(imported(row(await licensing.known(), original)))
    with pytest.raises(ImportedNumberTaken, match="belongs to another row"):
        await licensing.tell(imported(row(await licensing.known(), original)))


async def test_a_licence_does_not_vanish_because_its_column_is_empty(licensing: Rig) -> None:
    original = licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1))
    change = licence("3131", 7, date(2025, 6, 3), date(2028, 3, 1), replaces=original)
    state = row(await licensing.known(), original, changed=change)
    await licensing.tell(imported(state))
    with pytest.raises(ImportedLicenceVanished, match="no longer in the row"):
        await licensing.tell(imported(state.model_copy(update={"changed": None}), version=2))


async def test_a_licence_issued_here_is_recognised_in_the_register(licensing: Rig) -> None:
    known = await licensing.known()
    await licensing.granted(known.id)
    (issued,) = await licensing.licences()
    published = licence("3129", 1, TODAY, date(2031, 3, 2))
    await licensing.tell(imported(row(known, published, violations="Забележка")))
    (found,) = await licensing.licences()
    assert (found["id"], found["origin"], found["violations"]) == (issued["id"], "ISSUED", "Забележка")


async def test_a_licence_issued_here_prevails_over_a_register_that_tells_otherwise(licensing: Rig) -> None:
    known = await licensing.known()
    await licensing.granted(known.id)
    published = licence("3129", 1, TODAY, date(2031, 3, 5))
    with pytest.raises(ImportedLicenceDiffers):
        await licensing.tell(imported(row(known, published)))


async def test_a_bad_row_among_good_ones_lies_in_the_dead_letters_with_its_reason(licensing: Rig) -> None:
    known = await licensing.known()
    good = [row(await licensing.known(), licence("3129", n, date(2023, 3, 1), date(2028, 3, 1))) for n in (1, 2, 3)]
    bad = row(known, licence("3129", 4, date(2023, 3, 1), date(2022, 3, 1)))
    await licensing.consume(*(imported(each) for each in (*good[:2], bad, good[2])))
    assert [each["sequence"] for each in await licensing.licences()] == [1, 2, 3]
    (parked,) = await licensing.api.worker.fetch("SELECT key, reason, detail FROM dead_letter")
    assert (parked["key"], parked["reason"]) == (str(bad.id), "REFUSED")
    assert parked["detail"].startswith("imported_row_invalid")


async def test_a_licence_may_be_told_before_its_service(licensing: Rig) -> None:
    runs = provider()
    of = service(runs)
    await licensing.tell(imported(row(of, licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1)))))
    (found,) = await licensing.licences()
    assert (found["service_name"], found["provider_name"]) == (None, runs.name)


async def test_the_expiry_of_an_imported_licence_fires_after_its_last_day(licensing: Rig) -> None:
    last_day = date(2026, 4, 1)
    state = row(await licensing.known(), licence("3129", 1, date(2021, 4, 1), last_day))
    await licensing.tell(imported(state))
    licensing.move(last_day)
    await licensing.fire()
    assert [each["state"] for each in await licensing.licences()] == ["ACTIVE"]
    licensing.move(last_day + days(1))
    await licensing.fire()
    (found,) = await licensing.licences()
    assert found["state"] == "EXPIRED"
    assert await licensing.log(found["id"]) == ["imported", "expired"]


async def test_a_prolonged_licence_lets_its_former_last_day_pass(licensing: Rig) -> None:
    state = row(await licensing.known(), licence("3129", 1, date(2021, 4, 1), date(2026, 4, 1)))
    await licensing.tell(imported(state))
    later = state.original.model_copy(update={"valid_until": date(2026, 4, 3)})
    await licensing.tell(imported(state.model_copy(update={"original": later}), version=2))
    licensing.move(date(2026, 4, 2))
    assert await licensing.fire() == 1
    assert [each["state"] for each in await licensing.licences()] == ["ACTIVE"]
    licensing.move(date(2026, 4, 4))
    await licensing.fire()
    assert [each["state"] for each in await licensing.licences()] == ["EXPIRED"]


async def test_the_database_itself_refuses_overlapping_live_licences(licensing: Rig) -> None:
    await licensing.granted()
    copy = """INSERT INTO licence SELECT (jsonb_populate_record(l, jsonb_build_object(
                'id', $1::uuid, 'number', 'X', 'valid_from', l.valid_until))).* FROM licence l"""
    with pytest.raises(Exception, match="ex_licence_live"):
        await licensing.api.worker.execute(copy, uuid4())


async def test_an_import_ends_no_licence_that_an_order_decides_about(licensing: Rig) -> None:
    state = row(await licensing.known(), licence("3129", 1, date(2023, 3, 1), date(2028, 3, 1)))
    await licensing.tell(imported(state))
    await licensing.api.worker.execute("UPDATE licence SET state = 'REVOCATION_PENDING'")
    await licensing.tell(imported(state.model_copy(update={"violations": "Ново"}), version=2))
    (found,) = await licensing.licences()
    assert (found["state"], found["violations"]) == ("REVOCATION_PENDING", "Ново")
    refused = await licensing.file(state.service_id)
    assert refused.json()["code"] == "licence_exists"
