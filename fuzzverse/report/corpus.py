"""A corpus as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fuzzverse.merge import Merged
from fuzzverse.model import Recipe
from fuzzverse.report.text import columns, count, printable

RECIPE_LENGTH_MAX = 60
BAD_SHOWN_MAX = 8


def render(entries: Sequence[tuple[str, int, Recipe, str]]) -> str:
    """Entries given as name, size in bytes, recipe, and the recipe's text."""
    if not entries:
        return "no inputs"
    rows = [
        (printable(name), count(size), _root(recipe), printable(text, RECIPE_LENGTH_MAX))
        for name, size, recipe, text in entries
    ]
    return columns([("name", "bytes", "root", "recipe"), *rows], right=(1,))


def _root(recipe: Recipe) -> str:
    return str(recipe.root) if recipe.tape is None else f"tape of {count(len(recipe.tape))}"


def merged(found: Merged, into: Path, size: int) -> str:
    """What a merge came to; `size` is that of what it kept, in bytes."""
    first = (
        f"{_kept(found, size)} added to {printable(str(into))}: "
        f"features {count(found.features_before)} before, {count(found.features_after)} now"
    )
    return "\n".join([first, *_runs(found)]) + "\n"


def minimized(found: Merged, into: Path, size: int) -> str:
    """What is enough; `size` as above."""
    first = (
        f"{_kept(found, size)} in {printable(str(into))} have all {count(found.features_after)} "
    )
    return "\n".join([first + "features", *_runs(found)]) + "\n"


def _kept(found: Merged, size: int) -> str:
    return f"{count(len(found.kept))} inputs, {count(size)} bytes,"


def _runs(found: Merged) -> list[str]:
    before = f", {count(found.reused)} of them by an earlier run" if found.reused else ""
    lines = [f"{count(found.inputs)} inputs were run{before}"]
    for verdict, n in sorted(Counter(verdict for _, verdict in found.bad).items()):
        names = [printable(name) for name, how in found.bad if how is verdict]
        more = ", ..." if n > BAD_SHOWN_MAX else ""
        words = verdict.name.lower().replace("_", " ")
        lines.append(f"{count(n)} end badly ({words}): {', '.join(names[:BAD_SHOWN_MAX])}{more}")
    return lines


def imported(inputs: int, size: int, into: Path) -> str:
    """What was copied."""
    return f"{count(inputs)} inputs, {count(size)} bytes, are in {printable(str(into))}\n"


def exported(inputs: int, left: int, size: int, to: Path) -> str:
    """What was written, and what could not be."""
    rest = f"; {count(left)} left out" if left else ""
    return f"{count(inputs)} inputs, {count(size)} bytes, are in {printable(str(to))}{rest}\n"
