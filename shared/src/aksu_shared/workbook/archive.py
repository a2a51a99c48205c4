"""Guards on an XLSX file before anything parses it: size, form, foreign parts, bombs, a sheet of impossible extent."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO
from xml.parsers import expat

from aksu_shared.kernel.errors import Malformed, TooLarge

MIB = 1024 * 1024
MAX_FILE = 64 * MIB
MAX_UNPACKED = 256 * MIB
MAX_RATIO = 200
MAX_ENTRIES = 1_000
MAX_ROWS = 100_000
MAX_COLUMNS = 256
_RATIO_FROM = 4 * MIB
_CHUNK = 256 * 1024
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NEEDED = ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels")
# What zipfile, zlib and expat raise over a damaged file, depending on where the damage is.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    expat.ExpatError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_MACROS = ("xl/vbaproject", "xl/macrosheets/", "xl/activex/", "xl/dialogsheets/")
_FOREIGN = ("xl/externallinks/", "xl/embeddings/", "xl/oleobjects/", "xl/connections", "xl/querytables/", "customui/")
"""Parts that lead to other files, or are others' documents."""
_PROGRAMS = (_OLE2, b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"PK\x03\x04", b"#!")
"""With what an object of another program, a program or an archive begins, whatever its part is called."""


class WorkbookTooLarge(TooLarge):
    """More bytes than `limit`."""

    code = "workbook_too_large"
    bg = "Файлът е по-голям от позволените {limit} байта."
    en = "The file is larger than the {limit} bytes allowed."


class NotAWorkbook(Malformed):
    """No XLSX file at all."""

    code = "not_a_workbook"
    bg = "Файлът не е работна книга на Excel (XLSX) или е повреден."
    en = "The file is no Excel workbook (XLSX), or it is damaged."


class LegacyWorkbook(Malformed):
    """The format before 2007, or an encrypted workbook: both look the same from outside."""

    code = "workbook_legacy_or_encrypted"
    bg = "Файлът е в стария формат XLS или е защитен с парола. Запишете го като XLSX без парола."
    en = "The file is in the old XLS format or protected by a password. Save it as XLSX without a password."


class WorkbookHasMacros(Malformed):
    """The workbook carries code; `part` names it."""

    code = "workbook_has_macros"
    bg = "Работната книга съдържа макроси ({part}). Запишете я като XLSX без макроси."
    en = "The workbook holds macros ({part}). Save it as XLSX without macros."


class WorkbookHasForeignParts(Malformed):
    """The workbook links to other files, or holds objects, programs, archives or a part that leads out: `part`."""

    code = "workbook_has_foreign_parts"
    bg = "Работната книга съдържа връзки към други файлове или вградени обекти ({part}). Запишете я само с листове."
    en = "The workbook holds links to other files or embedded objects ({part}). Save it with sheets alone."


class WorkbookBomb(Malformed):
    """The workbook unpacks to far more than it may, or claims an impossible extent; `reason` says which."""

    code = "workbook_bomb"
    bg = "Работната книга се разгръща до недопустим размер ({reason})."
    en = "The workbook unpacks to an inadmissible size ({reason})."


@dataclass(slots=True)
class SheetScan:
    """What the XML of a sheet says beyond its values. Cells are (row, column), counted from 0."""

    formulas: set[tuple[int, int]] = field(default_factory=set)
    errors: set[tuple[int, int]] = field(default_factory=set)
    rows: int = 0
    columns: int = 0


def check_archive(file: IO[bytes], *, size: int, unpacked: int | None = None) -> None:
    """Raise one of this module's problems unless `file` may be parsed as a workbook of at most `unpacked` bytes.

    Without that, of MAX_UNPACKED.
    """
    if size > MAX_FILE:
        raise WorkbookTooLarge(limit=MAX_FILE)
    if file.read(len(_OLE2)) == _OLE2:
        raise LegacyWorkbook
    try:
        with zipfile.ZipFile(file) as archive:
            _check_parts(archive)
            _check_links(archive)
            _check_unpacked(archive, file, limit=MAX_UNPACKED if unpacked is None else unpacked)
    except _BROKEN as error:
        raise NotAWorkbook from error


def scan_sheets(file: IO[bytes]) -> dict[str, SheetScan]:
    """Scan every visible worksheet, in workbook order: sheet name → what was found."""
    try:
        with zipfile.ZipFile(file) as archive:
            return {name: _scan_sheet(archive, part) for name, part in _worksheets(archive).items()}
    except _BROKEN as error:
        raise NotAWorkbook from error


def _check_parts(archive: zipfile.ZipFile) -> None:
    names = [info.filename for info in archive.infolist()]
    if len(names) > MAX_ENTRIES or len(names) != len(set(names)) or any(part not in names for part in _NEEDED):
        raise NotAWorkbook
    for name in names:
        path = PurePosixPath(name.lower().replace("\\", "/").lstrip("/"))
        if str(path).startswith(_MACROS):
            raise WorkbookHasMacros(part=path.name[:100])
        outside = "\\" in name or ":" in name or name.startswith("/") or ".." in path.parts
        if outside or str(path).startswith(_FOREIGN) or _read(archive, name, limit=8).startswith(_PROGRAMS):
            raise WorkbookHasForeignParts(part=path.name[:100])
    types = _read(archive, "[Content_Types].xml", limit=MIB)
    if b"macroEnabled" in types:
        raise WorkbookHasMacros(part="[Content_Types].xml")


