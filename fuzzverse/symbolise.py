"""Where in the source an address of a target lies."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from fuzzverse.model import Target

TIMEOUT_S: Final = 30
# Where Linux loads position-independent executables when addresses are not randomised.
PIE_BASES: Final = (0x5555_5555_4000, 0xAAAA_AAAA_0000)
PIE_SPAN: Final = 1 << 32
_ET_DYN: Final = 3
# A draw, as `fv_log_draw` prints it: where it was asked for, innermost first.
_DRAWN: Final = re.compile(rb"^(  draw [^\n]*?) at((?: 0x[0-9a-f]{1,16})+)$", re.MULTILINE)
_LOGGED: Final = re.compile(rb"^    at 0x([0-9a-f]{1,16})$", re.MULTILINE)
# Where the runtime and the simulation kit come from: frames of theirs say nothing of the target.
_OURS: Final = re.compile(r" at (?:\S*/)?native/(?:sim|threads|runtime)/")


def file_address(target: Target, address: int) -> int | None:
    """The address in the target's file of an address in its process; None for one elsewhere."""
    with target.path.open("rb") as stream:
        header = stream.read(18)
    if struct.unpack_from("<H", header, 16)[0] != _ET_DYN:
        return address if address < PIE_BASES[0] else None
    for base in PIE_BASES:
        if target.fixed_addresses and base <= address < base + PIE_SPAN:
            return address - base
    return None


def symbolise(symbolizer: Path | None, target: Target, address: int) -> str:
    """The functions and lines at an address, innermost first, one `function at file:line` each.

    Empty when there is no symbolizer or it knows nothing, as for addresses in shared libraries.
    """
    if symbolizer is None:
        return ""
    command = [str(symbolizer), f"--obj={target.path}", "--inlining", "--output-style=GNU"]
    try:
        place = file_address(target, address)
        if not place:
            return ""
        command += ["--pretty-print", f"0x{place:x}"]
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    lines = [line for line in answer.stdout.splitlines() if line and not line.startswith("??")]
    return "\n".join(lines)


class LoggedStacks:
    """Names the places in what a target logs: stacks, one line `    at 0x...` a frame, and draws.

    Asks one llvm-symbolizer for all of them, each place once, for as long as the context lasts.
    """

    def __init__(self, symbolizer: Path | None, target: Target) -> None:
        self._symbolizer = symbolizer
        self._target = target
        self._known: dict[int, bytes] = {}
        self._asked: dict[int, list[str]] = {}
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

    def named(self, log: bytes) -> bytes:
        """The log with functions and lines in place of addresses: of stacks all, inlined ones too,
        of draws the place that asked for it.

        Frames of the runtime are left out; what no symbolizer knows stays as it is.
        """
        log = _LOGGED.sub(lambda match: self._frame(int(match[1], 16), match[0]), log)
        return _DRAWN.sub(self._drawn, log.replace(b"\0\n", b""))

    def place(self, addresses: Sequence[int]) -> str:
        """The innermost of some frames that is not the runtime's or the kit's, as `function in
        file:line`; "" when there is none that anybody knows."""
        for address in addresses:
            told = [place for place in self._places(address) if not _OURS.search(place)]
            if told:
                return told[0].replace(" at ", " in ", 1)
        return ""

    def _drawn(self, match: re.Match[bytes]) -> bytes:
        place = self.place([int(address, 16) for address in match[2].split()])
        return match[1] + b" at " + place.encode() if place else match[0]

    def _frame(self, address: int, line: bytes) -> bytes:
        if address not in self._known:
            places = self._places(address)
            told = [place for place in places if not _OURS.search(place)]
            words = "\n".join(f"    at {place.replace(' at ', ' in ', 1)}" for place in told)
            self._known[address] = words.encode() if told else b"\0" if places else line
        return self._known[address]

    def _places(self, address: int) -> list[str]:
        if address not in self._asked:
            self._asked[address] = self._ask(address)
        return self._asked[address]

    def _ask(self, address: int) -> list[str]:
        place = file_address(self._target, address)
        if self._symbolizer is None or not place:
            return []
        try:
            if self._process is None:
                self._process = self._start(self._symbolizer)
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(f"0x{place:x}\n")
            self._process.stdin.flush()
            lines = []
            while (line := self._process.stdout.readline()) not in ("", "\n"):
                lines.append(line.rstrip("\n"))
        except OSError:
            return []
        return [line for line in lines if not line.startswith("??")]

    def _start(self, symbolizer: Path) -> subprocess.Popen[str]:
        command = [str(symbolizer), f"--obj={self._target.path}", "--inlining", "--pretty-print"]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="replace"
        )
