"""`aksu-reporting`: its processes and its migrations."""

from aksu_shared.commands.cli import service_cli

app = service_cli("reporting", config="aksu_reporting.config:ReportingConfig")


def main() -> None:
    """Entry point."""
    app()
