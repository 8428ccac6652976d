"""`fuzzverse cc`, `fuzzverse c++`, and the commands fuzzverse-cc and fuzzverse-c++."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import click

from fuzzverse import resources
from fuzzverse.build import (
    COMPARE_FLAGS,
    COVERAGE_FLAGS,
    DEBUG_FLAGS,
    FUZZER_FLAGS,
    TEXTS_FLAG,
    link_flags,
    preempt_flags,
)
from fuzzverse.errors import CommandError
from fuzzverse.resources import Resources
from fuzzverse.toolchain import find_compiler

# Ours, and not clang's: threads as tasks; tasks are preempted where shared memory is touched.
THREADS_FLAG: Final = "--fv-threads"
PREEMPT_FLAG: Final = "--fv-preempt"
PASS_THROUGH: Final = {"ignore_unknown_options": True, "help_option_names": []}
# What links libFuzzer with clang: here the runtime is in its place.
_FUZZER: Final = frozenset(("fuzzer", "fuzzer-no-link"))
# With one of these clang does not link an executable.
_NO_LINK: Final = frozenset(
    ("-c", "-S", "-E", "-M", "-MM", "-fsyntax-only", "-shared", "-r", "--version", "-###", "--help")
)


def wrapped(arguments: Sequence[str], data: Resources, *, is_c: bool = True) -> list[str]:
    """The arguments of clang: the user's, after coverage and headers, before the runtime.

    The runtime is only added where an executable is linked.
    """
    threads, preempt = (flag in arguments for flag in (THREADS_FLAG, PREEMPT_FLAG))
    arguments = [word for word in arguments if word not in (THREADS_FLAG, PREEMPT_FLAG)]
    is_fuzzer = any(_asks_for_libfuzzer(word) for word in arguments)
    arguments = _without_libfuzzer(arguments)
    flags = [*DEBUG_FLAGS, *COVERAGE_FLAGS, *COMPARE_FLAGS, f"-I{data.include}"]
    flags += preempt_flags(data) if preempt else ()
    flags += FUZZER_FLAGS if is_fuzzer else ()
    has_input = any(not argument.startswith("-") for argument in arguments)
    if not has_input or _NO_LINK.intersection(arguments):
        return [*flags, *arguments] if has_input else list(arguments)
    libraries = link_flags(data, threads=threads, is_c=is_c)
    texts = [TEXTS_FLAG] if is_fuzzer else []
    return [*flags, *_runtime_of_clang(arguments), *arguments, *texts, *libraries]


def _asks_for_libfuzzer(word: str) -> bool:
    flag, _, values = word.partition("=")
    return flag == "-fsanitize" and not _FUZZER.isdisjoint(values.split(","))


def _without_libfuzzer(arguments: Sequence[str]) -> list[str]:
    """The same without what asks for libFuzzer: -fsanitize=fuzzer,address asks for one of two."""
    kept = []
    for word in arguments:
        flag, _, values = word.partition("=")
        if flag != "-fsanitize":
            kept.append(word)
            continue
        names = [name for name in values.split(",") if name not in _FUZZER]
        kept += [f"-fsanitize={','.join(names)}"] if names else []
    return kept


def _runtime_of_clang(arguments: Sequence[str]) -> list[str]:
    """Coverage alone makes clang link its UBSan runtime, which every fork would have to copy."""
    is_sanitized = any(argument.startswith("-fsanitize=") for argument in arguments)
    return [] if is_sanitized else ["-fno-sanitize-link-runtime"]


def become(arguments: Sequence[str], *, is_cxx: bool) -> NoReturn:
    """Replaces this process by clang."""
    # CC is likely to be this very wrapper, so only our own variable counts.
    compiler = find_compiler(os.environ.get("FUZZVERSE_CC", ""))
    path: Path = compiler.cxx if is_cxx else compiler.path
    os.execv(path, [str(path), *wrapped(arguments, resources.installed(), is_c=not is_cxx)])


@click.command(context_settings=PASS_THROUGH)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def cc(arguments: tuple[str, ...]) -> None:
    """Compile C with clang, with coverage and, when linking, the runtime.

    --fv-threads links POSIX threads as tasks of the simulation kit; --fv-preempt lets tasks be
    preempted where what is compiled touches shared memory.
    """
    become(arguments, is_cxx=False)


@click.command("c++", context_settings=PASS_THROUGH)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def cxx(arguments: tuple[str, ...]) -> None:
    """Compile C++ with clang, with coverage and, when linking, the runtime.

    --fv-threads links POSIX threads as tasks of the simulation kit; --fv-preempt lets tasks be
    preempted where what is compiled touches shared memory.
    """
    become(arguments, is_cxx=True)


def _main(*, is_cxx: bool) -> NoReturn:
    try:
        become(sys.argv[1:], is_cxx=is_cxx)
    except CommandError as error:
        click.echo(f"{Path(sys.argv[0]).name}: {error}", err=True)
        sys.exit(error.exit_code)


def main_c() -> NoReturn:
    """The entry point of `fuzzverse-cc`."""
    _main(is_cxx=False)


def main_cxx() -> NoReturn:
    """The entry point of `fuzzverse-c++`."""
    _main(is_cxx=True)
