"""Named seams at which a test may kill this process, to prove that what is promised survives it.

`AKSU_FAILPOINT=<seam>` kills at the first passage, `AKSU_FAILPOINT=<seam>:<n>` at the n-th. Without it a seam costs
one comparison. A process refuses to start with it unless `AKSU_ENVIRONMENT` says that it is one of development.
"""

import os
import signal
from typing import Final, Literal

from aksu_shared.kernel.environment import DEVELOPMENT

Seam = Literal[
    "after_insert",
    "before_commit",
    "after_commit_before_ack",
    "after_sequence",
    "after_send_before_mark",
    "after_effect_before_offset_commit",
]


def _armed() -> tuple[str, int] | None:
    # Read here and not from the configuration, which many a module with a seam does not know.
    setting = os.environ.get("AKSU_FAILPOINT")  # noqa: TID251
    if not setting:
        return None
    if os.environ.get("AKSU_ENVIRONMENT") not in DEVELOPMENT:  # noqa: TID251
        msg = "AKSU_FAILPOINT kills processes; it is refused unless AKSU_ENVIRONMENT is local or test"
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
