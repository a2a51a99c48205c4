"""Child processes the rig owns: started tied to us, waited for without blocking the event loop."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TETHER: Final = Path(__file__).with_name("tether.py")
_POLL: Final = 0.02


class ProcessDied(Exception):
    """A child ended before it was ready, or refused to end; the message carries the tail of its log."""


@dataclass(frozen=True, slots=True)
class User:
    """The user a child runs as."""

    uid: int
    gid: int


def launch(
    program: Sequence[str | Path],
    *,
    log: Path,
    on_parent_death: signal.Signals,
    user: User | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `program` (first item an absolute path) in a session of its own, output appended to `log`.

    A session of its own: Ctrl-C in a terminal must reach only us, so that we choose the order in which
    things stop. The kernel ties the child to the *thread* that calls this: call it from the main thread.
    """
    uid, gid = (user.uid, user.gid) if user else (-1, -1)
    tether = [
        sys.executable,
        "-I",
        "-S",
        str(_TETHER),
        str(os.getpid()),
        str(int(on_parent_death)),
        str(uid),
        str(gid),
        "--",
    ]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*tether, *(str(part) for part in program)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
        )


async def wait_exit(process: subprocess.Popen[bytes], *, timeout: float) -> bool:
    """Whether the process ended within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_POLL)
    return True


async def end(process: subprocess.Popen[bytes], signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn, waiting its seconds for the end; raises ProcessDied if none of them helps."""
    for number, patience in signals:
        if process.poll() is None:
            process.send_signal(number)
        if await wait_exit(process, timeout=patience):
            return
    msg = f"process {process.pid} does not end"
    raise ProcessDied(msg)


async def wait_ready(
    process: subprocess.Popen[bytes],
    ready: Callable[[], Awaitable[bool]],
    *,
    timeout: float,
    log: Path,
) -> None:
    """Poll `ready` until it is true; raises ProcessDied when the process ends first or time runs out."""
    deadline = time.monotonic() + timeout
    while not await ready():
        if process.poll() is not None:
            msg = f"{log.stem} ended with code {process.returncode}:\n{tail(log)}"
            raise ProcessDied(msg)
        if time.monotonic() > deadline:
            msg = f"{log.stem} is not ready after {timeout:.0f} s:\n{tail(log)}"
            raise ProcessDied(msg)
        await asyncio.sleep(_POLL)


def tail(log: Path, *, lines: int = 15) -> str:
    """The last lines of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


async def accepts(port: int) -> bool:
    """Whether somebody listens on the TCP port of 127.0.0.1."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
