"""A full disk: PostgreSQL's files on a file system of 256 MiB, filled to the last byte under load, then freed."""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from aksu_local.process import ProcessDied
from torture.drama import Drama
from torture.tier import Tier

TIER: Final = Tier(name="disk full", singles=200, pushed=300, kills=0, seconds=100, full=False, clients=6)
SETTINGS: Final = {"max_wal_size": "48MB", "min_wal_size": "32MB"}
"""The log of a small disk."""
MEGABYTES: Final = 256
_ROUNDS: Final = 2
_FULL: Final = 5.0
_CHUNK: Final = bytes(1 << 20)


class NoSmallDisk(Exception):
    """No such file system can be made here; the message says why."""


@contextmanager
def small_disk() -> Iterator[Path]:
    """A platform's folder whose `postgres` lies on a file system of its own. Raises NoSmallDisk."""
    folder = Path(tempfile.mkdtemp(prefix="aksu-disk-"))
    folder.chmod(0o711)
    mount = folder / "postgres"
    mount.mkdir()
    program = shutil.which("mount")
    if program is None:
        raise NoSmallDisk("there is no mount program")
    options = ["-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=711", "tmpfs", str(mount)]
    done = subprocess.run([program, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoSmallDisk(done.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(mount)], check=False)  # noqa: S607 - beside `mount`
        shutil.rmtree(folder, ignore_errors=True)


class FullDisk(Drama):
    """Twice: no byte left for a while, then all of it back."""

    async def play(self, *, until: float) -> None:
        """Fill, wait, free, and see a write come through."""
        for number in range(_ROUNDS):
            if time.monotonic() > until:
                self.seams.missed.append(f"round {number + 1} of the full disk")
                return
            await asyncio.sleep(3)
            began = time.monotonic()
            await self._fill()
            self.faults.done["disk full"] += 1
            await self.nemesis.endured("disk full", began)
        self._rounds = self.tier.rounds

    def facts(self) -> dict[str, Any]:
        """How often the server itself said that its disk was full, besides."""
        log = self.rig.platform.postgres.log.read_text(errors="replace")
        return {**super().facts(), "no_space_left": log.count("No space left on device")}

    async def _fill(self) -> None:
        ballast = self.rig.platform.folder.postgres / "ballast"
        filling = asyncio.create_task(self._keep_full(ballast))
        await asyncio.sleep(_FULL)
        filling.cancel()
        with suppress(asyncio.CancelledError):
            await filling
        ballast.unlink()
        await asyncio.sleep(1)
        try:
            _ = self.rig.platform.postgres.pid
        except ProcessDied:  # it gave up, as it says it does when it cannot write its log
            await self.rig.platform.postgres.start()

    async def _keep_full(self, ballast: Path) -> None:
        """Take every byte that is left, again and again: what the server frees is taken too."""
        with ballast.open("ab", buffering=0) as file:
            while True:
                try:
                    file.write(_CHUNK)
                except OSError:
                    await asyncio.sleep(0.02)
