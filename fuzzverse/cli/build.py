"""`fuzzverse build`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from fuzzverse import resources
from fuzzverse.catalogue import Catalogue, find
from fuzzverse.cli.opening import (
    BuildRequest,
    build_python,
    build_variant,
    described,
    is_python,
    known_variant,
)
from fuzzverse.cli.options import build_options
from fuzzverse.errors import UsageError
from fuzzverse.files import disk_errors
from fuzzverse.report.text import columns, printable
from fuzzverse.toolchain import asked_compiler, find_compiler


@click.command()
@click.argument("target", required=False)
@click.option("-o", "output", type=click.Path(path_type=Path), help="Copy the executable there.")
@click.option("--list", "is_list", is_flag=True, help="List the targets that can be built.")
@build_options
def build(target: str | None, output: Path | None, is_list: bool, request: BuildRequest) -> None:
    """Build TARGET and print the path of its executable."""
    catalogue = find(Path.cwd(), resources.installed().targets)
    if is_list:
        click.echo(render_list(catalogue))
        return
    if target is None:
        raise UsageError(f"which target? there are: {', '.join(catalogue.names())}")
    path = _build(target, request)
    described(path, target)
    if output is not None:
        with disk_errors(output, "write"):
            shutil.copy2(path, output)
    click.echo(output or path)


def _build(target: str, request: BuildRequest) -> Path:
    if is_python(target):
        return build_python(target, request, os.environ)
    known = known_variant(target)
    if known is None:
        raise UsageError(f"{target} is an executable, and no target that can be built")
    compiler = find_compiler(asked_compiler(os.environ))
    return build_variant(*known, request, os.environ, compiler)


def render_list(catalogue: Catalogue) -> str:
    """Every variant with what is known of it."""
    found = [catalogue.resolve(name) for name in catalogue.names()]
    rows = [
        (variant.name, variant.expect, printable(variant.bug or target.summary))
        for target, variant in found
    ]
    return columns([("target", "expected", "what"), *rows])
