"""A corpus as a table."""

from __future__ import annotations

from collections.abc import Sequence

from fuzzverse.model import Recipe
from fuzzverse.report.text import columns, count, printable

RECIPE_LENGTH_MAX = 60


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
