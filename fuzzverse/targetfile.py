"""target.toml: what a target consists of, its variants, and the third-party source it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse import tables
from fuzzverse.tables import Table

HEADER_SUFFIXES: Final = (".h", ".hh", ".hpp", ".inc")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FILE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*")
_REGISTRIES: Final = ("pypi", "debian", "crates")
_LANGUAGES: Final = ("c", "c++")
_EXPECTATIONS: Final = ("clean", "bug")


@dataclass(frozen=True, slots=True)
class Variant:
    """One executable that is built from a target.

    `seconds` and `timelines` are the budget within which `expect` ("clean" or "bug") holds;
    `bug` says in words which bug is known. `sources` are compiled beside the target's own, and
    `preempt` is added to the target's own; `fetch` names one of the target's `fetches`, to build
    with in place of its `fetch`. Without `edges` no edge is counted: the search goes by marks
    alone.
    """

    name: str
    defines: tuple[str, ...] = ()
    expect: str = "clean"
    bug: str = ""
    seconds: int | None = None
    timelines: int | None = None
    default: bool = False
    sources: tuple[str, ...] = ()
    fetch: str = ""
    preempt: tuple[str, ...] = ()
    edges: bool = True


@dataclass(frozen=True, slots=True)
class Fetch:
    """Third-party source out of an archive of a registry, pinned by SHA-256.

    `registry` is "pypi" (the sdist of a package), "crates" (a crate), or "debian" (what upstream
    released, as Debian and its kin keep it; the version is upstream's). `members` maps a path in
    the archive (without its top directory) to a path in the directory that holds what was fetched;
    `include` names directories in there. `parameter` names the directory that replaces the fetch
    (`--with parameter=DIR`).
    """

    package: str
    version: str
    sha256: str
    members: tuple[tuple[str, str], ...]
    parameter: str
    sources: tuple[str, ...]
    flags: tuple[str, ...]
    include: tuple[str, ...] = ()
    registry: str = "pypi"


@dataclass(frozen=True, slots=True)
class TargetFile:
    """One target.toml.

    Tasks are preempted where the sources `preempt` (own or fetched ones, in all variants) touch
    shared memory: in all of their functions, or in `preempt_functions` alone. With `threads`,
    POSIX threads are tasks of the simulation kit.
    """

    path: Path
    name: str
    summary: str
    language: str
    sources: tuple[str, ...]
    include: tuple[str, ...]
    flags: tuple[str, ...]
    variants: tuple[Variant, ...]
    fetch: Fetch | None = None
    preempt: tuple[str, ...] = ()
    preempt_functions: tuple[str, ...] = ()
    threads: bool = False
    fetches: tuple[tuple[str, Fetch], ...] = ()

    def fetch_of(self, variant: Variant) -> Fetch | None:
        """The third-party source that a variant is built with."""
        return dict(self.fetches)[variant.fetch] if variant.fetch else self.fetch

    @property
    def directory(self) -> Path:
        """Where the sources are."""
        return self.path.parent

    @property
    def default(self) -> Variant:
        """The variant that the target's name means."""
        return next((one for one in self.variants if one.default), self.variants[0])


def load(path: Path) -> TargetFile:
    """Reads one target.toml.

    Raises:
        UsageError: it is unreadable, no TOML, or has a key that is missing, unknown or wrong.
    """
    return _target(path, tables.load(path))


def _target(path: Path, table: Table) -> TargetFile:
    name = table.name("name", _NAME)
    fetch, fetches = table.table("fetch"), table.table("fetches")
    variant_values = table.tables("variant")
    target = TargetFile(
        path=path,
        name=name,
        summary=table.text("summary", ""),
        language=table.choice("language", _LANGUAGES),
        sources=table.texts("sources"),
        include=table.texts("include"),
        flags=table.texts("flags"),
        variants=_variants(table, variant_values, name),
        fetch=_fetch(fetch) if fetch else None,
        preempt=table.texts("preempt"),
        preempt_functions=table.texts("preempt_functions"),
        threads=table.flag("threads"),
        fetches=_fetches(fetches) if fetches else (),
    )
    table.done()
    _check_names(table, target)
    return target


def _check_names(table: Table, target: TargetFile) -> None:
    """Whether what the parts of the file name is there."""
    if not target.sources:
        raise table.error("`sources` must name at least one file")
    for variant in target.variants:
        if variant.fetch and variant.fetch not in dict(target.fetches):
            words = f"the variant {variant.name} names [fetches.{variant.fetch}]"
            raise table.error(f"{words}, which is missing")
    known = {*target.sources, *(target.fetch.sources if target.fetch else ())}
    known |= {name for variant in target.variants for name in variant.sources}
    known |= {name for _, one in target.fetches for name in one.sources}
    preempted = {*target.preempt, *(name for one in target.variants for name in one.preempt)}
    if unknown := sorted(preempted - known):
        raise table.error(f"`preempt` names {unknown[0]!r}, which is none of the sources")
    if target.preempt_functions and not preempted:
        raise table.error("`preempt_functions` restricts `preempt`, which is missing")


def _variants(table: Table, values: tuple[Table, ...], name: str) -> tuple[Variant, ...]:
    if not values:
        return (Variant(name=name, default=True),)
    variants = tuple(_variant(value) for value in values)
    names = [variant.name for variant in variants]
    if len(set(names)) != len(names):
        raise table.error("two variants share a name")
    return variants


def _variant(table: Table) -> Variant:
    variant = Variant(
        name=table.name("name", _NAME),
        defines=table.texts("defines"),
        expect=table.choice("expect", _EXPECTATIONS),
        bug=table.text("bug", ""),
        seconds=table.count("seconds"),
        timelines=table.count("timelines"),
        default=table.flag("default"),
        sources=table.texts("sources"),
        fetch=table.text("fetch", ""),
        preempt=table.texts("preempt"),
        edges=table.flag("edges", default=True),
    )
    table.done()
    return variant


def _fetches(table: Table) -> tuple[tuple[str, Fetch], ...]:
    fetches = []
    for name in table.names():
        if not _NAME.fullmatch(name):
            raise table.error(f"the name {name!r} does not match {_NAME.pattern}")
        values = table.table(name)
        fetches += [(name, _fetch(values))] if values else []
    return tuple(fetches)


def _fetch(table: Table) -> Fetch:
    fetch = Fetch(
        package=table.name("package", _VERSION),
        version=table.name("version", _VERSION),
        sha256=table.name("sha256", _SHA256),
        members=_members(table),
        parameter=table.name("parameter", _NAME),
        sources=table.texts("sources"),
        flags=table.texts("flags"),
        include=table.texts("include"),
        registry=table.choice("registry", _REGISTRIES),
    )
    table.done()
    return fetch


def _members(table: Table) -> tuple[tuple[str, str], ...]:
    """A table from path in the archive to path on disk, or a list where these are the same."""
    members = table.take("members")
    if isinstance(members, list) and all(isinstance(name, str) for name in members):
        members = {name: name for name in members}
    if not isinstance(members, dict) or not all(isinstance(v, str) for v in members.values()):
        raise table.error("`members` must map paths in the package to file names, or list them")
    for name in members.values():
        if not _FILE.fullmatch(name):
            raise table.error(f"`members` must name paths of plain file names, not {name!r}")
    return tuple(members.items())
