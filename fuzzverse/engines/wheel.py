"""The libFuzzer that atheris ships, for the interpreter that is running."""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse.errors import UsageError

PACKAGE: Final = "atheris"
LIBRARY: Final = "core_with_libfuzzer"
_INSTALL: Final = "install it with `pip install 'fuzzverse[atheris]'`"


@dataclass(frozen=True, slots=True)
class Wheel:
    """An installed atheris: its shared library with libFuzzer in it, and its version."""

    path: Path
    version: str


def package_folders() -> tuple[Path, ...]:
    """Where atheris is installed, without importing it; none when it is not."""
    spec = importlib.util.find_spec(PACKAGE)
    return tuple(Path(one) for one in (spec.submodule_search_locations or ())) if spec else ()


def package_version() -> str:
    """What its metadata says; "unknown" without."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def find_wheel(
    folders: Callable[[], Sequence[Path]] = package_folders,
    version: Callable[[], str] = package_version,
    suffixes: Sequence[str] = tuple(importlib.machinery.EXTENSION_SUFFIXES),
) -> Wheel:
    """The wheel of this interpreter.

    Raises:
        UsageError: atheris is not installed, or it was made for another interpreter.
    """
    python = ".".join(map(str, sys.version_info[:2]))
    found = tuple(folders())
    if not found:
        raise UsageError(
            f"--engine atheris: atheris is not installed for Python {python}; {_INSTALL}"
        )
    for folder in found:
        for suffix in suffixes:
            library = folder / f"{LIBRARY}{suffix}"
            if library.is_file():
                return Wheel(library, version())
    others = sorted(path.name for folder in found for path in folder.glob(f"{LIBRARY}*"))
    what = f"has {', '.join(others[:3])}" if others else f"has no {LIBRARY}"
    raise UsageError(
        f"--engine atheris: atheris {version()} in {found[0]} {what}, nothing for Python {python} "
        f"({suffixes[0]}); {_INSTALL}: 3.0.0 is for Python 3.11, 3.1.0 for 3.12 and later"
    )
