"""A licence's last day."""

from datetime import date

from licensing_rig import Rig


async def test_a_granted_licence_expires_five_years_later(licensing: Rig) -> None:
    licensing.move(date(2025, 2, 10))
    await licensing.granted()
    licensing.move(date(2030, 2, 10))
    await licensing.fire()
    assert [each["state"] for each in await licensing.licences()] == ["ACTIVE"]
    licensing.move(date(2030, 2, 11))
    await licensing.fire()
    (found,) = await licensing.licences()
    assert (found["state"], found["valid_until"]) == ("EXPIRED", "2030-02-10")


async def test_a_licence_renewed_meanwhile_does_not_expire(licensing: Rig) -> None:
    licensing.move(date(2025, 2, 10))
    licence = str((await licensing.granted())["licence_id"])
    await licensing.api.worker.execute("UPDATE licence SET state = 'RENEWED'")
    licensing.move(date(2030, 2, 11))
    await licensing.fire()
    assert [each["state"] for each in await licensing.licences()] == ["RENEWED"]
    assert await licensing.log(licence) == ["issued"]
