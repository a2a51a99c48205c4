"""Which files pass, and under which names."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter import Workbook

from aksu_shared.kernel.errors import TooLarge
from aksu_shared.web.uploads import (
    DOCUMENT_TYPES,
    MAX_NAME,
    XLSX,
    FileNameRefused,
    FileTypeMismatch,
    attachment,
    check_content,
    file_name,
    is_safe,
)
from aksu_shared.workbook.archive import NotAWorkbook, WorkbookBomb, WorkbookHasMacros

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 1, height: int = 1) -> bytes:
    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def jpeg(*segments: tuple[int, bytes], width: int = 1, height: int = 1) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0"
    all_segments = [(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0"), *segments, (0xC0, frame), (0xDA, b"\1\1\0\0?\0")]
    written = b"".join(struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data for kind, data in all_segments)
    return b"\xff\xd8" + written + b"\x2a\xff\xd9"


def workbook(**parts: bytes) -> bytes:
    file = BytesIO()
    with Workbook(file) as book:
        book.add_worksheet().write(0, 0, "x")
    with ZipFile(file, "a", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(f"xl/{name}", content)
    return file.getvalue()


GOOD = {PDF: b"%PDF-1.7\n1 0 obj\n%%EOF\n", PNG: png(), JPEG: jpeg(), XLSX: workbook()}


@pytest.mark.parametrize("media", DOCUMENT_TYPES)
def test_a_file_of_its_type_passes_and_no_other_does(media: str) -> None:
    for real, content in GOOD.items():
        if real == media:
            check_content(content, media=media, limit=len(content))
        else:
            with pytest.raises((FileTypeMismatch, NotAWorkbook)):
                check_content(content, media=media, limit=len(content))


@pytest.mark.parametrize("media", DOCUMENT_TYPES)
@pytest.mark.parametrize(
    "spoil", [lambda good: good[:-3], lambda good: b" " + good, lambda good: good + b"<script>" * 200]
)
def test_what_is_cut_preceded_or_followed_by_something_else_is_refused(
    media: str, spoil: Callable[[bytes], bytes]
) -> None:
    with pytest.raises((FileTypeMismatch, NotAWorkbook)):
        check_content(spoil(GOOD[media]), media=media, limit=1 << 20)


def test_nothing_passes_beyond_its_limit() -> None:
    with pytest.raises(TooLarge):
        check_content(GOOD[PDF], media=PDF, limit=len(GOOD[PDF]) - 1)


def test_an_image_of_impossible_extent_is_refused() -> None:
    for extent in ((100_000, 100_000), (0, 5), (2**32 - 1, 2)):
        with pytest.raises(FileTypeMismatch):
            check_content(png(*extent), media=PNG, limit=1 << 20)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff<html><script>alert(1)</script>\xff\xd9",
        b"\xff\xd8\xff\xe0JFIF\xff\xd9",
        jpeg((0xFE, b"<!DOCTYPE html><script>alert(1)</script>")),
        jpeg((0xE1, b"<HTML><body onload=alert(1)>")),
        jpeg(width=60_000, height=60_000),
        jpeg(height=0),
    ],
    ids=range(6),
)
def test_a_page_with_the_signature_of_a_photograph_is_none(content: bytes) -> None:
    with pytest.raises(FileTypeMismatch):
        check_content(content, media=JPEG, limit=1 << 20)


def test_a_photograph_with_a_comment_passes() -> None:
    check_content(jpeg((0xFE, "Снимка < 2 МБ".encode())), media=JPEG, limit=1 << 20)


def test_a_page_in_the_texts_of_an_image_is_refused() -> None:
    whole = png()
    text = chunk(b"tEXt", b"Comment\0<script>alert(1)</script>")
    with pytest.raises(FileTypeMismatch):
        check_content(whole[:33] + text + whole[33:], media=PNG, limit=1 << 20)
    check_content(whole[:33] + chunk(b"tEXt", b"Comment\0a < b") + whole[33:], media=PNG, limit=1 << 20)


def test_workbooks_with_macros_and_bombs_are_refused() -> None:
    with pytest.raises(WorkbookHasMacros):
        check_content(workbook(**{"vbaProject.bin": b"x"}), media=XLSX, limit=1 << 20)
    with pytest.raises(WorkbookBomb):
        check_content(workbook(**{"media.bin": bytes(64 << 20)}), media=XLSX, limit=1 << 20)


def test_a_name_comes_back_as_it_was_sent() -> None:
    for name in ("Устав на сдружение „Надежда“ (2026).pdf", "scan 1.PDF", "a.b.pdf"):
        assert file_name(attachment(name), media=PDF) == name
    assert file_name('attachment; filename="plain name.pdf"', media=PDF) == "plain name.pdf"
    assert file_name(attachment("и\u0306.pdf"), media=PDF) == "й.pdf"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.pdf", "..\\x.pdf", "/x.pdf", "C:x.pdf", ".pdf", ".htaccess.pdf", "x.pdf.", "x.pdf ",
        "x.pdf\0", "x<y>.pdf",
        "x\n.pdf", "x\r\nSet-Cookie: a.pdf", "x\u202efdp.pdf", "x\u200f.pdf", "x\u2066.pdf", "\ufeffx.pdf",
        "x\u200b.pdf",
        "x\ud800.pdf", "nul.pdf", "COM1.pdf", "x.exe", "x.pdf.exe", "x", "", "x%2e.pdf", "я" * MAX_NAME + ".pdf",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_name_that_leads_hides_or_lies_is_refused(name: str) -> None:
    with pytest.raises(FileNameRefused):
        file_name(f"attachment; filename*=UTF-8''{quote(name, safe='', errors='surrogatepass')}", media=PDF)


@pytest.mark.parametrize(
    "header",
    [
        None, "", "inline; filename=x.pdf", "attachment", "attachment; filename=x.pdf",
        'attachment; filename="x.pdf"; a=b',
        "attachment; filename*=UTF-8''%ff.pdf", "attachment; filename*=UTF-8''", "attachment; filename*=KOI8-R''x.pdf",
        'attachment; filename="' + "x" * 1000 + '.pdf"',
    ],
)  # fmt: skip
def test_a_header_of_another_form_names_nothing(header: str | None) -> None:
    with pytest.raises(FileNameRefused):
        file_name(header, media=PDF)


@given(st.text(max_size=200))
def test_every_name_that_passes_makes_a_header_that_says_it_alone(name: str) -> None:
    if is_safe(name):
        header = attachment(name)
        assert header.isascii()
        assert header.isprintable()
        assert not set(header) & set('"\\;,') - {";"}
        assert header.count(";") == 1
