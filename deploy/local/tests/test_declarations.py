"""What features declare is used, stands once, and is joined as it stands."""

import re
from pathlib import Path

import pytest

from aksu_local import declarations
from aksu_local.contracts import application_of
from aksu_local.databases import SERVICES
from aksu_local.declarations import joined
from aksu_local.folder import PROJECT
from aksu_shared.kernel.declared import declared
from aksu_shared.web.routing import StrictRoute

_LITERAL = re.compile(r'"([a-z_]+(?:\.[a-z_]+)*)"')


@pytest.fixture(scope="module")
def literals() -> frozenset[str]:
    """Every text of identifier's form that stands in the code of services and of what is shared."""
    sources = [*(PROJECT / "shared/src").rglob("*.py"), *(PROJECT / "services").glob("*/src/**/*.py")]
    return frozenset(name for path in sources for name in _LITERAL.findall(path.read_text(encoding="utf-8")))


def test_the_joined_files_are_what_the_features_declare() -> None:
    for path, text in joined().items():
        assert (PROJECT / path).read_text(encoding="utf-8") == text, f"{path}: run `make contracts`"


def test_every_right_is_asked_for(literals: frozenset[str]) -> None:
    of_routes = {
        right
        for service in SERVICES
        for route in application_of(service).routes
        if isinstance(route, StrictRoute)
        for right in route.rights
    }
    assert declared("permissions")["actions"].keys() - of_routes - literals == set()


def test_every_code_list_is_named(literals: frozenset[str]) -> None:
    assert declared("codelists").keys() - literals == set()


def test_every_legal_term_is_counted(literals: frozenset[str]) -> None:
    assert {row["key"] for row in declared("terms")["term"]} - literals == set()


def _feature(root: Path, name: str, kind: str, text: str) -> None:
    folder = root / "services/registry/src/aksu_registry" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{kind}.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            "permissions",
            '[actions]\n"registry.thing.read" = { public = ["any"] }\n[basis]\n"registry.thing.read" = "чл. 1"\n',
        ),
        ("codelists", '[things]\nONE = { bg = "Едно", en = "One" }\n'),
        (
            "terms",
            '[[term]]\nkey = "thing.term"\nunit = "day"\nlength = 1\nlegal_basis = "чл. 1"\nbg = "а"\nen = "a"\n',
        ),
    ],
)
def test_what_two_features_declare_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, text: str
) -> None:
    monkeypatch.setattr(declarations, "PROJECT", tmp_path)
    _feature(tmp_path, "one", kind, text)
    assert "thing" in joined()[declarations.JOINED / f"{kind}.toml"]
    _feature(tmp_path, "two", kind, text)
    with pytest.raises(ValueError, match=r"services/registry/src/aksu_registry/two"):
        joined()


@pytest.mark.parametrize(
    "text",
    [
        '[actions]\n"registry.thing.read" = { public = ["any"] }\n',
        '[basis]\n"registry.thing.read" = "чл. 1"\n',
    ],
)
def test_a_right_without_an_article_and_an_article_without_a_right_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(declarations, "PROJECT", tmp_path)
    _feature(tmp_path, "one", "permissions", text)
    with pytest.raises(ValueError, match=r"registry\.thing\.read.*article"):
        joined()


def test_a_right_is_named_after_the_service_that_declares_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declarations, "PROJECT", tmp_path)
    _feature(tmp_path, "one", "permissions", '[actions]\n"licensing.thing.read" = { public = ["any"] }\n')
    with pytest.raises(ValueError, match="begin with another name than registry"):
        joined()
