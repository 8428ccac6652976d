"""`fuzzverse corpus`."""

from __future__ import annotations

from pathlib import Path

import click

from fuzzverse import corpus as store
from fuzzverse import native
from fuzzverse.errors import InputError
from fuzzverse.report.corpus import render


@click.group()
def corpus() -> None:
    """List the inputs that runs left."""


@corpus.command("list")
@click.argument("directory", type=click.Path(path_type=Path))
def list_corpus(directory: Path) -> None:
    """List the inputs in DIRECTORY, OUT/corpus of a run or any other, with their recipes."""
    loaded = store.load(directory)
    rows = []
    skipped = list(loaded.skipped)
    for name, data in loaded.entries:
        try:
            recipe = native.input_parse(data)
        except InputError as error:
            skipped.append(f"{directory / name}: {error}")
            continue
        rows.append((name, len(data), recipe, native.recipe_text(recipe)))
    click.echo(render(rows))
    for words in skipped:
        click.echo(f"skipped: {words}", err=True)
