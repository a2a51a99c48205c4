"""A folder belongs to one platform at a time, and starting over touches nothing but the platform's own data."""

from pathlib import Path

import pytest

from aksu_local.folder import Folder, FolderBusy


def test_a_second_platform_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        Folder(tmp_path).held(fresh=False),
        pytest.raises(FolderBusy, match="already runs"),
        Folder(tmp_path).held(fresh=True),
    ):
        pass


def test_a_platform_is_described_while_it_runs_and_not_after(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.running() is None
    with folder.held(fresh=False):
        folder.write_platform({"pid": 1})
        assert Folder(tmp_path).running() == {"pid": 1}
    assert folder.running() is None


def test_what_a_killed_platform_left_behind_is_no_running_platform(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.held(fresh=False):
        pass
    folder.write_platform({"pid": 1})  # as after SIGKILL: written, never removed, and nobody holds the lock

    assert folder.running() is None


def test_starting_over_forgets_data_and_keeps_keys_and_foreign_files(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.held(fresh=False):
        folder.remember(sample=True)
        for kept in (tmp_path / "letter.txt", tmp_path / "keys" / "private.jwk"):
            kept.parent.mkdir(exist_ok=True)
            kept.touch()
        (folder.postgres / "data").mkdir(parents=True)
        folder.clock.write_text("86400")

    with folder.held(fresh=True):
        assert folder.made() == {}
        assert not folder.postgres.exists()
        assert not folder.clock.exists()
        assert (tmp_path / "letter.txt").exists()
        assert (tmp_path / "keys" / "private.jwk").exists()


def test_facts_about_a_folder_add_up(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.remember(bus="kafka")
    folder.remember(sample=True)

    assert Folder(tmp_path).made() == {"bus": "kafka", "sample": True}
