"""One process of a service, api or worker: started, watched, started again when it ends unasked."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from aksu_local.ports import Kind
from aksu_local.process import ProcessDied, end, launch, tail, wait_exit, wait_ready

_BACKOFF: Final = (0.2, 1.0, 2.0, 5.0, 10.0)
"""Seconds before the first, second, … start in a row; the last one repeats."""
_PROBE: Final = 0.1
_STEADY: Final = 30.0
"""A process up for so many seconds is taken as healthy: its next end counts as the first again."""


class ServiceProcess:
    """`<program> api|worker` on `port`, its output in `log`.

    While it is wanted (from `start` to `end`), whatever ends it, `revive` starts it again after a growing pause.
    """

    def __init__(
        self, service: str, kind: Kind, *, program: Path, port: int, log: Path, env: Mapping[str, str]
    ) -> None:
        self.service = service
        self.kind = kind
        self.port = port
        self.log = log
        self.starts = 0
        self._program = program
        self._env = dict(env)
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._started_at = 0.0
        self._next_start: float | None = None
        self._failures = 0

    @property
    def name(self) -> str:
        """`registry-api`."""
        return f"{self.service}-{self.kind}"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id; raises ProcessDied while it does not run."""
        if self._process is None or self._process.poll() is not None:
            msg = f"{self.name} is not running"
            raise ProcessDied(msg)
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process exists, ready or not."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, env: Mapping[str, str] | None = None) -> None:
        """Start it now; `env` is added to its environment from here on. Does nothing when it runs."""
        self._env |= env or {}
        self._wanted = True
        self._next_start = None
        if self.running:
            return
        options = (
            ["--host", "127.0.0.1", "--port", str(self.port)]
            if self.kind == "api"
            else ["--health-port", str(self.port)]
        )
        self._process = launch(
            [self._program, self.kind, *options],
            log=self.log,
            on_parent_death=signal.SIGKILL,  # nobody would be left to insist on a SIGTERM
            env=self._env,
        )
        self._started_at = time.monotonic()
        self.starts += 1

    async def wait_ready(self, *, timeout: float = 60.0) -> None:
        """Wait until `/readyz` says 200. Raises ProcessDied when the process ends first or time runs out."""
        if self._process is None:
            msg = f"{self.name} was not started"
            raise ProcessDied(msg)
        await wait_ready(self._process, self._is_ready, timeout=timeout, log=self.log)

    async def end(self, *, patience: float = 15.0) -> None:
        """SIGTERM, then after `patience` seconds SIGKILL; it stays down until `start`."""
        self._wanted = False
        if self._process is not None:
            self.cont()
            await end(self._process, [(signal.SIGTERM, patience), (signal.SIGKILL, 5.0)])

    async def restart(self, *, env: Mapping[str, str] | None = None) -> None:
        """End it politely, start it and wait until it is ready."""
        await self.end()
        self.start(env=env)
        await self.wait_ready()

    async def kill(self, *, stay_down: bool = False) -> None:
        """SIGKILL, as a crash would. The supervisor starts it again soon unless `stay_down`."""
        self._wanted = self._wanted and not stay_down
        if self._process is not None:
            await end(self._process, [(signal.SIGKILL, 5.0)])

    def stop(self) -> None:
        """SIGSTOP: alive, but nothing moves until `cont`."""
        self._signal(signal.SIGSTOP)

    def cont(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def revive(self) -> bool:
        """Start it again when it ended unasked and its pause is over; called again and again. Whether it did."""
        if not self._wanted or self.running:
            return False
        now = time.monotonic()
        if self._next_start is None:
            self._failures = 0 if now - self._started_at > _STEADY else self._failures
            self._next_start = now + _BACKOFF[min(self._failures, len(_BACKOFF) - 1)]
            self._failures += 1
        if now < self._next_start:
            return False
        self.start()
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.running:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _is_ready(self) -> bool:
        if await http_status(self.port, "/readyz") == 200:  # noqa: PLR2004 - OK
            return True
        await asyncio.sleep(_PROBE)  # while all start at once, each probe takes CPU from what it waits for
        return False


async def http_status(port: int, path: str, *, timeout: float = 2.0) -> int | None:
    """The status of `GET path` on 127.0.0.1, or None without an answer.

    By hand: an HTTP client library would double the memory of the supervisor, which asks nothing else.
    """
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                line = await reader.readline()
                return int(line.split()[1])
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, IndexError):
        return None


def program(service: str) -> Path:
    """The service's command-line program, beside our own Python."""
    return Path(sys.executable).with_name(f"aksu-{service}")


async def migrate(service: str, program: Path, *, log: Path, env: Mapping[str, str]) -> None:
    """Bring the service's database to this build's schema. Raises ProcessDied with the end of its log."""
    migration = launch([program, "migrate"], log=log, on_parent_death=signal.SIGTERM, env=env)
    try:
        finished = await wait_exit(migration, timeout=120.0)
    finally:
        await end(migration, [(signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)])
    if not finished or migration.returncode != 0:
        msg = f"migrating {service} failed with code {migration.returncode}:\n{tail(log)}"
        raise ProcessDied(msg)
