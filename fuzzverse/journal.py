"""What a merge has seen so far, in a file, so that one that was killed goes on.

A line for each input that has been run; the first names the build that it was run by. A line that
is cut off, or makes no sense, is as if it were not there.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import numpy as np

from fuzzverse.errors import InputError
from fuzzverse.files import disk_errors
from fuzzverse.model import Counted, Verdict

VERSION: Final = 2
FEATURES_MAX: Final = 200_000


class Journal:
    """The journal at `path`, of a target's build; left behind unless `done` is called.

    Args:
        path: the file; one of another build is begun anew.
        build_id: of the target.
    """

    def __init__(self, path: Path, build_id: str) -> None:
        self._path = path
        self._head = {"merge": VERSION, "build": build_id}
        self._stream: IO[bytes] | None = None
        self._is_done = False

    def __enter__(self) -> Self:
        with disk_errors(self._path, "write"):
            whole = self._whole_bytes()
            self._stream = self._path.open("r+b" if whole else "wb")
            self._stream.truncate(whole)
            self._stream.seek(whole)
            if whole == 0:
                self._write(self._head)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._stream is not None
        with disk_errors(self._path, "write"):
            self._stream.close()
            if self._is_done:
                self._path.unlink(missing_ok=True)

    def _whole_bytes(self) -> int:
        """How much of the file is whole lines of this build."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return 0
        first, _, _ = data.partition(b"\n")
        try:
            is_ours = json.loads(first) == self._head
        except ValueError:
            is_ours = False
        return data.rfind(b"\n") + 1 if is_ours else 0

    def _write(self, values: object) -> None:
        assert self._stream is not None
        self._stream.write(json.dumps(values, separators=(",", ":")).encode() + b"\n")

    def read(self) -> Iterator[tuple[str, Counted]]:
        """What earlier runs have seen: names of inputs, and what they have."""
        with disk_errors(self._path, "read"), self._path.open("rb") as stream:
            for line in stream:
                try:
                    yield _parsed(line)
                except InputError:
                    continue

    def add(self, name: str, counted: Counted) -> None:
        """Writes down what an input has."""
        packed = zlib.compress(np.diff(counted.features, prepend=np.uint32(0)).tobytes(), 1)
        with disk_errors(self._path, "write"):
            self._write(
                [
                    name,
                    counted.verdict.name,
                    counted.work,
                    base64.b64encode(packed).decode(),
                ]
            )

    def flush(self) -> None:
        """What has been added outlives a kill from now on."""
        assert self._stream is not None
        with disk_errors(self._path, "write"):
            self._stream.flush()

    def done(self) -> None:
        """All is merged: nothing is left to go on from."""
        self._is_done = True


def _parsed(line: bytes) -> tuple[str, Counted]:
    try:
        name, verdict, work, packed = json.loads(line)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(packed, validate=True), 4 * FEATURES_MAX + 1)
        features = np.cumsum(np.frombuffer(data, dtype=np.uint32), dtype=np.uint32)
        if not unpacker.eof:
            raise InputError("features are missing")
        counted = Counted(0, Verdict[verdict], int(work), features)
    except (ValueError, TypeError, KeyError, binascii.Error, zlib.error) as error:
        raise InputError("no line of a merge") from error
    return str(name), counted
