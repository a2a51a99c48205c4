"""`make mutants` changes what is there: of code that moved it would find out late, or never."""

import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SHARED: Final = ROOT / "shared"
PLANTED: Final = tomllib.loads((ROOT / "tests/mutation/planted.toml").read_text(encoding="utf-8"))["mutant"]
WORKSPACE: Final = tomllib.loads((ROOT / "tests/mutation/workspace/pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: f"{mutant['file']} {mutant['replace']}")
def test_a_planted_mutant_fits_the_code_in_one_place_and_has_its_tests(mutant: dict[str, Any]) -> None:
    code = (SHARED / "src/aksu_shared" / mutant["file"]).read_text(encoding="utf-8")
    assert code.count(mutant["find"]) == 1
    assert mutant["replace"] != mutant["find"]
    assert mutant["tests"]
    assert [test for test in mutant["tests"] if not (SHARED / "tests" / test).exists()] == []


def test_every_test_that_is_to_notice_is_copied_and_there() -> None:
    copied = set(_tests_of_the_run())
    assert [test for test in copied if not (SHARED / "tests" / test).exists()] == []
    assert {test for mutant in PLANTED for test in mutant["tests"]} - copied == set()


def _tests_of_the_run() -> tuple[str, ...]:
    """What `make mutants` copies; its module is loaded as a file, as it lies in no package."""
    spec = spec_from_file_location("mutation_run", ROOT / "tests/mutation/run.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tests/mutation"))
        spec.loader.exec_module(module)
    tests: tuple[str, ...] = module.TESTS
    return tests


def test_every_module_to_be_mutated_is_there() -> None:
    modules = WORKSPACE["tool"]["mutmut"]["only_mutate"]
    assert [module for module in modules if not (SHARED / module).exists()] == []
