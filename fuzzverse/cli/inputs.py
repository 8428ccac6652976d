"""The inputs that a campaign starts from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fuzzverse import corpus, native
from fuzzverse.errors import InputError
from fuzzverse.model import Recipe


def starting_inputs(
    committed: Path | None, directories: Sequence[Path]
) -> tuple[tuple[Recipe, ...], tuple[str, ...]]:
    """The recipes of the committed inputs, then of each directory; and what was skipped."""
    recipes: dict[Recipe, None] = {}
    skipped: list[str] = []
    for directory in (*([committed] if committed else []), *directories):
        loaded = corpus.load(directory)
        skipped += loaded.skipped
        for name, data in loaded.entries:
            try:
                recipes.setdefault(native.input_parse(data))
            except InputError as error:
                skipped.append(f"{directory / name}: {error}")
    return tuple(recipes), tuple(skipped)
