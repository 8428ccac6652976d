"""A target's simulation as a harness of another fuzzer, built with native/rivals in place of the
runtime."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fuzzverse.errors import FuzzverseError
from fuzzverse.resources import Resources
from fuzzverse.targetfile import TargetFile, Variant
from fuzzverse.toolchain import Compiler

BUILD_TIMEOUT_S: Final = 300
REPLAY_TIMEOUT_S: Final = 60
BUG_PREFIX: Final = "fuzzverse rival: bug: "
_SHARED_SOURCES: Final = ("bytes.c", "marks.c")
_CXX_SUFFIXES: Final = (".cc", ".cpp", ".cxx", ".C")


class RivalMissing(FuzzverseError):
    """A rival cannot run here, or not on this target; says why, and what to install."""


@dataclass(frozen=True, slots=True)
class HarnessKind:
    """How one kind of harness is built.

    `c` and `cxx` compile the target with `flags` and link everything with `link`; `counters` is
    the source of native/rivals that tells this fuzzer what marks say; `install` says how to get
    what linking needs; the compilers find `environment` in theirs.
    """

    c: str
    cxx: str
    flags: tuple[str, ...]
    link: tuple[str, ...]
    counters: str
    install: str
    environment: Mapping[str, str] = field(default_factory=dict)


def check_target(target: TargetFile) -> None:
    """Raises RivalMissing when a target cannot run timeline after timeline in one process.

    What a target fetches keeps state from one timeline to the next, and leaks when one ends in
    the middle; the targets of ours that fetch nothing begin afresh.
    """
    if target.fetch is not None or target.fetches:
        raise RivalMissing(
            f"{target.name} fetches third-party source, whose global state no in-process fuzzer "
            "puts back"
        )


def build(
    kind: HarnessKind,
    compiler: Compiler,
    resources: Resources,
    target: TargetFile,
    variant: Variant,
    folder: Path,
) -> Path:
    """Builds one harness into `folder`, which it makes, and returns its path.

    The target's own sources are instrumented; what stands in for the runtime is not, and is
    compiled by `compiler`. Raises RivalMissing when the compiler refuses, with what it said.
    """
    folder.mkdir(parents=True)
    includes = [f"-I{resources.include}", f"-I{target.directory}"]
    includes += [f"-I{target.directory / name}" for name in target.include]
    defines = [f"-D{define}" for define in variant.defines]
    common = ["-O2", "-g", "-c", *includes]
    objects = []
    for name in (*_SHARED_SOURCES, kind.counters):
        objects.append(folder / f"rival-{name}.o")
        command = [str(compiler.path), "-std=gnu11", *common, str(resources.rivals / name)]
        _run([*command, "-o", str(objects[-1])], {})
    for number, name in enumerate(target.sources):
        objects.append(folder / f"target-{number}.o")
        is_cxx = Path(name).suffix in _CXX_SUFFIXES
        driver = [kind.cxx, "-std=c++17"] if is_cxx else [kind.c, "-std=gnu11"]
        command = [*driver, *target.flags, *common, *kind.flags, *defines]
        source = str(target.directory / name)
        _run([*command, source, "-o", str(objects[-1])], kind.environment)
    driver = [kind.cxx if target.language == "c++" else kind.c]
    path = folder / variant.name
    try:
        command = [*driver, *kind.link, *map(str, objects), "-lm", "-lpthread", "-o", str(path)]
        _run(command, kind.environment)
    except RivalMissing as error:
        raise RivalMissing(f"{error}; {kind.install}") from error
    return path


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, "AFL_QUIET": "1", **environment},
            timeout=BUILD_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RivalMissing(f"its harness does not build: {error}") from error
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr)
        raise RivalMissing(f"its harness does not build: {said.strip()}")


def bug_of(harness: Path, artifact: Path) -> str:
    """The message of the bug that an artifact shows when the harness runs it once more.

    A crash without words of ours (a signal, a wild pointer) is told as "a crash".
    """
    done = subprocess.run(
        [harness, artifact],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=artifact.parent,
        timeout=REPLAY_TIMEOUT_S,
        check=False,
    )
    for line in done.stderr.decode(errors="replace").splitlines():
        if line.startswith(BUG_PREFIX):
            return line.removeprefix(BUG_PREFIX)
    return "a crash"
