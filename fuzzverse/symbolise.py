"""Where in the source the addresses of a target lie."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from fuzzverse.model import Target

ALL_TIMEOUT_S: Final = 120
# Where Linux loads position-independent executables when addresses are not randomised.
PIE_BASES: Final = (0x5555_5555_4000, 0xAAAA_AAAA_0000)
PIE_SPAN: Final = 1 << 32
_ET_DYN: Final = 3
# A draw, as `fv_log_draw` prints it: where it was asked for, innermost first.
_DRAWN: Final = re.compile(rb"^(  draw [^\n]*?) at((?: 0x[0-9a-f]{1,16})+)$", re.MULTILINE)
_LOGGED: Final = re.compile(rb"^    at 0x([0-9a-f]{1,16})$", re.MULTILINE)
# Where the runtime and the simulation kit come from: frames of theirs say nothing of the target.
_OURS: Final = re.compile(r"(?:.*/)?native/(?:sim|threads|runtime|heap)/")


def file_address(target: Target, address: int) -> int | None:
    """The address in the target's file of an address in its process; None for one elsewhere."""
    return file_addresses(target, [address])[0]


def file_addresses(target: Target, addresses: Sequence[int]) -> list[int | None]:
    """The same of many."""
    with target.path.open("rb") as stream:
        header = stream.read(18)
    if struct.unpack_from("<H", header, 16)[0] != _ET_DYN:
        return [one if one < PIE_BASES[0] else None for one in addresses]
    return [_moved_back(one) if target.fixed_addresses else None for one in addresses]


def _moved_back(address: int) -> int | None:
    for base in PIE_BASES:
        if base <= address < base + PIE_SPAN:
            return address - base
    return None


@dataclass(frozen=True, slots=True)
class Frame:
    """A function at a place in the code; `line` is the place's, `start` where the function begins,
    0 when nobody knows."""

    function: str
    file: str
    line: int
    start: int

    @property
    def is_ours(self) -> bool:
        """Whether it belongs to the runtime or the simulation kit."""
        return bool(_OURS.match(self.file))

    def __str__(self) -> str:
        return f"{self.function} in {self.file or '??'}:{self.line}"


def symbolise_all(symbolizer: Path, executable: Path, places: Sequence[int]) -> dict[int, Frame]:
    """The innermost function at each of many addresses in a file.

    One llvm-symbolizer is asked for all of them; what it does not know is left out.
    """
    asked = sorted({place for place in places if place})
    try:
        answer = subprocess.run(
            _command(symbolizer, executable),
            input="".join(f"0x{place:x}\n" for place in asked),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ALL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    answers = answer.stdout.splitlines()
    if len(answers) != len(asked):
        return {}
    told = {place: _frames(one) for place, one in zip(asked, answers, strict=True)}
    return {place: frames[0] for place, frames in told.items() if frames and frames[0].file}


def _command(symbolizer: Path, executable: Path) -> list[str]:
    """Answers each address on its standard input with a line of JSON."""
    return [str(symbolizer), f"--obj={executable}", "--inlining", "--output-style=JSON"]


class Places:
    """The functions at the places of a target.

    Asks one llvm-symbolizer for all of them, each place once, for as long as the context lasts. For
    one thread at a time.
    """

    def __init__(self, symbolizer: Path | None, target: Target) -> None:
        self._symbolizer = symbolizer
        self._target = target
        self._known: dict[int, tuple[Frame, ...]] = {}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def frames(self, address: int) -> tuple[Frame, ...]:
        """The functions at an address, inlined ones too, innermost first.

        None when there is no symbolizer or it knows nothing, as of addresses in shared libraries.
        """
        if address not in self._known:
            self._known[address] = tuple(self._ask(address))
        return self._known[address]

    def offset(self, address: int) -> int:
        """The address in the target's file, or the address itself where it is in no such file."""
        try:
            place = file_address(self._target, address)
        except OSError:
            return address
        return address if place is None else place

    def _ask(self, address: int) -> list[Frame]:
        try:
            place = file_address(self._target, address)
            if self._symbolizer is None or not place:
                return []
            if self._process is None:
                self._process = self._start(self._symbolizer)
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(f"0x{place:x}\n")
            self._process.stdin.flush()
            return _frames(self._process.stdout.readline())
        except OSError:
            return []

    def _start(self, symbolizer: Path) -> subprocess.Popen[str]:
        command = _command(symbolizer, self._target.path)
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="replace"
        )


def _frames(answer: str) -> list[Frame]:
    """What the symbolizer says of one address; none when it is not understood."""
    try:
        symbols = json.loads(answer)["Symbol"]
        frames = [
            Frame(str(one["FunctionName"]), str(one["FileName"]), one["Line"], one["StartLine"])
            for one in symbols
        ]
    except (ValueError, KeyError, TypeError):
        return []
    return [one for one in frames if one.function]


class LoggedStacks:
    """Names the places in what a target logs: stacks, one line `    at 0x...` a frame, and draws.

    Args:
        places: the target's, open.
    """

    def __init__(self, places: Places) -> None:
        self._places = places

    def named(self, log: bytes) -> bytes:
        """The log with functions and lines in place of addresses: of stacks all, inlined ones too,
        of draws the place that asked for it.

        Frames of the runtime are left out; what no symbolizer knows stays as it is.
        """
        log = _LOGGED.sub(lambda match: self._stack_line(int(match[1], 16), match[0]), log)
        return _DRAWN.sub(self._drawn, log.replace(b"\0\n", b""))

    def place(self, addresses: Sequence[int]) -> str:
        """The innermost of some frames that is not the runtime's or the kit's, as `function in
        file:line`; "" when there is none that anybody knows."""
        for address in addresses:
            told = [frame for frame in self._places.frames(address) if not frame.is_ours]
            if told:
                return str(told[0])
        return ""

    def _drawn(self, match: re.Match[bytes]) -> bytes:
        place = self.place([int(address, 16) for address in match[2].split()])
        return match[1] + b" at " + place.encode() if place else match[0]

    def _stack_line(self, address: int, line: bytes) -> bytes:
        frames = self._places.frames(address)
        told = [frame for frame in frames if not frame.is_ours]
        words = "\n".join(f"    at {frame}" for frame in told)
        return words.encode() if told else b"\0" if frames else line
