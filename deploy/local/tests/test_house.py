"""The picture of the house is drawn from the import contracts."""

from pathlib import Path

import pytest

from aksu_local import house
from aksu_local.databases import SERVICES


def test_every_feature_and_every_layer_is_drawn_and_said_what_it_is_about() -> None:
    drawn = house.architecture()
    for service in SERVICES:
        for name in (name for row in house.features(service) for name in row):
            assert f"| {service} | `{name}` | " in drawn
    for row in house.layers("aksu_shared"):
        assert f'["{" · ".join(row)}"]' in drawn


def test_a_document_without_the_marks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / house.DOCUMENT).write_text("# Architecture\n", encoding="utf-8")
    monkeypatch.setattr(house, "PROJECT", tmp_path)
    with pytest.raises(ValueError, match="has no part to write"):
        house.architecture()
