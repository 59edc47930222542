"""What an export is made of: a manifest, and parts of CSV, in a folder or one tar file (docs/export.md).

A part is small enough to be held in memory, so that its hash is known before a row of it is believed.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

FORMAT = "emon export 1"
MANIFEST = "manifest.json"
TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz")


class ExportDamaged(Exception):
    """The export is not as it was written; the text names the file in it and what is wrong."""


class Part(msgspec.Struct, frozen=True):
    """One file of rows, with a line that names the columns before them."""

    file: str
    rows: int
    sha256: str


class TableInside(msgspec.Struct, frozen=True):
    """``days``: of fixes the number of rows of each UTC day, for the partitions they need."""

    name: str
    columns: list[str]
    rows: int
    parts: list[Part]
    days: dict[str, int] = msgspec.field(default_factory=dict)


class Manifest(msgspec.Struct, frozen=True):
    """What the export holds. Nothing in it says when or where it was made: equal contents, equal bytes."""

    format: str
    schema: list[tuple[int, str]]
    tables: list[TableInside]
    sequences: dict[str, tuple[int, bool]]
    audit: tuple[int, str]


def manifest_bytes(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def read_manifest(data: bytes, place: str) -> Manifest:
    """Raises ``ExportDamaged``."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ExportDamaged(f"{place}: {fault}") from None
    if manifest.format != FORMAT:
        raise ExportDamaged(f"{place}: its format is {manifest.format!r}, this release reads {FORMAT!r}")
    return manifest


def is_tar(path: Path) -> bool:
    return path.name.endswith(TAR_SUFFIXES)


class Writer:
    """A folder that appears under its name only when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = path.with_name(path.name + ".partial")
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True, mode=0o700)

    def part(self, file: str, rows: int, data: bytes) -> Part:
        with (self._folder / file).open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        return Part(file, rows, hashlib.sha256(data).hexdigest())

    def finish(self, manifest: Manifest) -> str:
        """Write the manifest, put everything in its place; the SHA-256 of the manifest."""
        data = manifest_bytes(manifest)
        self.part(MANIFEST, 0, data)
        if is_tar(self.path):
            packed = self._folder.with_name(self._folder.name + ".tar")
            self._pack(packed, [MANIFEST, *(p.file for table in manifest.tables for p in table.parts)])
            packed.replace(self.path)
            shutil.rmtree(self._folder)
        else:
            if self.path.exists():
                self.path.rmdir()  # an empty folder that stood there
            self._folder.replace(self.path)
        return hashlib.sha256(data).hexdigest()

    def abandon(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _pack(self, packed: Path, files: list[str]) -> None:
        descriptor = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as raw, _zipped(raw, self.path) as out:
            with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                for file in files:
                    data = (self._folder / file).read_bytes()
                    info = tarfile.TarInfo(file)
                    info.size, info.mode = len(data), 0o600
                    tar.addfile(info, io.BytesIO(data))
            out.flush()
            raw.flush()
            os.fsync(raw.fileno())


def _zipped(raw: IO[bytes], path: Path) -> IO[bytes]:
    """Compressed where the name says so, with nothing in it that changes from run to run."""
    import gzip

    if path.name.endswith(".tar"):
        return raw
    return gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)  # type: ignore[return-value]


class Reader:
    """An export's manifest, and its parts in the manifest's order, each held against its hash."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = _tar_files(path) if not path.is_dir() else _folder_files(path)
        name, data = next(self._files, ("", b""))
        if name != MANIFEST:
            raise ExportDamaged(
                f"{path} has no {MANIFEST}: it is no export of emon's, or one that did not come to its end"
            )
        self.manifest = read_manifest(data, f"{path}: {MANIFEST}")

    def parts(self, table: TableInside) -> Iterator[tuple[Part, bytes]]:
        """Raises ``ExportDamaged`` at the first part that is missing or altered."""
        first = 1
        for part in table.parts:
            place = f"{self._path}: {part.file} (rows {first} to {first + part.rows - 1} of {table.name})"
            name, data = self._take(part.file)
            if name != part.file:
                raise ExportDamaged(f"{place} is missing")
            if hashlib.sha256(data).hexdigest() != part.sha256:
                raise ExportDamaged(f"{place} is not as it was written: its SHA-256 is another")
            first += part.rows
            yield part, data

    def _take(self, file: str) -> tuple[str, bytes]:
        if not self._path.is_dir():
            return next(self._files, ("", b""))
        path = self._path / file
        return (file, path.read_bytes()) if path.is_file() else ("", b"")


def _folder_files(path: Path) -> Iterator[tuple[str, bytes]]:
    if (path / MANIFEST).is_file():
        yield MANIFEST, (path / MANIFEST).read_bytes()


def _tar_files(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(path, mode="r|*") as tar:
            for info in tar:
                inside = tar.extractfile(info)
                yield info.name, b"" if inside is None else inside.read()
    except (tarfile.TarError, EOFError, OSError) as fault:
        if isinstance(fault, FileNotFoundError):
            raise
        raise ExportDamaged(f"{path} cannot be read as a tar file: {fault}") from None
