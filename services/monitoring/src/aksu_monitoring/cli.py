"""`aksu-monitoring`: its processes and its migrations."""

from aksu_shared.cli import service_cli

app = service_cli("monitoring", config="aksu_monitoring.config:MonitoringConfig")


def main() -> None:
    """Entry point."""
    app()
