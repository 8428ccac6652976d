"""Which lines of a target's source a campaign reached, as far as edges tell.

An edge is counted where a basic block begins, so the line of that place stands for the block: lines
within one are not told apart. Lines that several edges begin at are reached when one of them was.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fuzzverse.symbolise import Frame

_PATH_PARTS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class FunctionLines:
    """A function: its first line that has an edge, how many have, and those not reached."""

    name: str
    line: int
    lines: int
    missed: tuple[int, ...]

    @property
    def reached(self) -> int:
        """How many of its lines were reached."""
        return self.lines - len(self.missed)


@dataclass(frozen=True, slots=True)
class FileLines:
    """A source file, its functions by line."""

    name: str
    functions: tuple[FunctionLines, ...]

    @property
    def lines(self) -> int:
        """How many lines have an edge."""
        return sum(function.lines for function in self.functions)

    @property
    def reached(self) -> int:
        """How many of them were reached."""
        return sum(function.reached for function in self.functions)


@dataclass(frozen=True, slots=True)
class Sources:
    """What is known of a target's lines; `why_not` says why nothing is ("": something is).
    `is_exact`: llvm-cov counted them, in replays of `inputs`."""

    files: tuple[FileLines, ...] = ()
    unknown_edges: int = 0
    why_not: str = ""
    is_exact: bool = False
    inputs: int = 0


def by_file(
    seen: bytes, places: Sequence[int], names: Mapping[int, Frame]
) -> tuple[FileLines, ...]:
    """Files by name, from what was seen of each edge, its place, and the function at a place. Edges
    without one are left out."""
    found: dict[str, dict[str, dict[int, bool]]] = {}
    for classes, place in zip(seen, places, strict=True):
        frame = names.get(place)
        if frame is None or frame.line == 0:
            continue
        lines = found.setdefault(frame.file, {}).setdefault(frame.function, {})
        lines[frame.line] = lines.get(frame.line, False) or classes != 0
    return _files(found)


def from_lcov(text: str) -> tuple[FileLines, ...]:
    """The same from what `llvm-cov export -format=lcov` prints. A line belongs to the function that
    begins last before it; lines before all functions are left out."""
    found: dict[str, dict[str, dict[int, bool]]] = {}
    for record in text.split("end_of_record\n"):
        file, starts, counts = _record(record)
        lines = [line for line in sorted(counts) if starts and line >= starts[0][0]]
        for line in lines:
            at = bisect.bisect_right(starts, line, key=lambda start: start[0])
            functions = found.setdefault(file, {})
            functions.setdefault(starts[at - 1][1], {})[line] = counts[line] > 0
    return _files(found)


def _record(text: str) -> tuple[str, list[tuple[int, str]], dict[int, int]]:
    """Of one file: its name, where functions begin, how often lines were reached."""
    file, starts, counts = "", dict[int, str](), dict[int, int]()
    for entry in text.splitlines():
        kind, _, value = entry.partition(":")
        first, _, rest = value.partition(",")
        if kind == "SF":
            file = value
        elif kind == "FN" and first.isdecimal():
            # Functions that are static have their file in front.
            starts.setdefault(int(first), rest.removeprefix(f"{file.rpartition('/')[2]}:"))
        elif kind == "DA" and first.isdecimal() and rest.isdecimal():
            counts[int(first)] = int(rest)
    return file, sorted(starts.items()), counts


def _files(found: Mapping[str, Mapping[str, Mapping[int, bool]]]) -> tuple[FileLines, ...]:
    short = _shortest(sorted(found))
    return tuple(FileLines(short[file], tuple(_functions(found[file]))) for file in sorted(found))


def _functions(functions: Mapping[str, Mapping[int, bool]]) -> list[FunctionLines]:
    told = [
        FunctionLines(
            name=name,
            line=min(lines),
            lines=len(lines),
            missed=tuple(line for line, reached in sorted(lines.items()) if not reached),
        )
        for name, lines in functions.items()
    ]
    return sorted(told, key=lambda function: (function.line, function.name))


def _shortest(files: Sequence[str]) -> dict[str, str]:
    """Names by paths: their last two parts, and more where that is needed to tell them apart."""
    names = {file: _ending(file, 2) for file in files}
    for parts in range(3, _PATH_PARTS_MAX):
        often = Counter(names.values())
        alike = [file for file, name in names.items() if often[name] > 1]
        names |= {file: _ending(file, parts) for file in alike}
    return names


def _ending(path: str, parts: int) -> str:
    return "/".join(path.split("/")[-parts:])
