"""I8: rows outside the caller's scope, asked for through every list that holds restricted rows."""

import json
from typing import Any, Final

from aksu_local.bench.load import request
from aksu_shared.kernel.eik import complete_eik
from torture.findings import Findings
from torture.rig import Rig
from torture.wire import Lost, Wire

_STRANGER: Final = f"PROVIDER:{complete_eik('77777777')}"
_LISTS: Final = (
    ("licensing", "/v1/applications?limit=200", "provider", _STRANGER),
    ("licensing", "/v1/changes?limit=1000&types=bg.aksu.licensing.application.filed.v1", "provider", _STRANGER),
    ("monitoring", "/v1/changes?limit=1000&types=bg.aksu.monitoring.finding.recorded.v1", "provider", _STRANGER),
)
"""Service, list, and a caller to whom none of its rows belongs."""


async def check_scopes(rig: Rig, findings: Findings) -> None:
    """Every instance answers a stranger with nothing of anybody's."""
    wire = Wire()
    try:
        for service, path, role, body in _LISTS:
            token = rig.platform.token(role, body)
            for name, member in rig.of(service, "api").items():
                ask = request("GET", path, headers={"Authorization": f"Bearer {token}"})
                try:
                    answer = await wire.ask(member.port, ask, within=15)
                except Lost as failure:
                    findings.add("I7", f"{name} does not answer: {failure}")
                    continue
                if answer.status != 200:
                    findings.add("I7", f"{name} answers {answer.status} to {path}")
                for item in _shown(json.loads(answer.body)):
                    findings.add("I8", f"{name} shows {item} to a stranger, {path}")
    finally:
        wire.close()


def _shown(document: dict[str, Any]) -> list[str]:
    """Ids of items that carry more than a tombstone."""
    items = document.get("items", [])
    return [str(item["id"]) for item in items if item.get("data", item) is not None and not item.get("tombstone")]
