"""From what the user calls a target to a described executable."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fuzzverse import native, pybuild, resources
from fuzzverse.build import Builder, cache_directory
from fuzzverse.catalogue import Catalogue, find
from fuzzverse.errors import EngineError, UsageError
from fuzzverse.model import Target
from fuzzverse.ossfuzz import NOTHING_BESIDE, Beside, beside
from fuzzverse.rebuild import Rebuild, facts
from fuzzverse.session import describe
from fuzzverse.targetfile import TargetFile, Variant, load
from fuzzverse.toolchain import Compiler, asked_compiler, find_compiler

TARGET_FILE: Final = "target.toml"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}")


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """How a target is to be built: sanitizers, directories that replace fetches, and whether it
    is to count lines."""

    sanitizers: tuple[str, ...] = ()
    replacements: tuple[tuple[str, Path], ...] = ()
    is_profiled: bool = False

    def arguments(self) -> list[str]:
        """The options that ask for the same again."""
        sanitize = [word for name in self.sanitizers for word in ("--sanitize", name)]
        return sanitize + [w for n, d in self.replacements for w in ("--with", f"{n}={d}")]


@dataclass(frozen=True, slots=True)
class Opened:
    """A target that is ready to run; `inputs` holds its committed starting inputs, if any, and
    `beside` tells what lies beside the executable that the user named."""

    target: Target
    argument: str
    request: BuildRequest
    inputs: Path | None
    rebuild: Rebuild
    beside: Beside = NOTHING_BESIDE

    def replay_command(self, out: Path) -> Callable[[str], str]:
        """Makes, for a bucket in `out`, the line that replays it."""
        words = [*program(sys.argv[0]), "replay", self.argument, *self.request.arguments()]

        def command(bucket: str) -> str:
            return shlex.join([*words, "--bug", bucket, "--out", str(out)])

        return command


def program(called: str, which: Callable[[str], str | None] = shutil.which) -> list[str]:
    """What the user types to call fuzzverse again: its name when that is found, else its path."""
    path = Path(called)
    if path.name == "__main__.py":
        return ["python3", "-m", "fuzzverse"]
    found = which(path.name)
    return [path.name if found and Path(found).resolve() == path.resolve() else called]


def default_out(argument: str) -> Path:
    """OUT of a target when the user gives none."""
    return Path("fuzzverse-out") / Path(argument).resolve().name


def is_name(argument: str) -> bool:
    """Whether this is a target's name: a file that may have come from anywhere may say so much,
    but the path of what is executed is the user's to give.

    Raises:
        UsageError: it could be a name, and no target is called so.
    """
    return bool(_NAME.fullmatch(argument)) and known_variant(argument) is not None


def open_target(argument: str, request: BuildRequest) -> Opened:
    """Finds a target by name or folder and builds it, or takes the executable at a path.

    Raises:
        CommandError: no such target, it does not build, or it is no fuzzverse build.
    """
    if is_python(argument):
        path = build_python(argument, request, os.environ)
        return Opened(described(path, argument), argument, request, None, Rebuild())
    known = known_variant(argument)
    if known is None:
        if request != BuildRequest():
            raise UsageError(f"--sanitize and --with are for named targets; {argument} is built")
        path = Path(argument)
        target = describe(path, native.ABI, os.environ)
        near = beside(path) if target.is_harness else NOTHING_BESIDE
        return Opened(target, argument, request, None, Rebuild(), near)
    compiler = find_compiler(asked_compiler(os.environ))
    path = build_variant(*known, request, os.environ, compiler)
    replaced = dict(request.replacements)
    told = facts(*known, request.sanitizers, replaced, compiler.version)
    inputs = known[0].directory.parent.parent / "corpora" / known[0].name
    # Variants are targets of their own: the same mark that fails in two of them is two bugs.
    target = replace(describe(path, native.ABI, os.environ), name=known[1].name)
    return Opened(target, argument, request, inputs if inputs.is_dir() else None, told)


def is_python(argument: str) -> bool:
    """Whether this is a simulation written in Python: no name of a target has a dot."""
    return argument.endswith(pybuild.SUFFIX)


def build_python(argument: str, request: BuildRequest, environment: Mapping[str, str]) -> Path:
    """Makes an executable of a simulation written in Python."""
    if request != BuildRequest():
        raise UsageError(f"--sanitize and --with are for native targets; {argument} is Python")
    compiler = find_compiler(asked_compiler(environment))
    cache = cache_directory(environment, Path.home())
    return pybuild.build(Path(argument), resources.installed(), cache, compiler)


def described(path: Path, argument: str) -> Target:
    """What the executable that was built of a target says of itself.

    Raises:
        CommandError: it is no fuzzverse build; of a simulation in Python, what is wrong with it.
    """
    try:
        return describe(path, native.ABI, os.environ)
    except EngineError:
        if is_python(argument):
            pybuild.check_loads(path, Path(argument).resolve())
        raise


def is_path(argument: str, catalogue: Catalogue) -> bool:
    """Whether an argument means a file, or a folder with a target.toml: it has a slash, or names
    such a one and no target."""
    names = {*catalogue.names(), *(target.name for target in catalogue.targets)}
    path = Path(argument)
    is_there = path.is_file() or (path / TARGET_FILE).is_file()
    return "/" in argument or (argument not in names and is_there)


def known_variant(argument: str) -> tuple[TargetFile, Variant] | None:
    """What target.toml says of a name, or of the target in a folder; None for the path of an
    executable. Raises UsageError when there is none."""
    # A path is a path whatever state the catalogue is in.
    is_plain = "/" not in argument
    catalogue = find(Path.cwd(), resources.installed().targets) if is_plain else Catalogue(())
    if not is_path(argument, catalogue):
        return catalogue.resolve(argument)
    folder = Path(argument)
    if not folder.is_dir():
        return None
    target = load(folder.resolve() / TARGET_FILE)
    return target, target.default


def build_variant(
    target: TargetFile,
    variant: Variant,
    request: BuildRequest,
    environment: Mapping[str, str],
    compiler: Compiler,
) -> Path:
    """Builds one variant of a target and returns its executable."""
    builder = Builder(
        resources.installed(),
        cache_directory(environment, Path.home()),
        compiler,
        replacements=dict(request.replacements),
    )
    return builder.build(target, variant, request.sanitizers, is_profiled=request.is_profiled)
