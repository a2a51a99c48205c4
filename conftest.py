"""Every test folder may use the servers of the local platform."""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A runner started in the background ignores Ctrl-C, and so would every process the tests start and interrupt."""

pytest_plugins = ["aksu_local.testing", "aksu_local.served"]
