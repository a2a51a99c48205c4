"""A service process of the rig: the product's own program, with a witness beside its handlers and a probe for leaks.

Usage: python -m torture.member SERVICE api --host H --port P | worker --health-port P
`AKSU_TORTURE_DOUBLE` names a planted bug that replaces a part before the process starts; only the self-test sets it.
"""

import argparse
import os
import sys
from collections.abc import Coroutine
from dataclasses import replace
from importlib import import_module
from typing import Any

import uvloop

from aksu_shared.commands.settings import load_config
from aksu_shared.config.base import BaseConfig
from aksu_shared.serving.server import serve
from aksu_shared.worker import applying
from aksu_shared.worker.parts import WorkerParts
from aksu_shared.worker.process import run_worker
from torture import doubles
from torture.probe import Probed
from torture.witness import watched

HANDLER_TIMEOUT = 2.0
"""Seconds a handler may take here: a hanging one is parked soon enough for a run of minutes."""


def main(service: str, kind: str, *options: str) -> None:
    """Run one process until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int)
    parser.add_argument("--health-port", type=int)
    given = parser.parse_args(options)
    config: BaseConfig = load_config(f"aksu_{service}.config:{service.capitalize()}Config")
    doubles.plant(os.environ.get("AKSU_TORTURE_DOUBLE", ""))
    if kind == "api":
        app = import_module(f"aksu_{service}.main").create(config)
        serve(Probed(app), host=given.host, port=given.port, health=app.state.health)
    else:
        _patience(HANDLER_TIMEOUT)
        module = import_module(f"aksu_{service}.worker")
        setattr(module, "run_worker", _run_watched)  # noqa: B010 - mypy refuses the plain assignment
        uvloop.run(module.run(config, health_port=given.health_port))


def _run_watched(parts: WorkerParts, config: BaseConfig, *, health_port: int) -> Coroutine[Any, Any, None]:
    return run_worker(replace(parts, handlers=watched(parts.handlers)), config, health_port=health_port)


def _patience(seconds: float) -> None:
    defaults = applying.Applier.__init__.__kwdefaults__
    if defaults is None or "timeout" not in defaults:
        msg = "the applier has no time-out to shorten"
        raise RuntimeError(msg)
    defaults["timeout"] = seconds


if __name__ == "__main__":
    main(*sys.argv[1:])
