"""The folder a platform lives in: where its parts keep their data, who holds it, and what it was made with."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parents[4]
"""The checkout; this package is always installed editable."""


class FolderBusy(Exception):
    """Another platform runs in the folder."""


def default_folder() -> Path:
    """`AKSU_HOME`, or `.run` in the checkout."""
    return Path(os.environ.get("AKSU_HOME") or PROJECT / ".run").absolute()


class Folder:
    """Paths of one platform's folder, made when needed."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.postgres = self.root / "postgres"
        self.kafka = self.root / "kafka"
        self.keys = self.root / "keys"
        self.tokens = self.root / "tokens"
        self.logs = self.root / "logs"
        self.clock = self.root / "clock"
        self.heads = self.root / "log_heads"
        self.platform = self.root / "platform.json"
        self._made = self.root / "made.json"

    @contextmanager
    def held(self, *, fresh: bool) -> Iterator[None]:
        """Hold the folder for this process, its data deleted first when `fresh`. Raises FolderBusy."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                msg = f"a platform already runs in {self.root}; stop it first, or set AKSU_HOME to another folder"
                raise FolderBusy(msg) from None
            self.platform.unlink(missing_ok=True)
            if fresh:
                self._forget_data()
            self.logs.mkdir(exist_ok=True)
            yield
            self.platform.unlink(missing_ok=True)

    def running(self) -> Mapping[str, Any] | None:
        """What the platform running here wrote about itself: addresses, process ids, files; None when none runs."""
        try:
            with (self.root / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(self.platform)
        except FileNotFoundError:
            pass
        return None  # whatever is written there is what a killed platform left behind

    def write_platform(self, description: Mapping[str, Any]) -> None:
        """For `token`, `clock` and whoever wants to find the platform; gone when it stops."""
        _write(self.platform, description)

    def made(self) -> Mapping[str, Any]:
        """What earlier starts did here: the bus, the migrations applied, whether the sample data is in."""
        return _read(self._made) or {}

    def remember(self, **facts: object) -> None:
        """Add to `made`."""
        _write(self._made, {**self.made(), **facts})

    def _forget_data(self) -> None:
        # By name: AKSU_HOME may be a folder that holds other things. The keys stay, so do tokens made with them.
        for folder in (self.postgres, self.kafka, self.logs):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.clock, self.heads, self._made):
            file.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return document


def _write(file: Path, document: Mapping[str, Any]) -> None:
    draft = file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    draft.replace(file)