def _check_links(archive: zipfile.ZipFile) -> None:
    """Raise WorkbookHasForeignParts for what lies outside the file, links that a reader may follow aside."""

    def relationship(tag: str, attributes: Mapping[str, str]) -> None:
        outside = attributes.get("TargetMode", "").lower() == "external"
        if tag == "Relationship" and outside and not attributes.get("Type", "").endswith("/hyperlink"):
            raise WorkbookHasForeignParts(part=attributes.get("Type", "").rpartition("/")[2][:100])

    for name in archive.namelist():
        if name.lower().endswith(".rels"):
            _parse(archive, name, relationship)


def _check_unpacked(archive: zipfile.ZipFile, file: IO[bytes], *, limit: int) -> None:
    """Unpack everything once, counting: the sizes that an archive states of itself may be lies."""
    total = packed = 0
    for info in archive.infolist():
        unpacked = _unpacked_size(file, info, budget=limit - total)
        if total + unpacked > limit:
            raise WorkbookBomb(reason=f"> {limit // MIB} MiB")
        if unpacked != info.file_size:
            raise NotAWorkbook
        if unpacked > _RATIO_FROM and unpacked > MAX_RATIO * max(info.compress_size, 1):
            raise WorkbookBomb(reason=f"{info.filename}: 1:{unpacked // max(info.compress_size, 1)}")
        total, packed = total + unpacked, packed + info.compress_size
    if total > _RATIO_FROM and total > MAX_RATIO * max(packed, 1):
        raise WorkbookBomb(reason=f"1:{total // max(packed, 1)}")


def _unpacked_size(file: IO[bytes], info: zipfile.ZipInfo, *, budget: int) -> int:
    """How many bytes a part unpacks to; when it is more than `budget`, as many as showed that."""
    if info.flag_bits & 1 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise NotAWorkbook
    file.seek(info.header_offset)
    header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    file.seek(header[9] + header[10], 1)
    left, size = info.compress_size, 0
    if info.compress_type == zipfile.ZIP_STORED:
        return left
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while left and not inflate.eof:
        data = file.read(min(_CHUNK, left))
        if not data:
            break
        left -= len(data)
        while data:
            size += len(inflate.decompress(data, _CHUNK))
            data = inflate.unconsumed_tail
            if size > budget:
                return size
    return size


def _worksheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Visible worksheets: name → part, in the order of the workbook."""
    parts: dict[str, str] = {}
    sheets: list[tuple[str, str]] = []

    def relationship(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            target = attributes["Target"]
            parts[attributes["Id"]] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    def sheet(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "sheet" and attributes.get("state", "visible") == "visible":
            sheets.append((attributes["name"], next((v for k, v in attributes.items() if k.endswith(":id")), "")))

    _parse(archive, "xl/_rels/workbook.xml.rels", relationship)
    _parse(archive, "xl/workbook.xml", sheet)
    return {name: parts[identifier] for name, identifier in sheets if identifier in parts}


def _scan_sheet(archive: zipfile.ZipFile, part: str) -> SheetScan:
    scan = SheetScan()
    row, column = -1, -1

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal row, column
        match tag:
            case "row":
                row = int(attributes["r"]) - 1 if "r" in attributes else row + 1
                column = -1
            case "c":
                column = _column(attributes["r"]) if "r" in attributes else column + 1
                if attributes.get("t") == "e":
                    scan.errors.add((row, column))
            case "f":
                scan.formulas.add((row, column))
            case "v" | "is":
                scan.rows, scan.columns = max(scan.rows, row + 1), max(scan.columns, column + 1)
                if scan.rows > MAX_ROWS or scan.columns > MAX_COLUMNS:
                    raise WorkbookBomb(reason=f"> {MAX_ROWS} x {MAX_COLUMNS}")

    _parse(archive, part, start)
    return scan


def _column(reference: str) -> int:
    """`"C7"` → 2."""
    number = 0
    for char in reference.rstrip("0123456789").upper():
        number = number * 26 + ord(char) - 64
    return number - 1


def _parse(archive: zipfile.ZipFile, part: str, start: Callable[[str, Mapping[str, str]], None]) -> None:
    """Stream a part through expat; names lose their namespace prefix. A document type is refused: no entities."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
    parser.StartDoctypeDeclHandler = _refuse_doctype
    with archive.open(part) as stream:
        parser.ParseFile(stream)


def _refuse_doctype(*_: object) -> None:
    raise NotAWorkbook


def _read(archive: zipfile.ZipFile, part: str, *, limit: int) -> bytes:
    with archive.open(part) as stream:
        return stream.read(limit)
