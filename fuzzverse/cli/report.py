"""`fuzzverse report`."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from fuzzverse.dossier import Dossier, collect
from fuzzverse.errors import ExitCode
from fuzzverse.files import write_whole
from fuzzverse.report.exports import github, junit, objects, plain, sarif
from fuzzverse.report.page.document import Assets
from fuzzverse.report.page.document import render as render_page
from fuzzverse.toolchain import find_tool


def render_html(dossier: Dossier) -> str:
    """The page with the style and the script that are installed."""
    page = importlib.resources.files("fuzzverse.report.page")
    style, script = (page.joinpath(name).read_text() for name in ("page.css", "page.js"))
    return render_page(dossier, Assets(style, script))


_RENDER: Final[Mapping[str, Callable[[Dossier], str]]] = {
    "html": render_html,
    "text": plain.render,
    "json": objects.render,
    "junit": junit.render,
    "sarif": sarif.render,
    "github": github.render,
}


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(tuple(_RENDER)),
    default="html",
    show_default=True,
    help="What to make of it.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write; `-` is stdout. [default: OUT/report.html; stdout for other formats]",
)
def report(out: Path, kind: str, output: Path | None) -> ExitCode:
    """Report on the last campaign in OUT, finished or under way: one HTML file that needs nothing
    else, or what CI systems read."""
    text = _RENDER[kind](collect(out, find_tool("llvm-symbolizer")))
    to = output or (out / "report.html" if kind == "html" else Path("-"))
    if str(to) == "-":
        click.echo(text, nl=False)
        return ExitCode.NOTHING_FOUND
    write_whole(to, text.encode())
    click.echo(to)
    return ExitCode.NOTHING_FOUND
