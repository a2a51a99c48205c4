"""The application that limits are tried on, in a process of its own: `python limits_target.py PORT SLOTS`.

The platform's own edge and server with their defaults, and one route that takes 20 ms.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from aksu_shared.auth.dependencies import requires
from aksu_shared.auth.issuer import DevelopmentIssuer
from aksu_shared.config.base import BaseConfig
from aksu_shared.kernel.logging import configure_logging
from aksu_shared.serving.health import Health
from aksu_shared.serving.server import serve
from aksu_shared.web.app import create_app
from aksu_shared.web.routing import Router, accepts

SECONDS: Final = 0.02
RIGHT: Final = [requires("registry.service.read")]


def work() -> Router:
    """A route that takes 20 ms, and one that takes a body."""
    router = Router(tags=["work"])

    @router.get("/work", dependencies=RIGHT)
    async def take_time() -> Response:
        await asyncio.sleep(SECONDS)
        return Response(b"done")

    @router.post("/bodies", dependencies=RIGHT)
    @accepts("application/json")
    async def take_body(request: Request) -> Response:
        return Response(str(len(await request.body())))

    return router


def main(port: int, slots: int) -> None:
    """Serve until told to stop."""
    configure_logging(level="ERROR", json=True)
    with tempfile.TemporaryDirectory(prefix="aksu-limits-") as folder:
        issuer = DevelopmentIssuer(Path(folder))
        config = BaseConfig(
            environment="test",
            database_url=SecretStr("postgresql:///unused"),
            bus_url=SecretStr("postgresql:///unused"),
            oidc_issuer=issuer.issuer,
            oidc_audience="aksu-registry",
            oidc_jwks_file=Path(issuer.jwks_file),
            max_concurrent_requests=slots,
        )
        health = Health()
        app = create_app(title="Limits", version="1", config=config, routers=[work()], health=health)
        serve(app, host="127.0.0.1", port=port, health=health)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
