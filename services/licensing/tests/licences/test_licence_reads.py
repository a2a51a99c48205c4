"""Lists of licences: their filters, pages, and which of them are expiring."""

from datetime import date

import pytest
from licensing_rig import Rig, three_licences

TODAY = date(2026, 3, 2)


@pytest.fixture
async def licensing(licensing: Rig) -> Rig:
    """Four imported licences, one the successor of another."""
    licensing.move(TODAY)
    await three_licences(licensing)
    return licensing


FILTERED: list[tuple[dict[str, str], list[int]]] = [
    ({"municipality": "BLG01"}, [1, 2]),
    ({"oblast": "BLG"}, [1, 2, 3]),
    ({"provider_body": "PROVIDER:175229303"}, [1, 2]),
    ({"state": "EXPIRED"}, [4]),
    ({"state": "ACTIVE"}, [2, 3]),
    ({"number": "Л-3129-3/10.05.2021"}, [3]),
    ({"expiring_before": "2026-05-10"}, []),
    ({"expiring_before": "2026-05-11"}, [3]),
    ({"valid_on": "2024-05-09"}, [1, 3, 4]),
    ({"valid_on": "2024-05-10"}, [2, 3, 4]),
    ({"valid_on": "2024-05-10", "oblast": "BLG", "state": "ACTIVE"}, [2, 3]),
]
"""Query → sequence numbers found."""


async def test_licences_are_filtered(licensing: Rig) -> None:
    for query, sequences in FILTERED:
        assert [each["sequence"] for each in await licensing.licences(**query)] == sequences, query
    (first, *_) = await licensing.licences()
    for name in ("service_id", "place_id"):
        assert [each["sequence"] for each in await licensing.licences(**{name: first[name]})] == [1, 2], name


async def test_pages_follow_each_other_without_gap_or_repetition(licensing: Rig) -> None:
    for sort in ("number", "-issued_on", "valid_until", "-municipality"):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": 1, "sort": sort} | ({"cursor": cursor} if cursor else {})
            page = (await licensing.api.client.get("/v1/licences", params=query)).json()
            seen += [each["id"] for each in page["items"]]
            cursor = page["next"]
        assert len(seen) == len(set(seen)) == 4, sort
        assert seen == [each["id"] for each in await licensing.licences(sort=sort)]


async def test_a_licence_is_expiring_in_the_last_three_months_of_legal_time(licensing: Rig) -> None:
    async def expiring() -> list[int]:
        return [each["sequence"] for each in await licensing.licences() if each["expiring"]]

    licensing.move(date(2026, 2, 9))
    assert await expiring() == []
    licensing.move(date(2026, 2, 10))
    assert await expiring() == [3]
    licensing.move(date(2026, 5, 10))
    assert await expiring() == [3]
    licensing.move(date(2026, 5, 11))
    assert await expiring() == []
