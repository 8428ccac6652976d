"""Finding clang and its companions."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse.errors import EngineError

CLANG_MIN: Final = 14
CLANG_MAX_TRIED: Final = 20
INSTALL_CLANG: Final = "install it with `apt-get install clang` (or your system's equivalent)"

Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Compiler:
    """A clang that was asked for its version; `cxx` is the driver for C++ beside it."""

    path: Path
    cxx: Path
    major: int
    version: str


def asked_compiler(environment: Mapping[str, str]) -> str:
    """The compiler that the user asked for with $FUZZVERSE_CC or $CC, "" for none.

    A CC that is our own wrapper (`make CC=fuzzverse-cc`) would call itself for ever.
    """
    asked = environment.get("FUZZVERSE_CC") or environment.get("CC", "")
    return "" if Path(asked).name.startswith("fuzzverse-") else asked.strip()


def find_compiler(asked: str = "", which: Which = shutil.which) -> Compiler:
    """The clang that compiles targets: `asked` when given, else clang, clang-20, ..., clang-14.

    Raises:
        EngineError: there is none, or `asked` is none or too old; says how to get one.
    """
    if asked:
        return _asked(asked, which)
    for name in ("clang", *(f"clang-{n}" for n in range(CLANG_MAX_TRIED, CLANG_MIN - 1, -1))):
        found = which(name)
        compiler = _probe(Path(found)) if found else None
        if compiler and compiler.major >= CLANG_MIN:
            return compiler
    raise EngineError(f"targets need clang >= {CLANG_MIN} and none was found; {INSTALL_CLANG}")


def _asked(asked: str, which: Which) -> Compiler:
    found = which(asked)
    compiler = _probe(Path(found)) if found else None
    if compiler is None:
        raise EngineError(f"CC={asked} is no clang; unset CC or {INSTALL_CLANG}")
    if compiler.major < CLANG_MIN:
        raise EngineError(
            f"CC={asked} is clang {compiler.major}, but targets need clang >= {CLANG_MIN}; "
            f"unset CC or {INSTALL_CLANG}"
        )
    return compiler


def _probe(path: Path) -> Compiler | None:
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"clang version (\d+)", answer.stdout)
    if answer.returncode != 0 or match is None:
        return None
    version = answer.stdout.splitlines()[0].strip()
    return Compiler(path, _cxx_beside(path), int(match.group(1)), version)


def _cxx_beside(path: Path) -> Path:
    """clang++ beside clang: /usr/bin/clang-19 -> /usr/bin/clang++-19."""
    name = path.name.replace("clang", "clang++", 1)
    beside = path.with_name(name)
    return beside if beside.exists() else path


def find_tool(name: str, which: Which = shutil.which) -> Path | None:
    """A tool of LLVM by its plain name or the newest versioned one (llvm-symbolizer-19)."""
    for candidate in (name, *(f"{name}-{n}" for n in range(CLANG_MAX_TRIED, CLANG_MIN - 1, -1))):
        found = which(candidate)
        if found:
            return Path(found)
    return None
