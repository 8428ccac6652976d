"""How a target was built, in the words that it takes to build it again on another machine."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from fuzzverse import __version__
from fuzzverse.errors import InputError
from fuzzverse.targetfile import HEADER_SUFFIXES, Fetch, TargetFile, Variant

_TEXT_MAX: Final = 4_096
_WORDS_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class Rebuild:
    """How a build came about.

    `argument` is what the user calls the target; "": an executable, built by other means, of which
    only `fuzzverse`, the version that looked at it, is known. `sources` is a SHA-256 of the names
    and bytes of target.toml, the target's sources and its headers; `fetched` names third-party
    source with its version and hash, and `replaced` what was given with --with instead.
    """

    argument: str = ""
    fuzzverse: str = __version__
    compiler: str = ""
    sanitizers: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    sources: str = ""
    fetched: str = ""
    replaced: tuple[str, ...] = ()

    def words(self, build_id: str) -> str:
        """Lines for people."""
        facts = (
            ("build-id", build_id),
            ("build", self.command or "by other means than fuzzverse build"),
            ("fuzzverse", self.fuzzverse),
            ("compiler", self.compiler),
            ("defines", shlex.join(self.defines)),
            ("flags", shlex.join(self.flags)),
            ("fetched", self.fetched),
            ("sources", f"sha256 {self.sources}" if self.sources else ""),
        )
        return "".join(f"{name:<10}{value}\n" for name, value in facts if value)

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def command(self) -> str:
        """The line that builds it; "" for an executable."""
        if not self.argument:
            return ""
        words = ["fuzzverse", "build", self.argument]
        words += [word for name in self.sanitizers for word in ("--sanitize", name)]
        return shlex.join(
            [*words, *(w for name in self.replaced for w in ("--with", f"{name}=DIR"))]
        )


NOT_KNOWN: Final = Rebuild(fuzzverse="")


def facts(
    target: TargetFile,
    variant: Variant,
    sanitizers: Iterable[str],
    replaced: Iterable[str],
    compiler: str,
) -> Rebuild:
    """What is known of a build of a target file's variant by a compiler of that version."""
    fetch = target.fetch_of(variant)
    return Rebuild(
        argument=variant.name,
        compiler=compiler,
        sanitizers=tuple(sanitizers),
        defines=variant.defines,
        flags=target.flags,
        sources=_sources(target, variant),
        fetched=_fetched(fetch) if fetch else "",
        replaced=tuple(replaced),
    )


def parse(values: object) -> Rebuild:
    """A rebuild out of JSON that may have come from anywhere; InputError when it is none."""
    if not isinstance(values, dict):
        raise InputError("how it was built is no object")
    return Rebuild(
        argument=_text(values, "argument"),
        fuzzverse=_text(values, "fuzzverse"),
        compiler=_text(values, "compiler"),
        sanitizers=_words(values, "sanitizers"),
        defines=_words(values, "defines"),
        flags=_words(values, "flags"),
        sources=_text(values, "sources"),
        fetched=_text(values, "fetched"),
        replaced=_words(values, "replaced"),
    )


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or len(value) > _TEXT_MAX:
        raise InputError(f"`{name}` of how it was built is no text")
    return value


def _words(values: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = values.get(name)
    if not isinstance(value, list) or len(value) > _WORDS_MAX:
        raise InputError(f"`{name}` of how it was built is no list")
    return tuple(_text({name: one}, name) for one in value)


def _fetched(fetch: Fetch) -> str:
    return f"{fetch.registry} {fetch.package} {fetch.version} sha256:{fetch.sha256}"


def _sources(target: TargetFile, variant: Variant) -> str:
    """The hash does not depend on where the folder lies."""
    own = {target.directory / name for name in (*target.sources, *variant.sources)}
    found = (path for path in target.directory.rglob("*") if path.suffix in HEADER_SUFFIXES)
    key = hashlib.sha256()
    for path in sorted(path for path in {target.path, *own, *found} if path.is_file()):
        key.update(f"{os.path.relpath(path, target.directory)}\0".encode())
        key.update(hashlib.sha256(path.read_bytes()).digest())
    return key.hexdigest()
