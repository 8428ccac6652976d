"""From what the user calls a target to a described executable."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fuzzverse import native, resources
from fuzzverse.build import Builder, cache_directory
from fuzzverse.catalogue import Catalogue, find
from fuzzverse.errors import UsageError
from fuzzverse.model import Target
from fuzzverse.session import describe
from fuzzverse.targetfile import TargetFile, Variant
from fuzzverse.toolchain import asked_compiler, find_compiler


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """How a target is to be built: sanitizers, and directories that replace fetches."""

    sanitizers: tuple[str, ...] = ()
    replacements: tuple[tuple[str, Path], ...] = ()

    def arguments(self) -> list[str]:
        """The options that ask for the same again."""
        sanitize = [word for name in self.sanitizers for word in ("--sanitize", name)]
        return sanitize + [w for n, d in self.replacements for w in ("--with", f"{n}={d}")]


@dataclass(frozen=True, slots=True)
class Opened:
    """A target that is ready to run; `inputs` holds its committed starting inputs, if any."""

    target: Target
    argument: str
    request: BuildRequest
    inputs: Path | None

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
    return Path("fuzzverse-out") / Path(argument).name


def open_target(argument: str, request: BuildRequest) -> Opened:
    """Finds a target by name and builds it, or takes the executable at a path.

    Raises:
        CommandError: no such target, it does not build, or it is no fuzzverse build.
    """
    # A path is a path whatever state the catalogue is in.
    is_plain = "/" not in argument
    catalogue = find(Path.cwd(), resources.installed().targets) if is_plain else Catalogue(())
    if is_path(argument, catalogue):
        if request != BuildRequest():
            raise UsageError(f"--sanitize and --with are for named targets; {argument} is built")
        return Opened(describe(Path(argument), native.ABI, os.environ), argument, request, None)
    path, target_file = build_target(argument, request, catalogue, os.environ)
    inputs = target_file.directory.parent.parent / "corpora" / target_file.name
    target = describe(path, native.ABI, os.environ)
    return Opened(target, argument, request, inputs if inputs.is_dir() else None)


def is_path(argument: str, catalogue: Catalogue) -> bool:
    """Whether an argument means a file: it has a slash, or names a file and no target."""
    names = {*catalogue.names(), *(target.name for target in catalogue.targets)}
    return "/" in argument or (argument not in names and Path(argument).is_file())


def known_variant(argument: str) -> tuple[TargetFile, Variant] | None:
    """What target.toml says of a name; None for the path of an executable."""
    is_plain = "/" not in argument
    catalogue = find(Path.cwd(), resources.installed().targets) if is_plain else Catalogue(())
    return None if is_path(argument, catalogue) else catalogue.resolve(argument)


def build_target(
    name: str, request: BuildRequest, catalogue: Catalogue, environment: Mapping[str, str]
) -> tuple[Path, TargetFile]:
    """Builds a named target and returns its executable."""
    target_file, variant = catalogue.resolve(name)
    builder = Builder(
        resources.installed(),
        cache_directory(environment, Path.home()),
        find_compiler(asked_compiler(environment)),
        replacements=dict(request.replacements),
    )
    return builder.build(target_file, variant, request.sanitizers), target_file
