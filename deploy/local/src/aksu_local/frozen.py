"""Checksums of migrations and of the SQL they share: once landed they are never edited, databases were made by them.

Each folder lists its own in `frozen.sha256`, as `sha256sum` would.
"""

import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LIST: Final = "frozen.sha256"


def folders(*services: str) -> Iterator[Path]:
    """Where the migrations of these services are, and the SQL that all share."""
    yield _package("aksu_shared") / "migrations"
    yield from (_package(f"aksu_{service}") / "migrations/versions" for service in services)


def checksums_of(service: str) -> dict[str, str]:
    """Name → SHA-256 of all that a service's database is made by."""
    return {name: found for folder in folders(service) for name, found in checksums(folder).items()}


def checksums(folder: Path) -> dict[str, str]:
    """Name → SHA-256 of the files that are there."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.suffix in {".py", ".sql"} and file.name != "__init__.py"
    }


def deviations(folder: Path) -> Iterator[str]:
    """A line for each file that is not as listed."""
    listed, found = _listed(folder), checksums(folder)
    for name in sorted(listed.keys() | found.keys()):
        if name not in listed:
            yield f"{folder / name} is not listed: `make freeze` when it is as it shall land"
        elif name not in found:
            yield f"{folder / name} has landed and is gone"
        elif listed[name] != found[name]:
            yield f"{folder / name} has landed and was edited: write a new migration instead"


def freeze(folder: Path, *, edited: bool) -> None:
    """List the files that are not; `edited`: those that differ from the list, or are gone, too."""
    now = checksums(folder)
    kept = now if edited else now | _listed(folder)
    (folder / LIST).write_text("".join(f"{kept[name]}  {name}\n" for name in sorted(kept)), encoding="utf-8")


def _listed(folder: Path) -> dict[str, str]:
    file = folder / LIST
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {name: checksum for checksum, name in (line.split("  ", 1) for line in lines)}


def _package(name: str) -> Path:
    """Folder of a package, found without importing it. Raises ModuleNotFoundError."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{name} is not installed", name=name)
    return Path(spec.origin).parent
