"""Stand-ins for the services' programs: for rules about processes, whatever runs in them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str], Path]:
    """`stand_in(service)`: the path of an executable with the command line of `aksu-<service>`."""

    def make(service: str) -> Path:
        program = tmp_path / f"aksu-{service}"
        program.write_text(f"#!{sys.executable}\n{Path(__file__).with_name('stand_in.py').read_text()}")
        program.chmod(0o755)
        return program

    return make
