"""The witness of the torture rig: what it says after the rig itself was stopped."""

from pathlib import Path

from torture.ledger import Entry, Ledger


def _entry(name: str, *, kind: str = "service.create", count: int = 1) -> Entry:
    return Entry(id=name, kind=kind, client="c", key=f"key of {name}", count=count)


async def test_an_operation_begun_and_never_ended_is_unknown(tmp_path: Path) -> None:
    async with Ledger(tmp_path / "ledger") as ledger:
        await ledger.begin(_entry("a"))
        ended = _entry("b")
        await ledger.begin(ended)
        ended.outcome = "ok"
        await ledger.end(ended)

    async with Ledger(tmp_path / "ledger") as again:
        assert {entry.id: entry.outcome for entry in again} == {"a": "unknown", "b": "ok"}
        assert again.singles == 1


async def test_a_line_cut_off_by_a_kill_is_passed_over(tmp_path: Path) -> None:
    async with Ledger(tmp_path / "ledger") as ledger:
        await ledger.begin(_entry("a"))
    with (tmp_path / "ledger").open("ab") as file:
        file.write(b'{"end": {"id": "a", "outc')

    async with Ledger(tmp_path / "ledger") as again:
        assert [entry.outcome for entry in again] == ["unknown"]


async def test_it_is_on_disk_before_the_request_is_sent(tmp_path: Path) -> None:
    async with Ledger(tmp_path / "ledger") as ledger:
        await ledger.begin(_entry("a"))
        assert b'"id": "a"' in (tmp_path / "ledger").read_bytes()


async def test_a_batch_counts_for_each_of_its_events_and_a_repeated_one_not_again(tmp_path: Path) -> None:
    async with Ledger(tmp_path / "ledger") as ledger:
        for name, kind in (("a", "push"), ("b", "push.again"), ("c", "service.create")):
            entry = _entry(name, kind=kind, count=100 if kind.startswith("push") else 1)
            entry.outcome = "ok"
            await ledger.begin(entry)
            await ledger.end(entry)
        assert (ledger.pushed, ledger.singles, ledger.counted("ok")) == (100, 1, 201)
