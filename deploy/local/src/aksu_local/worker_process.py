"""A worker as a process of its own, for tests that signal and kill it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from aksu_local.databases import ServiceUrls
from aksu_local.process import ProcessDied, free_port


class WorkerProcess:
    """`worker_member` of a service, started, signalled, ended; its log is kept for the failing test's message."""

    def __init__(self, service: str, urls: ServiceUrls, *, bus_url: str, log: Path) -> None:
        self.service = service
        self.log = log
        self.health = f"http://127.0.0.1:{(port := free_port())}"
        self._command = (sys.executable, "-m", "aksu_local.worker_member", service, str(port))
        self._env = {
            "PATH": os.environ["PATH"],
            "AKSU_ENVIRONMENT": "test",
            "AKSU_DATABASE_URL": urls.runtime,
            "AKSU_WORKER_DATABASE_URL": urls.worker,
            "AKSU_BUS_URL": bus_url,
            "AKSU_OIDC_ISSUER": "http://issuer.test",
            "AKSU_OIDC_AUDIENCE": f"aksu-{service}",
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, **env: str) -> None:
        """Start it, with these settings besides."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=self._env | env, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def ended(self, *, within: float) -> int:
        """Its exit code, as soon as it has ended; raises TimeoutError."""
        if self._process is None:
            raise ProcessDied("not started")
        async with asyncio.timeout(within):
            return await self._process.wait()

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def end(self) -> None:
        """Kill it if it runs."""
        if self.runs:
            self.signal(signal.SIGKILL)
            await self.ended(within=5)
