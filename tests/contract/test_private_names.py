"""No private name of a library is used outside `aksu_shared.pinned`.

ruff refuses `thing._name` and `from library import _name`; it cannot see that `self._name` is the name of a library's
class from which ours inherits, to read or to overwrite.
"""

import ast
import inspect
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

import asyncpg

PACKAGES: Final = ("aksu_shared", "aksu_registry", "aksu_licensing", "aksu_monitoring", "aksu_reporting", "aksu_local")


def classes() -> Iterator[type[Any]]:
    """The classes of our packages that inherit from a library's."""
    for package in PACKAGES:
        found = import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            if ".migrations." in module.name or module.name.endswith("__main__"):
                continue
            for thing in vars(import_module(module.name)).values():
                if inspect.isclass(thing) and thing.__module__ == module.name and any(of_library(thing)):
                    yield thing


def of_library(cls: type[Any]) -> Iterator[type[Any]]:
    """Its ancestors that are a library's."""
    for base in cls.__mro__:
        origin = base.__module__.partition(".")[0]
        if origin not in PACKAGES and origin not in sys.stdlib_module_names:
            yield base


def written(cls: type[Any]) -> frozenset[str]:
    """The private names in the source of a class: those it defines, and those it takes from itself or its instances."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError):  # compiled, or made at run time
        return frozenset()
    names = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"self", "cls", "super()"}
    }
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return frozenset(filter(_private, names))


def inherited(base: type[Any], known: dict[type[Any], frozenset[str]] = {}) -> frozenset[str]:  # noqa: B006 - kept
    """The private names of a library's class, read once."""
    if base not in known:
        known[base] = written(base) | frozenset(filter(_private, vars(base)))
    return known[base]


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def taken(cls: type[Any]) -> frozenset[str]:
    """The private names of a library that our class uses or overwrites."""
    theirs: set[str] = set()
    for base in of_library(cls):
        theirs |= inherited(base)
    return written(cls) & theirs


def test_no_class_of_ours_uses_a_private_name_that_it_inherits_from_a_library() -> None:
    found = {f"{cls.__module__}.{cls.__qualname__}": names for cls in classes() if (names := taken(cls))}
    assert found == {}


def test_such_a_use_would_be_found() -> None:
    class Short(asyncpg.Pool):  # type: ignore[misc]  # asyncpg brings no types
        async def _acquire(self, timeout: float | None) -> Any:
            return self._queue.get_nowait(timeout)

    assert taken(Short) == {"_acquire", "_queue"}
