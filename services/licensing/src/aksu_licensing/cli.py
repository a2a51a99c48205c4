"""`aksu-licensing`: its processes, its migrations, its keys."""

from aksu_shared.commands.cli import service_cli
from aksu_shared.commands.cli_keys import keys_cli

CONFIG = "aksu_licensing.config:LicensingConfig"

app = service_cli("licensing", config=CONFIG)
app.add_typer(keys_cli("licensing", config=CONFIG), name="keys")


def main() -> None:
    """Entry point."""
    app()
