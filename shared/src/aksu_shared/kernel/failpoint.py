"""Named seams at which a test may kill this process, to prove that what is promised survives it.

`AKSU_FAILPOINT=<seam>` kills at the first passage, `AKSU_FAILPOINT=<seam>:<n>` at the n-th. Without it a seam costs
one comparison. A production process refuses to start with it.
"""

import os
import signal
from typing import Final, Literal

Seam = Literal[
    "after_insert",
    "before_commit",
    "after_commit_before_ack",
    "after_sequence",
    "after_send_before_mark",
    "after_effect_before_offset_commit",
]


def _armed() -> tuple[str, int] | None:
    setting = os.environ.get("AKSU_FAILPOINT")
    if not setting:
        return None
    if os.environ.get("AKSU_ENVIRONMENT") == "production":
        msg = "AKSU_FAILPOINT kills processes; it is refused where AKSU_ENVIRONMENT=production"
        raise RuntimeError(msg)
    name, _, passage = setting.partition(":")
    return name, int(passage or 1)


_ARMED: Final = _armed()
_passages = 0


def failpoint(seam: Seam) -> None:
    """End this process at once, as a power cut would, when `seam` is the armed one and its passage has come."""
    if _ARMED is not None and _ARMED[0] == seam:
        _pass(_ARMED[1])


def _pass(fatal: int) -> None:
    global _passages  # noqa: PLW0603 - counts for the whole process, which is what dies
    _passages += 1
    if _passages >= fatal:
        os.kill(os.getpid(), signal.SIGKILL)
