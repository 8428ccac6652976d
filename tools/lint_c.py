"""The C lint of `make check`: format, and two compilers whose warnings are errors.

`--format` rewrites the sources in the house's format instead.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# gcc cannot tell the one extension that the house likes, array ranges, from the others; and where
# snprintf cuts a text to its room, that is meant.
COMPILERS: Final = (
    ("gcc", "-Wno-format-truncation"),
    ("clang", "-Wpedantic", "-Wno-gnu-designator"),
)
LANGUAGE: Final = ("-std=gnu11", "-D_GNU_SOURCE=")
WARNINGS: Final = (
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wundef",
    "-Wvla",
    "-Werror",
)
# What a source of each folder may include: the walls of ARCHITECTURE.md, as include paths.
INCLUDES: Final = {
    "include": ("native/include",),
    "common": ("native/include", "native/common"),
    "runtime": ("native/include", "native/common", "native/runtime"),
    "heap": ("native/common", "native/heap"),
    "sim": ("native/include", "native/sim"),
    "threads": ("native/include", "native/sim", "native/threads"),
    "core": ("native/include", "native/common", "native/core"),
    "rivals": ("native/include", "native/rivals"),
    "python": ("native/include", "native/python"),
}
# Headers of others, in which no warning is ours.
SYSTEM: Final = {"python": (sysconfig.get_paths()["include"],)}


def sources() -> list[Path]:
    """Every C and C++ file of the house."""
    suffixes = {".c", ".h", ".cc", ".cpp", ".hpp"}
    folders = ("native", "targets", "templates", "tests")
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes
    )


def clang_format(*arguments: str) -> list[str]:
    """The command of the pinned clang-format, which lies beside this Python."""
    return [str(Path(sys.executable).with_name("clang-format")), "--style=file", *arguments]


def native_commands() -> Iterator[list[str]]:
    """Compiles every source, and every header as if it were one, with both compilers."""
    for folder, includes in INCLUDES.items():
        flags = [f"-I{ROOT / include}" for include in includes]
        flags += [f"-isystem{include}" for include in SYSTEM.get(folder, ())]
        for path in sorted((ROOT / "native" / folder).rglob("*.[ch]")):
            if path.name == "cdef.h":
                continue  # declarations for cffi, which come without their includes
            # A header is included by nothing but itself: it must stand alone.
            source = [str(path)] if path.suffix == ".c" else ["-include", str(path), os.devnull]
            # What targets include is compiled by clang alone.
            for compiler in COMPILERS[1:] if folder == "include" else COMPILERS:
                command = [
                    compiler[0],
                    "-x",
                    "c",
                    *LANGUAGE,
                    "-O2",
                    *WARNINGS,
                    *compiler[1:],
                    *flags,
                ]
                yield [*command, *source, "-c", "-o", os.devnull]


def target_commands() -> Iterator[list[str]]:
    """Compiles every variant of the targets that need no third-party source, as clang builds it."""
    for path in sorted(
        [*ROOT.glob("targets/*/target.toml"), *ROOT.glob("templates/*/target.toml")]
    ):
        target = tomllib.loads(path.read_text())
        if "fetch" in target:
            continue
        command = ["clang", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror"]
        command += [f"-I{ROOT / 'native/include'}", f"-I{path.parent}"]
        for variant in target.get("variant", []):
            defines = [f"-D{define}" for define in variant.get("defines", [])]
            for source in sorted(path.parent.rglob("*.c")):
                yield [*command, *defines, "-c", str(source), "-o", os.devnull]


def cxx_commands() -> Iterator[list[str]]:
    """The header that targets include is C++11 too."""
    header = ROOT / "native/include/fuzzverse/fuzzverse.h"
    if header.exists():
        for standard in ("c++11", "c++20"):
            command = ["clang++", "-x", "c++", f"-std={standard}", "-Wall", "-Wextra", "-Werror"]
            yield [*command, "-fsyntax-only", str(header)]


def run(command: Sequence[str]) -> str:
    """What a failing command said; empty when it passed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr or f"{command[0]} failed\n"


def unformatted() -> str:
    """The places that are not in the house's format, one a line."""
    paths = [str(path) for path in sources()]
    said = run(clang_format("--dry-run", "-Werror", *paths)) if paths else ""
    places = [line for line in said.splitlines() if "clang-format-violations" in line]
    return "".join(f"{line}\n" for line in places) + ("run `make format`\n" if said else "")


def check() -> int:
    """Runs everything and prints what failed."""
    commands = [*native_commands(), *target_commands(), *cxx_commands()]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [words for words in (*pool.map(run, commands), unformatted()) if words]
    sys.stderr.write("".join(complaints))
    return 1 if complaints else 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", action="store_true", help="rewrite sources instead")
    if not parser.parse_args().format:
        return check()
    paths = [str(path) for path in sources()]
    return subprocess.run(clang_format("-i", *paths), check=False).returncode if paths else 0


if __name__ == "__main__":
    raise SystemExit(main())
