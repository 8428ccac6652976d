"""`fuzzverse report`."""

from __future__ import annotations

import importlib.resources
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from fuzzverse import native
from fuzzverse.cli.opening import BuildRequest, build_variant, known_variant
from fuzzverse.dossier import Dossier, collect
from fuzzverse.errors import EngineError, ExitCode
from fuzzverse.exact import INPUTS_MAX, Tools, count_lines
from fuzzverse.files import write_whole
from fuzzverse.report.exports import github, junit, objects, plain, sarif
from fuzzverse.report.page.document import Assets
from fuzzverse.report.page.document import render as render_page
from fuzzverse.session import describe
from fuzzverse.sources import Sources
from fuzzverse.toolchain import asked_compiler, find_compiler, find_tool


def render_html(dossier: Dossier) -> str:
    """The page with the style and the script that are installed."""
    page = importlib.resources.files("fuzzverse.report.page")
    style, script = (page.joinpath(name).read_text() for name in ("page.css", "page.js"))
    return render_page(dossier, Assets(style, script))


def _count_lines(target: str, out: Path) -> Sources:
    found = {name: find_tool(f"llvm-{name}") for name in ("profdata", "cov", "cxxfilt")}
    if found["profdata"] is None or found["cov"] is None:
        raise EngineError("--exact needs llvm-profdata and llvm-cov; install llvm, or leave it out")
    tools = Tools(found["profdata"], found["cov"], found["cxxfilt"])
    known = known_variant(target)
    request = BuildRequest(is_profiled=True)
    path = Path(target)
    if known is not None:
        compiler = find_compiler(asked_compiler(os.environ))
        path = build_variant(*known, request, os.environ, compiler)
    # Describing it counts, too.
    describe(path, native.ABI, {**os.environ, "LLVM_PROFILE_FILE": os.devnull})
    inputs = sorted(one for one in (out / "corpus").glob("*") if _is_plain(one))[:INPUTS_MAX]
    bugs = sorted(one for one in (out / "bugs").glob("*/input") if _is_plain(one))
    with tempfile.TemporaryDirectory() as directory:
        return count_lines(path, inputs, bugs, tools, Path(directory), os.environ)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


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
@click.option(
    "--exact",
    metavar="TARGET",
    help="Count lines exactly: build TARGET, called as for `run`, once more for llvm-cov, and "
    "replay all that OUT keeps. An executable must have been built so.",
)
def report(out: Path, kind: str, output: Path | None, exact: str | None) -> ExitCode:
    """Report on the last campaign in OUT, finished or under way: one HTML file that needs nothing
    else, or what CI systems read."""
    dossier = collect(out, find_tool("llvm-symbolizer"))
    if exact is not None:
        dossier = replace(dossier, sources=_count_lines(exact, out))
    text = _RENDER[kind](dossier)
    to = output or (out / "report.html" if kind == "html" else Path("-"))
    if str(to) == "-":
        click.echo(text, nl=False)
        return ExitCode.NOTHING_FOUND
    write_whole(to, text.encode())
    click.echo(to)
    return ExitCode.NOTHING_FOUND
