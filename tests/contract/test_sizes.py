"""A function fits on a screen, a file is read in one sitting."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).parents[2]
SOURCES: Final = sorted(
    [
        *(PROJECT / "shared/src").rglob("*.py"),
        *(PROJECT / "deploy/local/src").rglob("*.py"),
        *PROJECT.glob("services/*/src/**/*.py"),
    ]
)
LINES_OF_A_FILE: Final = 300
LINES_OF_A_FUNCTION: Final = 40
"""Without its docstring."""


def long_functions(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            if lines > LINES_OF_A_FUNCTION:
                yield f"{node.name}: {lines}"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_file_and_no_function_is_too_long(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    assert text.count("\n") <= LINES_OF_A_FILE
    assert list(long_functions(text)) == []


def test_a_long_function_is_noticed() -> None:
    text = "def f():\n    '''What it does.'''\n" + "    x = 1\n" * (LINES_OF_A_FUNCTION + 1)
    assert list(long_functions(text)) == [f"f: {LINES_OF_A_FUNCTION + 1}"]
