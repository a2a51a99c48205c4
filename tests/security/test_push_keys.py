"""The keys of pushing systems: wrapped in the database, changed on the command line."""

import base64
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from monitoring_builders import SUBJECT, started
from test_signatures import added, content, fault_of, send, signed

from aksu_local.served import Serve, Served
from aksu_monitoring.ingest.sources.signatures import new_key
from aksu_monitoring.worker import PARTS
from aksu_shared.privacy.expiry import rewrap
from aksu_shared.privacy.keys import DEVELOPMENT, DEVELOPMENT_KEY


@pytest.fixture
async def monitoring(serve: Serve) -> Served:
    return await serve("monitoring")


async def test_a_shared_secret_does_not_lie_in_the_database_in_clear(monitoring: Served) -> None:
    secret = await added(monitoring, "v1")
    stored = await monitoring.worker.fetchval("SELECT material FROM push_key")
    assert base64.b64decode(secret.removeprefix("whsec_")) not in stored


async def test_a_key_put_there_by_who_can_write_to_the_table_verifies_nothing(monitoring: Served) -> None:
    await added(monitoring)
    stolen = await added(monitoring, "v1a", name="other")
    await monitoring.worker.execute(
        "UPDATE push_key k SET material = o.material FROM push_key o WHERE k.source = $1 AND o.source = 'other'",
        SUBJECT,
    )
    monitoring.app.state.senders._read_at = float("-inf")
    body = content(started())
    assert fault_of(await send(monitoring, body, signed(stolen, body))) == (401, "signature_refused", "wrong")


async def test_keys_of_before_they_were_wrapped_hold_until_and_after_they_are(monitoring: Served) -> None:
    key, secret = new_key("v1")
    await monitoring.worker.execute("INSERT INTO push_source (name) VALUES ($1)", SUBJECT)
    await monitoring.worker.execute(
        "INSERT INTO push_key (source, version, material) VALUES ($1, 'v1', $2)", SUBJECT, key.material
    )
    body = content(started())
    assert (await send(monitoring, body, signed(secret, body))).status_code == 202
    wrapped = PARTS.wrapped
    assert await rewrap(monitoring.worker, DEVELOPMENT, wrapped, told=lambda *_: None) == 1
    assert await monitoring.worker.fetchval("SELECT material FROM push_key") != key.material
    monitoring.app.state.senders._read_at = float("-inf")
    assert (await send(monitoring, body, signed(secret, body))).status_code == 202


def command_line(monitoring: Served, folder: Path, **settings: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`aksu-monitoring` on this database."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AKSU_")} | {
        "AKSU_ENVIRONMENT": "test",
        "AKSU_DATABASE_URL": monitoring.urls.runtime,
        "AKSU_WORKER_DATABASE_URL": monitoring.urls.worker,
        "AKSU_BUS_URL": monitoring.config.bus_url.get_secret_value(),
        "AKSU_OIDC_ISSUER": monitoring.config.oidc_issuer,
    }
    program = str(Path(sys.executable).with_name("aksu-monitoring"))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *words], env=env | settings, cwd=folder, capture_output=True, text=True, check=False
        )

    return run


async def test_the_command_line_makes_a_key_and_wraps_all_anew_under_it(monitoring: Served, tmp_path: Path) -> None:
    await added(monitoring, "v1")
    fresh = command_line(monitoring, tmp_path)("keys", "new").stdout.strip()
    old = f"development:{base64.b64encode(DEVELOPMENT_KEY).decode()}"
    done = command_line(monitoring, tmp_path, AKSU_KEK=f"{fresh},{old}")("keys", "rewrap")
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (0, "1 keys wrapped anew\n", "push_key: 1")
    assert await monitoring.worker.fetchval("SELECT kek FROM push_key") == fresh.partition(":")[0]
    lost = command_line(monitoring, tmp_path)("keys", "rewrap")
    assert (lost.returncode, fresh.partition(":")[0] in lost.stderr) == (1, True)


async def test_the_command_line_adds_rotates_and_disables(monitoring: Served, tmp_path: Path) -> None:
    run = command_line(monitoring, tmp_path)

    def source(*words: str) -> subprocess.CompletedProcess[str]:
        return run("source", *words)

    added = source("add", SUBJECT)
    assert (added.returncode, added.stdout[:5]) == (0, "whsk_"), added.stderr
    assert source("add", SUBJECT).returncode == 1
    rotated = source("rotate", SUBJECT, "--signature", "v1", "--overlap-hours", "0")
    assert rotated.stdout.startswith("whsec_"), rotated.stderr
    body = content(started())
    verdicts = [
        (await send(monitoring, body, signed(each.stdout.strip(), body))).status_code for each in (added, rotated)
    ]
    assert verdicts == [401, 202]
    assert source("disable", SUBJECT).returncode == 0
    assert "disabled" in source("list").stdout
    assert source("add", "x", "--key", "whpk_short").returncode == 2
