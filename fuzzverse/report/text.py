"""How numbers, times and foreign words look in reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3_600
_SHORT: Final = 10.0
_SIGNIFICANT: Final = 2


def printable(text: str, length_max: int = 200) -> str:
    """Words of a target on one line, without control characters, cut at `length_max`.

    A message may hold anything, terminal escapes among it.
    """
    shown = "".join(c if c.isprintable() else " " for c in text[: length_max + 1])
    return shown if len(shown) <= length_max else shown[: length_max - 1] + "…"


def count(number: int) -> str:
    """1234567 as 1,234,567."""
    return f"{number:,}"


def duration(seconds: float) -> str:
    """Seconds as 4.2 s, 59 s, 3m 07s or 2h 05m."""
    if seconds < _SHORT:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02}s"
    return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"


def about(number: float) -> int:
    """A number rounded to two significant digits: 423.7 as 420, 19.6 as 20, 1.4 as 1."""
    digits = max(0, len(str(int(number))) - _SIGNIFICANT)
    step = int(10**digits)
    return round(number / step) * step


def plural(number: int, noun: str, several: str = "") -> str:
    """1 bug, 2 bugs, 1,234 timelines; `several` where the noun's plural is not made by an s."""
    return f"{count(number)} {noun if number == 1 else several or f'{noun}s'}"


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows as aligned columns two spaces apart; the columns numbered in `right` align right."""
    if not rows:
        return ""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """Rows as a Markdown table; the first `left` columns align left, the others right."""
    rule = "|" + "---|" * left + "---:|" * (len(head) - left)
    return "\n".join([_markdown_line(head), rule, *map(_markdown_line, rows)]) + "\n"


def _markdown_line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
