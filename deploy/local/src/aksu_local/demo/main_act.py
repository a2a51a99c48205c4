"""The main act: from the register to a regional report."""

from aksu_local.demo.importing import import_register, register_licence_free
from aksu_local.demo.inspecting import push_inspection
from aksu_local.demo.licensing import licence_a_service
from aksu_local.demo.reporting import report
from aksu_local.demo.stage import Stage
from aksu_local.demo.territory import show_territory


async def main_act(stage: Stage) -> None:
    """Territory, import, licence, inspection, report. Raises StepFailed."""
    await show_territory(stage)
    imported = await import_register(stage)
    await register_licence_free(stage)
    licensed = await licence_a_service(stage, imported=imported)
    inspected = await push_inspection(stage, licensed=licensed)
    await report(stage, licensed=licensed, inspected=inspected)
