"""Files that callers send: of the type they claim, no larger than they may be, under a name that leads nowhere.

Nothing here opens a file's content beyond what tells its type: documents are stored, not rendered. A workbook passes
the guards of the register's import as well.
"""

import io
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from aksu_shared.kernel.errors import Malformed, TooLarge
from aksu_shared.workbook.archive import check_archive

MAX_PIXELS: Final = 100_000_000
"""An image of more unpacks to gigabytes in whoever opens it."""
MAX_UNPACKED: Final = 64 * 1024 * 1024
"""Bytes of a workbook's parts together."""
MAX_NAME: Final = 150

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_MAX_PARTS: Final = 20_000
"""Chunks or segments of an image that are looked at: programs write hundreds."""
_MARKER, _SCAN = b"\xff", 0xDA
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG: of each segment, of the image itself, of a frame, which tells its extent."""
_PAGE: Final = re.compile(rb"<(?:!doctype|html|head|body|script|iframe|svg)\b", re.IGNORECASE)
"""What makes a browser that guesses take a file for a page."""
_ZIP, _ZIP_END, _ZIP_END_BYTES = b"PK\x03\x04", b"PK\x05\x06", 22
_EXTENDED: Final = re.compile(r"""attachment; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]{1,900})""", re.IGNORECASE)
_PLAIN: Final = re.compile(r'attachment; filename="([ !#-\[\]-~]{1,300})"', re.IGNORECASE)
_FORBIDDEN: Final = frozenset('/\\:*?"<>|%')
"""What parts paths, or means something to a shell or a file system."""
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_ALLOWED_CATEGORIES: Final = ("L", "M", "N", "P", "S", "Zs")
"""Letters, marks, digits, punctuation, signs, the blank; so no control characters and no marks of direction."""


class FileTypeMismatch(Malformed):
    """The content is not of the declared type, or damaged."""

    code = "file_type_mismatch"
    bg = "Съдържанието на файла не е от обявения вид ({media})."
    en = "The file's content is not of the declared type ({media})."


class FileNameRefused(Malformed):
    """The name is missing, leads somewhere, hides something, or does not end as its type does."""

    code = "file_name_refused"
    bg = (
        "Името на файла се дава в Content-Disposition: attachment; filename*=UTF-8''…, без път и скрити знаци,"
        " с разширение за своя вид ({extensions})."
    )
    en = (
        "The file's name is given in Content-Disposition: attachment; filename*=UTF-8''…, without a path or hidden"
        " characters, with an extension of its type ({extensions})."
    )


def _is_pdf(content: bytes) -> bool:
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]


def _is_png(content: bytes) -> bool:
    """Chunk behind chunk one whole image of an admissible extent, nothing behind it, and no page in its texts."""
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    if not (content.startswith(_PNG) and content[12:16] == b"IHDR" and 0 < width * height <= MAX_PIXELS):
        return False
    place = len(_PNG)
    for _ in range(_MAX_PARTS):
        length, kind = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8]
        if kind != b"IDAT" and _PAGE.search(content, place, place + 8 + length):
            return False
        place += 12 + length
        if kind == b"IEND":
            break
    return place == len(content) and content.endswith(_PNG_END)


def _is_jpeg(content: bytes) -> bool:
    """Segment behind segment up to an image of an admissible extent, nothing behind it, and no page in its texts."""
    if not (content.startswith(b"\xff\xd8") and content.endswith(b"\xff\xd9")):
        return False
    place, pixels = 2, 0
    for _ in range(_MAX_PARTS):
        if content[place : place + 1] != _MARKER:
            return False
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if marker == _SCAN:
            return 0 < pixels <= MAX_PIXELS
        end = place + 2 + length
        if length < 2 or _PAGE.search(content, place, end):  # noqa: PLR2004 - a length counts itself
            return False
        if marker in _FRAMES:
            height, width = (int.from_bytes(content[start : start + 2], "big") for start in (place + 5, place + 7))
            pixels = height * width
        place = end
    return False


def _is_workbook(content: bytes) -> bool:
    """Nothing before its archive and nothing behind it. Raises what the guards of workbooks raise."""
    check_archive(io.BytesIO(content), size=len(content), unpacked=MAX_UNPACKED)
    return content.startswith(_ZIP) and content[-_ZIP_END_BYTES:].startswith(_ZIP_END)


XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KINDS: Final[Mapping[str, tuple[Callable[[bytes], bool], tuple[str, ...]]]] = {
    "application/pdf": (_is_pdf, (".pdf",)),
    "image/png": (_is_png, (".png",)),
    "image/jpeg": (_is_jpeg, (".jpg", ".jpeg")),
    XLSX: (_is_workbook, (".xlsx",)),
}
DOCUMENT_TYPES: Final = tuple(_KINDS)
"""Media types of files that may be sent."""


def check_content(content: bytes, *, media: str, limit: int) -> None:
    """Let content of the declared type pass. Raises TooLarge, FileTypeMismatch; for workbooks what `archive` does."""
    if len(content) > limit:
        raise TooLarge(limit=limit)
    fits, _ = _KINDS[media]
    if not fits(content):
        raise FileTypeMismatch(media=media)


def file_name(disposition: str | None, *, media: str) -> str:
    """The name that a `Content-Disposition` header gives a file of this type. Raises FileNameRefused.

    What is odd is refused rather than repaired: who sends a path or a mark of direction in a name is told so, and the
    file is kept under no name that nobody gave it.
    """
    _, extensions = _KINDS[media]
    name = _named(disposition or "")
    if name is None or not is_safe(name) or PurePosixPath(name).suffix.lower() not in extensions:
        raise FileNameRefused(extensions=", ".join(extensions))
    return name


def is_safe(name: str) -> bool:
    """Whether a name is one of a file and nothing else, on every system, and reads as it is."""
    return (
        0 < len(name) <= MAX_NAME
        and not name.startswith((".", " "))
        and not name.endswith((".", " "))
        and _FORBIDDEN.isdisjoint(name)
        and all(unicodedata.category(char).startswith(_ALLOWED_CATEGORIES) for char in name)
        and _RESERVED.fullmatch(name) is None
    )


def attachment(name: str) -> str:
    """The `Content-Disposition` of a file sent to somebody: to be saved, never shown in the page (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _named(disposition: str) -> str | None:
    """The one name the header gives, in NFC; None when it is of another form."""
    extended = _EXTENDED.fullmatch(disposition)
    if extended is None:
        plain = _PLAIN.fullmatch(disposition)
        return plain and plain[1]
    try:
        return unicodedata.normalize("NFC", unquote_to_bytes(extended[1]).decode())
    except UnicodeDecodeError:
        return None
