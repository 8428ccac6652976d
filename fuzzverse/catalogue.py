"""The targets that can be named: those of the working directory's project, then those shipped."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from fuzzverse.errors import UsageError
from fuzzverse.targetfile import TargetFile, Variant, load


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Target files in the order in which names are looked up."""

    targets: tuple[TargetFile, ...]

    def names(self) -> tuple[str, ...]:
        """The names of every variant, in order, each once."""
        return tuple(dict.fromkeys(v.name for target in self.targets for v in target.variants))

    def resolve(self, name: str) -> tuple[TargetFile, Variant]:
        """The target and variant of a name: a variant's, or a target's with a default variant.

        Raises:
            UsageError: nothing is called so; names what is near.
        """
        for target in self.targets:
            for variant in target.variants:
                if variant.name == name:
                    return target, variant
        for target in self.targets:
            if target.name == name:
                return target, target.default
        near = difflib.get_close_matches(name, self.names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(self.names())}"
        raise UsageError(
            f"no target is called {name!r}; {hint} "
            "(give the path of an executable with a slash in it, as in ./name)"
        )


def find(start: Path, shipped: Path) -> Catalogue:
    """The catalogue for a working directory.

    Looks for `target.toml` and `targets/*/target.toml` in `start` and each directory above it, then
    in `shipped`.
    """
    paths: dict[Path, None] = {}
    for directory in (start, *start.parents):
        own = directory / "target.toml"
        for path in (*([own] if own.is_file() else ()), *_below(directory / "targets")):
            paths.setdefault(path.resolve())
    for path in _below(shipped):
        paths.setdefault(path.resolve())
    return Catalogue(tuple(load(path) for path in paths))


def _below(directory: Path) -> list[Path]:
    return sorted(directory.glob("*/target.toml"))
