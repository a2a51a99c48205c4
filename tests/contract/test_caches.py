"""No cache grows with what callers choose: whatever is remembered by an argument states how much of it at most."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROJECT: Final = Path(__file__).parents[2]
_SOURCES: Final = sorted([*_PROJECT.glob("shared/src/**/*.py"), *_PROJECT.glob("services/*/src/**/*.py")])
_UNBOUNDED: Final = frozenset({"cache", "functools.cache"})
_BOUNDED: Final = frozenset({"lru_cache", "functools.lru_cache"})


def _of_no_size(tree: ast.AST) -> Iterator[str]:
    """Functions remembered by their arguments, for ever."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = function.args
        given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        by_argument = any(each is not None and each.arg != "cls" for each in given)
        if by_argument and any(not _states_a_size(each) for each in function.decorator_list):
            yield function.name


def _states_a_size(decorator: ast.expr) -> bool:
    """Whether it is no cache, or one with a number of entries."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = ast.unparse(call.func if call else decorator)
    if name in _UNBOUNDED:
        return False
    if name not in _BOUNDED:
        return True
    sizes = [*call.args, *(each.value for each in call.keywords if each.arg == "maxsize")] if call else []
    return bool(sizes) and not (isinstance(sizes[0], ast.Constant) and sizes[0].value is None)


def test_whatever_is_remembered_by_an_argument_states_how_much_of_it() -> None:
    assert len(_SOURCES) > 100
    found = {
        str(file.relative_to(_PROJECT)): names
        for file in _SOURCES
        if (names := list(_of_no_size(ast.parse(file.read_text(encoding="utf-8")))))
    }
    assert found == {}


def test_the_search_finds_what_it_is_for() -> None:
    source = """
@cache
def bad(x): ...
@lru_cache
def worse(*, x): ...
@lru_cache(maxsize=None)
def worst(*x): ...
@cache
def fine(): ...
@lru_cache(maxsize=1)
def good(x): ...
"""
    assert list(_of_no_size(ast.parse(source))) == ["bad", "worse", "worst"]
