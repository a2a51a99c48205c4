"""Step 5: what it all comes to, for a municipality, its oblast, its planning region and the nation."""

from typing import Any

from aksu_local.demo.inspecting import Inspected
from aksu_local.demo.licensing import MUNICIPALITY, Licensed
from aksu_local.demo.stage import Stage


async def report(stage: Stage, *, licensed: Licensed, inspected: Inspected) -> None:
    """GET /v1/territory/{code}/summary of reporting on the four levels."""
    stage.step("5. Report: the territory summary on four levels")
    municipality = await stage.get("registry", f"/v1/territories/{MUNICIPALITY}")
    oblast = await stage.get("registry", f"/v1/territories/{municipality['parent']}")
    before = inspected.before

    async def told() -> dict[str, int]:
        here = await stage.get("reporting", f"/v1/territory/{MUNICIPALITY}/summary")
        nation = await stage.get("reporting", "/v1/territory/BG/summary")
        return {
            "licences": nation["licences"]["total"],
            "active services": nation["services"]["total"],
            "inspections here": here["inspections"]["total"] - before["inspections"]["total"],
            "with prescriptions": here["inspections"]["by_outcome"].get("PRESCRIPTIONS", 0),
            "open prescriptions here": here["prescriptions"]["open"] - before["prescriptions"]["open"],
        }

    # Each topic is as late as it is: what the others hold is waited for, and must then be exactly this.
    await stage.until(
        "what the other services have told",
        told,
        want={
            "licences": licensed.before + 1,
            "active services": await stage.count("registry", "/v1/services?state=ACTIVE"),
            "inspections here": inspected.pushed,
            "with prescriptions": 1,
            "open prescriptions here": 1,
        },
    )
    for code in (MUNICIPALITY, oblast["code"], oblast["parent"]):
        _print(stage, await stage.get("reporting", f"/v1/territory/{code}/summary"))
    nation = await stage.get("reporting", "/v1/territory/BG/summary")
    _print(stage, nation)
    stage.check("fresh_at per source", got=sorted(nation["fresh_at"]), want=["licensing", "monitoring", "registry"])
    await _adds_up(stage, nation)


def _print(stage: Stage, summary: dict[str, Any]) -> None:
    services, licences = summary["services"], summary["licences"]
    share = {row["base"]: row["share"] for row in services["shares"]}
    stage.say(
        f"{summary['territory']['code']:5} {summary['territory']['name_bg']}: "
        f"providers {summary['providers']['working']['total']}, services {services['total']}, "
        f"places {services['places']}; "
        f"state-delegated {_percent(share['services']['state_delegated'])} of services, "
        f"{_percent(share['places']['state_delegated'])} of places; "
        f"private {_percent(share['services']['private'])} of services; "
        f"licences in force {licences['in_force']}, expiring {licences['expiring']}; "
        f"inspections {summary['inspections']['total']}; prescriptions open {summary['prescriptions']['open']}, "
        f"overdue {summary['prescriptions']['overdue']}"
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


async def _adds_up(stage: Stage, nation: dict[str, Any]) -> None:
    """The nation is the sum of its planning regions."""
    children = await stage.get("reporting", "/v1/territory/BG/children/summary")
    for name, whole in (
        ("services", nation["services"]["total"]),
        ("licences_in_force", nation["licences"]["in_force"]),
        ("inspections", nation["inspections"]["total"]),
    ):
        stage.check(f"{name}: sum of the regions", got=sum(child[name] for child in children["items"]), want=whole)
