"""Become another program, tied to the parent: when the parent dies, however it dies, this process gets a signal.

Run as a script (`python -I -S tether.py PARENT SIGNAL UID GID -- PROGRAM ARG...`), never imported by services: a
`preexec_fn` would run Python between fork and exec of a process that may have threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, signal_number: int, uid: int, gid: int, program: list[str]) -> None:
    """Drop to `uid`/`gid` (-1 keeps them), ask for the signal, and exec; ends at once if the parent is gone already."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if gid >= 0:
        os.setgroups([])
        os.setgid(gid)
    if uid >= 0:
        os.setuid(uid)
    # After the change of user: the kernel forgets the death signal whenever credentials change.
    if prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - becoming the program is the point


if __name__ == "__main__":
    _parent, _signal, _uid, _gid = (int(number) for number in sys.argv[1:5])
    main(_parent, _signal, _uid, _gid, sys.argv[6:])
