"""Every test folder may use the servers of the local platform; a property is tried on the same examples every time."""

import os
import signal

from hypothesis import settings

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A runner started in the background ignores Ctrl-C, and so would every process the tests start and interrupt."""

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("wide", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("AKSU_EXAMPLES", "fixed"))
"""What a red run shows, the next run shows again; `make test EXAMPLES=wide` looks for what is new."""

pytest_plugins = ["aksu_local.testing", "aksu_local.served"]
