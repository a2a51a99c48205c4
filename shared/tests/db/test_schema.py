"""What a process takes for its newest schema is what alembic would migrate to."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from aksu_shared.db.schema import migrations_of, newest_revision


def _by_alembic(migrations: Path) -> str | None:
    return ScriptDirectory(migrations, version_locations=[migrations / "versions"]).get_current_head()


@pytest.mark.parametrize("service", ["registry", "licensing", "monitoring", "reporting"])
def test_each_services_newest_revision_is_alembics_head(service: str) -> None:
    migrations = migrations_of(service)
    assert newest_revision(migrations) == _by_alembic(migrations)


def _revisions(folder: Path, *follows: tuple[str, str | None]) -> Path:
    (folder / "versions").mkdir()
    for revision, before in follows:
        down = f'"{before}"' if before else "None"
        text = f'revision = "{revision}"\ndown_revision: str | None = {down}\n'
        (folder / "versions" / f"{revision}.py").write_text(text)
    return folder


def test_the_newest_is_the_one_that_none_follows_whatever_the_names(tmp_path: Path) -> None:
    assert newest_revision(_revisions(tmp_path, ("z", None), ("a", "z"), ("m", "a"))) == "m"


def test_two_revisions_that_follow_the_same_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 newest"):
        newest_revision(_revisions(tmp_path, ("a", None), ("b", "a"), ("c", "a")))
