"""Step 1: the real territory and the bodies of the three levels."""

from collections import Counter
from typing import Any

from aksu_local.demo.stage import Stage

REGIONS = {"BG31": 51, "BG32": 36, "BG33": 35, "BG34": 33, "BG41": 52, "BG42": 58}
"""Municipalities per planning region (NUTS 2)."""
CENSUS = {"population": 6_519_789, "age0_14": 917_722, "age65plus": 1_532_667}
"""Persons, Census 07.09.2021."""
OBLASTS = 28


async def show_territory(stage: Stage) -> None:
    """GET /v1/territories and /v1/bodies of the registry."""
    stage.step("1. Territory: registry starts with the real one")

    async def all_of(level: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor = ""
        while cursor is not None:
            query = f"/v1/territories?level={level}&limit=200" + (f"&cursor={cursor}" if cursor else "")
            page = await stage.get("registry", query)
            items, cursor = items + page["items"], page["next"]
        return items

    async def municipality_count() -> int:
        return len(await all_of("MUNICIPALITY"))

    await stage.until("municipalities", municipality_count, want=sum(REGIONS.values()))
    oblasts, municipalities = await all_of("OBLAST"), await all_of("MUNICIPALITY")
    stage.check("oblasts", got=len(oblasts), want=OBLASTS)
    region_of = {oblast["code"]: oblast["parent"] for oblast in oblasts}
    per_region = Counter(region_of[municipality["parent"]] for municipality in municipalities)
    stage.check("municipalities per planning region", got=dict(sorted(per_region.items())), want=REGIONS)
    sums = {name: sum(municipality[name] for municipality in municipalities) for name in CENSUS}
    stage.check("Census 2021, summed over municipalities", got=sums, want=CENSUS)
    for level, count in (("NATIONAL", 3), ("OBLAST", 2 * OBLASTS), ("MUNICIPALITY", sum(REGIONS.values()))):
        found = await stage.count("registry", f"/v1/bodies?level={level}")
        stage.check(f"bodies of level {level}", got=found, want=count)
