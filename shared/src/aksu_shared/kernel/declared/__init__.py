"""What all features declare — rights, code lists, legal terms —, joined from their files by `make contracts`."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Literal


def text(kind: Literal["permissions", "codelists", "terms"]) -> str:
    """The joined file as it stands."""
    return resources.files(__package__).joinpath(f"{kind}.toml").read_text(encoding="utf-8")


@lru_cache(maxsize=3)
def declared(kind: Literal["permissions", "codelists", "terms"]) -> Mapping[str, Any]:
    """The joined file, read once."""
    return tomllib.loads(text(kind))
