"""Files that must not reach the parser."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aksu_shared.kernel.errors import Malformed, Problem
from aksu_shared.workbook import Sheet, archive
from aksu_shared.workbook.archive import (
    MAX_FILE,
    LegacyWorkbook,
    NotAWorkbook,
    WorkbookBomb,
    WorkbookHasForeignParts,
    WorkbookHasMacros,
    WorkbookTooLarge,
)

Book = Callable[..., bytes]
Cells = Callable[..., list[Any]]
Opened = Callable[[bytes], Sheet]
SHEET = "xl/worksheets/sheet1.xml"


def repacked(source: bytes, changes: Mapping[str, bytes | None]) -> bytes:
    """The archive with parts replaced, added, or (None) removed."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(source)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *changes]):
            data = changes[name] if name in changes else old.read(name)
            if data is not None:
                new.writestr(name, data)
    return target.getvalue()


@pytest.fixture
def sound(workbook: Book, cells: Cells) -> bytes:
    return workbook([cells()])


@pytest.mark.parametrize("content", [b"", b"PK", "Доставчик;ЕИК\n".encode(), b"%PDF-1.7", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_workbook_is_refused_with_a_sentence(opened: Opened, content: bytes) -> None:
    with pytest.raises(NotAWorkbook) as raised:
        opened(content)
    assert "XLSX" in raised.value.message("bg")


def test_the_old_format_and_encrypted_files_are_told_apart_from_rubbish(opened: Opened) -> None:
    with pytest.raises(LegacyWorkbook, match="password"):
        opened(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)


def test_a_zip_of_something_else_is_refused(opened: Opened, sound: bytes) -> None:
    with pytest.raises(NotAWorkbook):
        opened(repacked(sound, {"xl/workbook.xml": None, "word/document.xml": b"<w/>"}))


def test_a_file_above_the_limit_is_refused_unread(opened: Opened) -> None:
    with pytest.raises(WorkbookTooLarge) as raised:
        opened(b"\0" * (MAX_FILE + 1))
    assert (raised.value.status, raised.value.params["limit"]) == (413, 64 * 1024 * 1024)


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "XL/VBAPROJECT.BIN"])
def test_macros_are_refused(opened: Opened, sound: bytes, part: str) -> None:
    with pytest.raises(WorkbookHasMacros):
        opened(repacked(sound, {part: b"code"}))


@pytest.mark.parametrize("part", ["XL\\vbaProject.bin", "xl\\MacroSheets\\sheet1.xml", "/xl/vbaProject.bin"])
def test_macros_are_refused_however_their_part_is_written(opened: Opened, sound: bytes, part: str) -> None:
    with pytest.raises(WorkbookHasMacros):
        opened(repacked(sound, {part: b"code"}))


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl/externalLinks/externalLink1.xml", b"<a/>"),
        ("XL/ExternalLinks/externalLink1.xml", b"<a/>"),
        ("xl/embeddings/oleObject1.bin", b"x"),
        ("xl/connections.xml", b"<a/>"),
        ("xl/media/image1.png", b"MZ\x90\0program"),
        ("xl/media/image1.png", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1object"),
        ("xl/printerSettings/printerSettings1.bin", b"PK\x03\x04package"),
        ("docs/readme.txt", b"\x7fELFprogram"),
        ("../../evil.xml", b"<a/>"),
        ("xl/../../evil.xml", b"<a/>"),
        ("xl\\media\\image1.png", b"x"),
        ("/etc/passwd", b"x"),
        ("C:evil.xml", b"x"),
    ],
    ids=lambda given: ascii(given)[:40],
)
def test_what_is_no_part_of_a_workbook_is_refused_and_named(
    opened: Opened, sound: bytes, part: str, content: bytes
) -> None:
    with pytest.raises(WorkbookHasForeignParts):
        opened(repacked(sound, {part: content}))


LINK = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r9"'
    b' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s" TargetMode="%s"/>'
    b"</Relationships>"
)


@pytest.mark.parametrize("kind", [b"externalLinkPath", b"oleObject", b"image", b"attachedTemplate"])
@pytest.mark.parametrize("mode", [b"External", b"external"])
def test_a_link_to_another_file_is_refused_wherever_it_stands(
    opened: Opened, sound: bytes, kind: bytes, mode: bytes
) -> None:
    for part in ("xl/worksheets/_rels/sheet1.xml.rels", "xl/drawings/_rels/Drawing1.xml.RELS"):
        with pytest.raises(WorkbookHasForeignParts):
            opened(repacked(sound, {part: LINK % (kind, b"file:///c:/x.xlsx", mode)}))


