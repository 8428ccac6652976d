"""`fuzzverse config`."""

from __future__ import annotations

import shlex

import click

from fuzzverse import __version__, resources
from fuzzverse.build import COMPARE_FLAGS, COVERAGE_FLAGS, link_flags, preempt_flags
from fuzzverse.errors import UsageError


@click.command()
@click.option("--cflags", is_flag=True, help="Flags that compile a target.")
@click.option("--libs", is_flag=True, help="Flags that link it.")
@click.option("--threads", is_flag=True, help="With --libs: POSIX threads as tasks.")
@click.option("--preempt", is_flag=True, help="With --cflags: tasks are preempted there.")
@click.option("--cmakedir", "--cmake-dir", is_flag=True, help="The directory for -Dfuzzverse_DIR=.")
@click.option("--pkgconfigdir", is_flag=True, help="The directory for PKG_CONFIG_PATH.")
@click.option("--version", is_flag=True, help="The version.")
def config(
    cflags: bool,
    libs: bool,
    threads: bool,
    preempt: bool,
    cmakedir: bool,
    pkgconfigdir: bool,
    version: bool,
) -> None:
    """Print what other build systems need, one line an option."""
    data = resources.installed()
    lines = []
    if version:
        lines.append(__version__)
    if cflags:
        flags = (f"-I{data.include}", *COVERAGE_FLAGS, *COMPARE_FLAGS)
        lines.append(shlex.join((*flags, *(preempt_flags(data) if preempt else ()))))
    if libs:
        lines.append(shlex.join(link_flags(data, threads=threads)))
    if cmakedir:
        lines.append(str(data.cmake))
    if pkgconfigdir:
        lines.append(str(data.pkgconfig))
    if not lines:
        raise UsageError("say what to print, for instance --cflags --libs")
    click.echo("\n".join(lines))
