"""A page of documentation as something to be done: its files are written, its commands typed.

A fenced block says what it is after its language: `toml counter/target.toml` writes a file,
`c counter/main.c +` goes on with it, `diff counter/main.c` changes it. A `console` block has
commands behind `$` and what they print, where `...` stands for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)[ ]?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HUNK = re.compile(r"^@@.*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, the rest of its first line, and its text."""

    language: str
    words: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A command and the lines that it is to print, `...` for any."""

    command: str
    shown: tuple[str, ...]


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [Block(*found) for found in _FENCE.findall(page)]


def write(block: Block, folder: Path) -> None:
    """Does what a block that is no console says, below a folder."""
    name, _, more = block.words.partition(" ")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if block.language == "diff":
        path.write_text(changed(path.read_text(), block.text))
    else:
        path.write_text((path.read_text() if more == "+" else "") + block.text)


def changed(text: str, difference: str) -> str:
    """A text after a unified diff whose hunks have no line numbers: each must fit in one place."""
    for hunk in filter(None, _HUNK.split(difference)):
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] or line for line in lines if line[0] in " -\n")
        after = "".join(line[1:] or line for line in lines if line[0] in " +\n")
        at = [found.start() for found in re.finditer("^" + re.escape(before), text, re.MULTILINE)]
        assert len(at) == 1, f"fits in {len(at)} places:\n{before}"
        text = text[: at[0]] + after + text[at[0] + len(before) :]
    return text


def steps(block: Block) -> Iterator[Step]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield Step(command, tuple(shown))


def is_shown(step: Step, output: str) -> bool:
    """Whether the output is as the page has it: a line of `...` is any number of lines."""
    pattern = ""
    for line in step.shown:
        if line == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, line.split("..."))) + r"\n"
    return re.fullmatch(pattern, output) is not None