def test_a_link_that_a_reader_follows_passes(opened: Opened, sound: bytes) -> None:
    link = LINK % (b"hyperlink", b"https://example.bg", b"External")
    assert opened(repacked(sound, {"xl/worksheets/_rels/sheet1.xml.rels": link})).total


def test_many_small_parts_are_a_bomb_together(opened: Opened, sound: bytes) -> None:
    parts = {f"xl/media/image{n}.png": b"\0" * (2 * archive.MIB) for n in range(20)}
    with pytest.raises(WorkbookBomb):
        opened(repacked(sound, parts))


def test_a_workbook_of_more_than_it_may_unpack_to_is_refused(sound: bytes) -> None:
    filled = repacked(sound, {"xl/media/image1.png": bytes(range(256)) * 8_000})
    archive.check_archive(BytesIO(filled), size=len(filled), unpacked=4 * archive.MIB)
    with pytest.raises(WorkbookBomb):
        archive.check_archive(BytesIO(filled), size=len(filled), unpacked=archive.MIB)


def test_a_macro_content_type_is_refused(opened: Opened, sound: bytes) -> None:
    with zipfile.ZipFile(BytesIO(sound)) as book:
        types = book.read("[Content_Types].xml").replace(b"sheet.main+xml", b"sheet.macroEnabled.main+xml")
    with pytest.raises(WorkbookHasMacros):
        opened(repacked(sound, {"[Content_Types].xml": types}))


def test_a_part_that_unpacks_a_thousandfold_is_refused(opened: Opened, sound: bytes) -> None:
    with pytest.raises(WorkbookBomb):
        opened(repacked(sound, {"xl/media/image1.png": b"\0" * (8 * archive.MIB)}))


def test_more_than_the_limit_in_all_is_refused(opened: Opened, sound: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 4_000)
    with pytest.raises(WorkbookBomb):
        opened(sound)


def test_an_archive_that_lies_about_a_size_is_refused(opened: Opened, sound: bytes) -> None:
    """The parser would unpack what is there, not what the directory says."""
    bomb = repacked(sound, {"xl/media/image1.png": bytes(range(256)) * 4_000})
    with zipfile.ZipFile(BytesIO(bomb)) as book:
        size = book.getinfo("xl/media/image1.png").file_size
    lie = struct.pack("<L", 100)
    lying = bomb.replace(struct.pack("<L", size), lie)
    crc = struct.pack("<L", zlib.crc32((bytes(range(256)) * 4_000)[:100]))
    lying = lying.replace(struct.pack("<L", zlib.crc32(bytes(range(256)) * 4_000)), crc)
    assert lying != bomb
    with pytest.raises(NotAWorkbook):
        opened(lying)


def test_two_parts_of_one_name_are_refused(opened: Opened, sound: bytes) -> None:
    target = BytesIO(sound)
    with zipfile.ZipFile(target, "a") as book, pytest.warns(UserWarning, match="Duplicate"):
        book.writestr(SHEET, b"<worksheet/>")
    with pytest.raises(NotAWorkbook):
        opened(target.getvalue())


@pytest.mark.parametrize("cell", [b"A1048576", b"XFD2", b"A100001"])
def test_a_cell_at_the_far_end_of_the_sheet_is_refused(opened: Opened, sound: bytes, cell: bytes) -> None:
    """A parser that makes a dense grid of it would take all memory there is."""
    row = cell.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    with zipfile.ZipFile(BytesIO(sound)) as book:
        far = b'<row r="' + row + b'"><c r="' + cell + b'"><v>1</v></c></row></sheetData>'
        sheet = book.read(SHEET).replace(b"</sheetData>", far)
    with pytest.raises(WorkbookBomb):
        opened(repacked(sound, {SHEET: sheet}))


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_a_document_type_is_refused(opened: Opened, sound: bytes, part: str) -> None:
    """Entities are what XML bombs are made of; a workbook has none."""
    with zipfile.ZipFile(BytesIO(sound)) as book:
        declaration, _, rest = book.read(part).partition(b"?>")
    doctype = b'<!DOCTYPE x [<!ENTITY a "b">]>'
    with pytest.raises(NotAWorkbook):
        opened(repacked(sound, {part: declaration + b"?>" + doctype + rest}))


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"])
@pytest.mark.parametrize("content", [b"", b"<", b"<a><b></a>", b"\xff\xfe\0"])
def test_a_damaged_part_is_refused(opened: Opened, sound: bytes, part: str, content: bytes) -> None:
    with pytest.raises(Problem):
        opened(repacked(sound, {part: content}))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), length=st.integers(1, 40), filling=st.binary(max_size=40))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    opened: Opened, sound: bytes, at: float, length: int, filling: bytes
) -> None:
    start = int(at * len(sound))
    damaged = sound[:start] + filling + sound[start + length :]
    with suppress(Malformed):
        assert opened(damaged).total
