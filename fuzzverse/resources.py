"""Where the native files and targets that fuzzverse ships are found."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from pathlib import Path

from fuzzverse.errors import EngineError


@dataclass(frozen=True, slots=True)
class Resources:
    """The packaged native files below `root`."""

    root: Path

    @property
    def include(self) -> Path:
        """The directory that targets put on their include path."""
        return self.root / "include"

    @property
    def runtime(self) -> Path:
        """The static runtime that targets link with; EngineError when the build lacks it."""
        return self._archive("runtime", "libfuzzverse.a")

    @property
    def heap(self) -> Path:
        """The heap that targets link with; EngineError when the build lacks it."""
        return self._archive("heap", "libfuzzverse_heap.a")

    @property
    def threads(self) -> Path:
        """POSIX threads as tasks; EngineError when the build lacks it."""
        return self._archive("archive of threads", "libfuzzverse_threads.a")

    @property
    def python(self) -> Path:
        """What simulations in Python are linked with; EngineError when the build lacks it."""
        return self._archive("archive for Python", "libfuzzverse_python.a")

    def _archive(self, what: str, name: str) -> Path:
        path = self.root / "lib" / name
        if not path.is_file():
            raise EngineError(
                f"the {what} {path} is missing: this installation is incomplete, "
                "reinstall with `pip install --force-reinstall fuzzverse`"
            )
        return path

    @property
    def cmake(self) -> Path:
        """The directory of the CMake package."""
        return self.root / "cmake"

    @property
    def pkgconfig(self) -> Path:
        """The directory of fuzzverse.pc."""
        return self.root / "lib" / "pkgconfig"

    @property
    def rivals(self) -> Path:
        """The sources by which other fuzzers drive a target, for `fuzzverse bench search`."""
        return self.root / "rivals"

    @property
    def targets(self) -> Path:
        """The targets that are shipped."""
        return self.root / "targets"

    @property
    def templates(self) -> Path:
        """What `fuzzverse new` writes, a folder each."""
        return self.root / "templates"

    @property
    def corpora(self) -> Path:
        """The starting inputs that are shipped."""
        return self.root / "corpora"


def installed() -> Resources:
    """The resources of the installed package."""
    with importlib.resources.as_file(importlib.resources.files("fuzzverse")) as package:
        return Resources(package / "data")
