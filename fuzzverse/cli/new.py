"""`fuzzverse new`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

import click

from fuzzverse import resources
from fuzzverse.errors import UsageError
from fuzzverse.files import disk_errors, write_whole

TEMPLATE: Final = "counter"
# What the template calls itself; a C identifier and a target's name at once.
PLACEHOLDER: Final = "template_name"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,40}")


@click.command()
@click.argument("name")
def new(name: str) -> None:
    """Write a first target into a new folder NAME: a replicated counter, small, to start from.

    It builds and runs as it is; docs/simulations.md takes it apart.
    """
    folder = Path(name)
    if not _NAME.fullmatch(folder.name):
        raise UsageError(
            f"{folder.name!r} is no name for a target: small letters, digits, - and _, a letter "
            "first, at most 41"
        )
    with disk_errors(folder, "write"):
        try:
            folder.mkdir()
        except FileExistsError:
            raise UsageError(f"{folder} is there already; nothing was written") from None
        for source in sorted((resources.installed().templates / TEMPLATE).iterdir()):
            text = source.read_text().replace(PLACEHOLDER, spelt(folder.name, source))
            write_whole(folder / source.name, text.encode())
    words = shlex.quote(name if "/" in name else f"./{name}")
    click.echo(f"{folder}: written; explore it with `fuzzverse run {words}`")


def spelt(name: str, source: Path) -> str:
    """A target's name as a source of the template has it: an identifier in C."""
    return name.replace("-", "_") if source.suffix in (".c", ".h") else name
