"""What a text file is before it is a table: its encoding and its delimiter."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from helpers.errors import SourceError

DELIMITERS = (",", ";", "\t", "|")
CHUNK = 1 << 22
# A compressed file may hold this many times its size, or this many bytes, whichever is more.
MOST_EXPANSION = 200
FREE_EXPANSION = 1 << 30


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file, through gzip where its name ends so."""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rb") as file:
        yield cast("BinaryIO", file)


def find_encoding(path: Path) -> tuple[str, bool]:
    """Return `utf-8`, `utf-16` or `cp1252`, and whether all lines end alike, from reading it all.

    Raises
    ------
    SourceError
        The file is empty, holds NUL bytes, is a broken archive, or expands beyond reason.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8"
    ends = Counter[bytes]()
    for number, chunk in enumerate(_chunks(path)):
        if number == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16", False
        if b"\x00" in chunk:
            raise SourceError(f"{path.name} holds binary data, not text. Save it as CSV in UTF-8.")
        if encoding == "utf-8" and not _decodes(decoder, chunk):
            encoding = "cp1252"
        ends.update({end: chunk.count(end) for end in (b"\r", b"\n", b"\r\n")})
    if encoding == "utf-8" and not _decodes(decoder, b"", final=True):
        encoding = "cp1252"
    return encoding, ends[b"\r"] == 0 or ends[b"\r"] == ends[b"\n"] == ends[b"\r\n"]


def to_utf8(path: Path, encoding: str, folder: Path) -> Path:
    """Write a UTF-8 copy with one kind of line end into `folder`; the original is only read."""
    target = folder / f"{path.name.split('.')[0]}.utf8.csv"
    with open_bytes(path) as file, target.open("w", encoding="utf-8", newline="") as copy:
        # cp1252 leaves five bytes undefined; they become the replacement character.
        text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=None)
        while block := text.read(CHUNK):
            copy.write(block)
    return target


def read_header(path: Path) -> str:
    """Return the first line of a UTF-8 file, without byte order mark."""
    with open_bytes(path) as file:
        line = file.readline(1 << 20)
    return line.decode("utf-8-sig", errors="replace").rstrip("\r\n")


def split_header(line: str, known: frozenset[str]) -> tuple[str, list[str]]:
    """Return the delimiter under which most `known` names appear, and the header split by it."""
    candidates = [(delimiter, _split(line, delimiter)) for delimiter in DELIMITERS]
    return max(candidates, key=lambda c: sum(name.strip().lower() in known for name in c[1]))


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise SourceError(f"the first line is no header: {error}") from error


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _chunks(path: Path) -> Iterator[bytes]:
    most = max(FREE_EXPANSION, path.stat().st_size * MOST_EXPANSION)
    total = 0
    try:
        with open_bytes(path) as file:
            while chunk := file.read(CHUNK):
                total += len(chunk)
                if total > most and path.suffix.lower() == ".gz":
                    raise SourceError(f"{path.name} expands to more than {most:,} bytes and is not read.")
                yield chunk
    except (OSError, EOFError) as error:
        raise SourceError(f"{path.name} cannot be read: {error}.") from error
    if total == 0:
        raise SourceError(f"{path.name} is empty: not even a header.")
