"""A real Kafka broker of our own: one KRaft node, its jars fetched once through `deploy/kafka/pom.xml`."""

import asyncio
import fcntl
import shutil
import signal
import subprocess
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Final, Self

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from aksu_local.process import ProcessDied, accepts, end, free_port, launch, wait_ready

DEPLOY: Final = Path(__file__).resolve().parents[3] / "kafka"
"""`deploy/kafka` of the checkout; this package is always installed editable."""
CLUSTER_ID: Final = "YWtzdS1sb2NhbC1rYWZrYQ"
_JAVA: Final = ("-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
"""Made to start fast on a small machine: the quick compiler alone halves the processor time of a start."""


class ToolMissing(Exception):
    """Java or Maven is not installed; the message says what to install."""


class Kafka:
    """One broker and its folder: `data/`, `server.properties`, `kafka.log`. An object keeps its ports over restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "kafka.log"
        self.port = free_port()
        self.advertised_port = self.port
        """Where clients are told to go: set it before `start` to send them through a proxy."""
        self._controller_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The bus URL of this broker."""
        return f"kafka://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The JVM's process id; raises ProcessDied when it does not run."""
        if self._process is None or self._process.poll() is not None:
            msg = "kafka is not running"
            raise ProcessDied(msg)
        return self._process.pid

    async def start(self, *, timeout: float = 90.0) -> None:
        """Fetch the jars and format the folder where needed, start the broker and wait until it answers."""
        if self._process is not None and self._process.poll() is None:
            return
        classpath = await ensure_jars()
        properties = self._write_properties()
        if not (self.folder / "data" / "meta.properties").exists():
            await self._format(classpath, properties)
        self._process = launch(
            [_tool("java"), *_JAVA, *_logging(), "-cp", classpath, "kafka.Kafka", properties],
            log=self.log,
            on_parent_death=signal.SIGKILL,
            cwd=self.folder,
        )
        try:
            await wait_ready(self._process, self._answers, timeout=timeout, log=self.log)
        except ProcessDied:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Controlled shutdown; SIGKILL when it takes too long."""
        if self._process is not None:
            await end(self._process, [(signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0)])
        self._process = None

    async def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            await end(self._process, [(signal.SIGKILL, 10.0)])
        self._process = None

    async def restart(self) -> None:
        """Stop and start on the same data and port."""
        await self.stop()
        await self.start()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    def _write_properties(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        template = Template((DEPLOY / "server.properties").read_text())
        properties = self.folder / "server.properties"
        ports = {"port": self.port, "advertised_port": self.advertised_port, "controller_port": self._controller_port}
        values = {**ports, "data": self.folder / "data"}
        properties.write_text(template.substitute(values))
        return properties

    async def _format(self, classpath: str, properties: Path) -> None:
        await _run(
            [
                *(_tool("java"), *_JAVA, *_logging(), "-cp", classpath, "kafka.tools.StorageTool"),
                *("format", "--cluster-id", CLUSTER_ID, "--config", str(properties)),
            ],
            cwd=self.folder,
        )

    async def _answers(self) -> bool:
        """Whether the broker is registered and serves metadata; an open port alone comes too early."""
        if not await accepts(self.port):
            return False
        client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{self.port}", request_timeout_ms=2_000)
        try:
            await client.bootstrap()
            return bool(client.cluster.brokers())
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await client.close()


async def ensure_jars() -> str:
    """The broker's class path; fetches the jars (43 MB, once) through Maven. Raises ToolMissing, ProcessDied."""
    libs = DEPLOY / "libs"
    _tool("java")
    (DEPLOY / "target").mkdir(exist_ok=True)
    with (DEPLOY / "target" / "lock").open("w") as lock:
        # Another test run may be fetching them at this moment.
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        if not libs.exists():
            fresh = DEPLOY / "target" / "libs"
            shutil.rmtree(fresh, ignore_errors=True)
            goal = ["dependency:copy-dependencies", f"-DoutputDirectory={fresh}", "-DincludeScope=runtime"]
            await _run([_tool("mvn"), "--batch-mode", "--quiet", "--file", str(DEPLOY / "pom.xml"), *goal], cwd=DEPLOY)
            fresh.rename(libs)
    return f"{libs}/*"


async def _run(command: list[str], *, cwd: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        msg = f"{Path(command[0]).name} failed:\n{output.decode(errors='replace')[-2000:]}"
        raise ProcessDied(msg)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        msg = f"{name} is missing: install it with `apt-get install -y openjdk-17-jre-headless maven`"
        raise ToolMissing(msg)
    return found


def _logging() -> list[str]:
    return [f"-Dlog4j2.configurationFile={DEPLOY / 'log4j2.properties'}"]
