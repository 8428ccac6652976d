"""Which lines of a target's source a campaign reached, as far as edges tell.

An edge is counted where a basic block begins, so the line of that place stands for the block: lines
within one are not told apart. Lines that several edges begin at are reached when one of them was.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_PATH_PARTS_MAX: Final = 12
_PLACE: Final = re.compile(r"(?P<function>.+) at (?P<file>.+?):(?P<line>\d+)(?::\d+)?")


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
    """What is known of a target's lines; `why_not` says why nothing is ("": something is)."""

    files: tuple[FileLines, ...] = ()
    unknown_edges: int = 0
    why_not: str = ""


def by_file(seen: bytes, places: Sequence[int], names: Mapping[int, str]) -> tuple[FileLines, ...]:
    """Files by name, from what was seen of each edge, its place, and the name of a place:
    `function at file:line:column`. Edges without a name are left out."""
    found: dict[str, dict[str, dict[int, bool]]] = {}
    for classes, place in zip(seen, places, strict=True):
        match = _PLACE.fullmatch(names.get(place, ""))
        if match is None or match["line"] == "0":
            continue
        lines = found.setdefault(match["file"], {}).setdefault(match["function"], {})
        line = int(match["line"])
        lines[line] = lines.get(line, False) or classes != 0
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
