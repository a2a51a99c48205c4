"""Fail points work where a platform says that it is one of development, and nowhere else."""

import os
import signal
import subprocess
import sys
from typing import Final, get_args

import pytest

from aksu_shared.kernel.environment import DEVELOPMENT, Environment

_PASS: Final = "from aksu_shared.kernel.failpoint import failpoint; failpoint('before_commit'); print('alive')"


def _passed(environment: str | None) -> "subprocess.CompletedProcess[str]":
    """A process that passes its armed seam in a place so called."""
    told = {name: value for name, value in os.environ.items() if not name.startswith("AKSU_")}
    told["AKSU_FAILPOINT"] = "before_commit"
    if environment is not None:
        told["AKSU_ENVIRONMENT"] = environment
    return subprocess.run(
        [sys.executable, "-c", _PASS], env=told, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("environment", sorted(DEVELOPMENT))
def test_an_armed_seam_kills_where_development_is(environment: str) -> None:
    assert _passed(environment).returncode == -signal.SIGKILL


@pytest.mark.parametrize("environment", [None, "", "production", "Production", "local ", "staging"])
def test_nowhere_else_does_a_process_start_with_one(environment: str | None) -> None:
    process = _passed(environment)
    assert process.returncode == 1
    assert "AKSU_FAILPOINT kills processes" in process.stderr


def test_every_other_place_is_production() -> None:
    assert set(get_args(Environment)) - DEVELOPMENT == {"production"}
