"""Every test folder may use the servers of the local platform."""

pytest_plugins = ["aksu_local.testing", "aksu_local.served"]
