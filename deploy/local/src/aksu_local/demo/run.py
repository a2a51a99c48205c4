"""Plays the acts on a fresh platform on free ports, and leaves nothing behind."""

import time
from collections.abc import Awaitable, Callable, Mapping

from rich.console import Console

from aksu_local.demo.main_act import main_act
from aksu_local.demo.stage import Stage, StepFailed
from aksu_local.platform import BusKind, Platform

ACTS: Mapping[str, Callable[[Stage], Awaitable[None]]] = {"main": main_act}
"""Acts in the order they are played; later ones may build on what the earlier left."""


async def play(*, bus: BusKind, act: str | None, visible_within: float = 1.0) -> bool:
    """Play all acts, or one; tell whether every step held. What is pushed must be seen within so many seconds."""
    console = Console()
    started = time.perf_counter()
    console.print(f"A fresh platform on free ports, bus: {bus}")
    async with Platform(bus=bus) as platform:
        console.print(f"ready after {time.perf_counter() - started:.1f} s")
        async with Stage(platform, console, visible_within=visible_within) as stage:
            try:
                for name, perform in ACTS.items():
                    if act in {None, name}:
                        console.rule(f"Act: {name}")
                        await perform(stage)
            except StepFailed:
                console.print(f"\n[red]Stopped after {stage.checks} checks.[/red]")
                return False
            console.print(f"\nAll {stage.checks} checks held, {time.perf_counter() - started:.1f} s.")
    return True
