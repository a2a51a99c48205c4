"""The figures themselves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from security_figures import BARS, FIGURES, FILE_VARIABLE, Figures, beyond_bars

RUNNER = Path(__file__).parent / "run.py"


def test_counts_add_up_and_of_ratios_the_worst_stays() -> None:
    figures = Figures()
    for name, value in (("cells", 3), ("cells", 4), ("goodput_ratio", 0.9), ("goodput_ratio", 0.8)):
        figures.record(name, value)
    figures.record("goodput_ratio", 0.95)
    assert figures.recorded == {"cells": 7, "goodput_ratio": 0.8}


def test_a_figure_nobody_declared_is_refused() -> None:
    with pytest.raises(KeyError):
        Figures().record("sells", 1)


def test_a_figure_above_its_bar_fails_the_run() -> None:
    assert BARS.keys() <= FIGURES.keys()
    assert beyond_bars(dict(BARS)) == beyond_bars({}) == []
    for name, bar in BARS.items():
        assert beyond_bars({name: bar + 0.1}) == [f"{name} is {bar + 0.1}, above {bar}"]


def test_the_run_ends_with_every_figure_on_one_line() -> None:
    here = f"{__file__}::test_counts_add_up_and_of_ratios_the_worst_stays"
    environment = {name: value for name, value in os.environ.items() if name != FILE_VARIABLE}
    run = subprocess.run(
        [sys.executable, str(RUNNER), here, "-q"], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert json.loads(run.stdout.splitlines()[-1]).keys() == FIGURES.keys()
