"""A service's settings, read for a command."""

from importlib import import_module
from typing import Any

import typer
from pydantic import ValidationError

from aksu_shared.kernel.logging import configure_logging


def load_config(path: str) -> Any:  # noqa: ANN401 - the service's own configuration class
    """The service's configuration from the environment, logging set up by it; exits with a line per wrong setting."""
    module, _, name = path.partition(":")
    try:
        settings = getattr(import_module(module), name)()
    except ValidationError as error:
        for problem in error.errors():
            typer.echo(f"AKSU_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}", err=True)
        raise typer.Exit(2) from None
    configure_logging(level=settings.log_level, json=settings.log_json)
    return settings
