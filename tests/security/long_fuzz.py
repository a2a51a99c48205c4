"""Schemathesis against all four services, all phases, two users of every role.

`AKSU_FUZZ_EXAMPLES` sets how many cases each operation gets in each phase; more take longer and find more.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import world
from doors import doors_of
from security_figures import Figures

from aksu_local.served import Serve, Served
from aksu_shared.serving.server import serving

EXAMPLES: Final = int(os.environ.get("AKSU_FUZZ_EXAMPLES", "8"))
SEED: Final = "20261122"
BODIES: Final = {
    "provider": (world.PROVIDER, world.OPERATOR),
    "mayor": (world.MAYOR, "MUNICIPALITY:VAR06"),
    "municipality_officer": (world.MAYOR, "MUNICIPALITY:VAR06"),
    "oblast_officer": ("OBLAST:BLG", "OBLAST:VAR"),
    "body_officer": ("DSP:BLG01", "RZI:VAR"),
    "inspector": ("AKSU", "AKSU"),
    "licensing_officer": ("AKSU", "AKSU"),
    "executive_director": ("AKSU", "AKSU"),
    "data_protection_officer": ("AKSU", "AKSU"),
    "aksu_analyst": ("AKSU", "AKSU"),
    "ministry_reader": ("MLSP", "MLSP"),
    "integration": (None, None),
    "operator": (None, None),
}
"""The bodies of the two users of each role."""
PEERS: Final = [f"{role}-{number}" for role in ("provider", "municipality_officer", "integration") for number in (1, 2)]
"""Users who own objects that the others must not see."""
CONFIG: Final = f"""
[auth.wfc]
path = "users.json"
peers = {json.dumps(PEERS)}

[checks]
# A problem of an earlier stage (404 of an object, 428 of a missing header) is as good a refusal as 422.
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428]
missing_required_header.expected-statuses = [401, 403, 404, 409, 412, 422, 428]
"""


CHECKS: Final = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "use_after_free", "ensure_resource_availability", "ignored_auth",
    "object_level_authorization",
)  # fmt: skip
"""All but the acceptance of right data (rules and codes that no schema tells refuse it) and a time for every answer."""


def users(served: Served) -> dict[str, Any]:
    """Two users of each role with their tokens."""
    return {
        "auth": [
            {
                "name": f"{role}-{number}",
                "fixedHeaders": [
                    {"name": "Authorization", "value": served.headers(role, body, subject=f"{role}-{number}")[_HEADER]}
                ],
            }
            for role, bodies in BODIES.items()
            for number, body in enumerate(bodies, 1)
        ]
    }


_HEADER: Final = "Authorization"


async def fuzz(url: str, folder: Path) -> dict[str, Any]:
    """Run the tool; give its report."""
    report = folder / "report.json"
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", "schemathesis.toml", "--no-color", "run",
        f"{url}/openapi.json", "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing,stateful",
        "--max-examples", str(EXAMPLES), "--seed", SEED, "--no-shrink", "--continue-on-failure", "--warnings", "off",
        "--suppress-health-check", "all", "--request-timeout", "60",
        "--report", "json", "--report-json-path", str(report),
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdout=log, stderr=asyncio.subprocess.STDOUT
        )
        code = await process.wait()
    if not report.exists():
        pytest.fail(f"schemathesis ended with {code}: {(folder / 'log').read_text()[-4000:]}")
    found: dict[str, Any] = json.loads(report.read_text())
    return found


@pytest.mark.parametrize("service", ["registry", "licensing", "monitoring", "reporting"])
async def test_what_is_sent_at_random_meets_documented_answers_only(
    serve: Serve, service: str, tmp_path: Path, figures: Figures
) -> None:
    served = await serve(service)
    await world.build(served)
    (tmp_path / "users.json").write_text(json.dumps(users(served)))
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    async with serving(served.app) as url:
        report = await fuzz(url, tmp_path)
    findings = [f"{each['code']} {each['title']}: {', '.join(each['operations'])}" for each in report["failures"]]
    findings += [str(each) for each in report["errors"]]
    figures.record("fuzz_findings", len(findings))
    assert not findings, "\n".join([*findings, (tmp_path / "log").read_text()[-20_000:]])
    operations = report["operations"]
    assert operations["tested"] == operations["total"] == len(list(doors_of(service, served.app)))
