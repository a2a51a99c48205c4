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
    summaries: dict[str, dict[str, Any]] = {}
    for code in (MUNICIPALITY, oblast["code"], oblast["parent"], "BG"):
        summaries[code] = summary = await stage.get("reporting", f"/v1/territory/{code}/summary")
        _print(stage, summary)
    here, nation = summaries[MUNICIPALITY], summaries["BG"]
    stage.check("licences in all", got=nation["licences"]["total"], want=licensed.before + 1)
    services = await stage.count("registry", "/v1/services?state=ACTIVE")
    stage.check("active services, as many as the registry lists", got=nation["services"]["total"], want=services)
    opened = here["prescriptions"]["open"] - inspected.before["prescriptions"]["open"]
    stage.check("open prescriptions by this inspection", got=opened, want=1)
    outcomes = here["inspections"]["by_outcome"]
    stage.check("inspections closed with prescriptions", got=outcomes.get("PRESCRIPTIONS"), want=1)
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
