"""How frozen SQL is read: statement by statement, names filled in."""

from pathlib import Path

import pytest

from aksu_shared.migrations.v1 import FOLDER, statements

SCRIPT = """-- Whoever's first; with a semicolon.

CREATE TABLE {table} (note text DEFAULT 'a;b', list text[] DEFAULT '{}');
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1; PERFORM ';';
END $$;
GRANT SELECT ON {table} TO {service}_reader;
"""


@pytest.fixture
def migration(tmp_path: Path) -> str:
    (tmp_path / "20270105_0930_adds_note.sql").write_text(SCRIPT)
    return str(tmp_path / "20270105_0930_adds_note.py")


def test_a_statement_ends_where_postgresql_ends_it_and_names_are_filled_in(migration: str) -> None:
    table, function, grant = statements(migration, table="note", service="registry")
    assert table.endswith("CREATE TABLE note (note text DEFAULT 'a;b', list text[] DEFAULT '{}');")
    assert function.endswith("PERFORM 1; PERFORM ';';\nEND $$;")
    assert grant == "GRANT SELECT ON note TO registry_reader;"


def test_a_name_that_is_missing_is_an_error(migration: str) -> None:
    with pytest.raises(KeyError, match="service"):
        list(statements(migration, table="note"))


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.sql")), ids=lambda script: script.stem)
def test_no_text_of_a_script_is_lost(script: Path) -> None:
    names = {"service": "registry", "table": "place"}
    told = "".join(statements(script.stem, **names))
    written = script.read_text(encoding="utf-8").replace("{service}", "registry").replace("{table}", "place")
    assert "".join(told.split()) == "".join(written.split())
