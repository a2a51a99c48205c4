"""`aksu-licensing`: its processes and its migrations."""

from aksu_shared.cli import service_cli

app = service_cli("licensing", config="aksu_licensing.config:LicensingConfig")


def main() -> None:
    """Entry point."""
    app()
