"""A bug in one file, for another machine: NAME.fvbug.tar.zst.

A tar (POSIX ustar) of plain files, compressed by Zstandard. Equal bugs make equal bytes. What is
read is believed in nothing: sizes, names and kinds of members are checked before anything else, the
bucket's name and the recipe's text are made anew out of identity and input.

Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar),
RFC 8878 (Zstandard).
"""

from __future__ import annotations

import enum
import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import zstandard

from fuzzverse import bugstore, native
from fuzzverse.buckets import bucket_anew
from fuzzverse.bugstore import INPUT_SIZE_MAX, META_SIZE_MAX, Evidence, SavedBug
from fuzzverse.errors import InputError
from fuzzverse.files import read_capped, write_whole
from fuzzverse.outcome import Bug

SUFFIX: Final = ".fvbug.tar.zst"
FILE_SIZE_MAX: Final = 16 * 1024 * 1024
UNPACKED_SIZE_MAX: Final = 24 * 1024 * 1024
MEMBER_COUNT_MAX: Final = 16
WINDOW_SIZE_MAX: Final = 32 * 1024 * 1024
LEVEL: Final = 10
BLOCK: Final = 512
# Members by name, with their largest sizes.
_SIZES: Final = {
    "input": INPUT_SIZE_MAX,
    "log": INPUT_SIZE_MAX,
    "meta.json": META_SIZE_MAX,
    "original": INPUT_SIZE_MAX,
    "rebuild.txt": META_SIZE_MAX,
    "recipe": INPUT_SIZE_MAX,
    "stack": INPUT_SIZE_MAX,
    "why.json": INPUT_SIZE_MAX,
}
_NEEDED: Final = ("input", "log", "meta.json", "stack")
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"
_TARGET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_BUILD_ID: Final = re.compile(r"[A-Za-z0-9]{1,80}")
_KIND: Final = re.compile(r"[a-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds; `original` and `why` (JSON) are empty when there are none."""

    saved: SavedBug
    evidence: Evidence
    original: bytes = b""
    why: bytes = b""


class Kept(enum.Enum):
    """What became of a bundle: of a bucket that was not there, a better recipe, or one no better
    than what is there; or what is there is of another build, and stays."""

    NEW = enum.auto()
    BETTER = enum.auto()
    KNOWN = enum.auto()
    OTHER_BUILD = enum.auto()


def pack(bundle: Bundle) -> bytes:
    """The bytes of a bundle. The line that replays the bug stays behind: it has paths in it."""
    saved = replace(bundle.saved, bug=replace(bundle.saved.bug, command=""))
    members = {
        "input": bundle.evidence.input,
        "log": bundle.evidence.log,
        "meta.json": bugstore.meta_bytes(saved),
        "rebuild.txt": saved.rebuild.words(saved.build_id).encode(),
        "recipe": bugstore.recipe_bytes(saved.bug),
        "stack": bundle.evidence.stack,
        **({"original": bundle.original} if bundle.original else {}),
        **({"why.json": bundle.why} if bundle.why else {}),
    }
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(members.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    return compressor.compress(plain.getvalue())


def read(path: Path) -> Bundle:
    """The bundle in a file.

    Raises:
        InputError: it is none, or one that has been tampered with or cut off.
    """
    try:
        members = dict(_members(_unpacked(read_capped(path, FILE_SIZE_MAX))))
        missing = [name for name in _NEEDED if name not in members]
        if missing:
            raise InputError(f"{', '.join(missing)} is missing in it")
        return _bundle(members)
    except InputError as error:
        raise InputError(f"{path} is no bundle of a bug: {error}") from None


def _unpacked(data: bytes) -> bytes:
    """What was compressed, of which never more is held than may be there."""
    if not data.startswith(_ZSTANDARD):
        raise InputError("it is not compressed by Zstandard")
    reader = zstandard.ZstdDecompressor(max_window_size=WINDOW_SIZE_MAX)
    try:
        with reader.stream_reader(data) as stream:
            plain = stream.read(UNPACKED_SIZE_MAX + 1)
    except zstandard.ZstdError as error:
        raise InputError(f"it does not unpack: {error}") from None
    if len(plain) > UNPACKED_SIZE_MAX:
        raise InputError(f"it unpacks to more than {UNPACKED_SIZE_MAX} bytes")
    return plain


def _members(plain: bytes) -> Iterator[tuple[str, bytes]]:
    """Each member of the tar. Headers are read one by one: ustar's alone, no extensions."""
    seen: set[str] = set()
    at = 0
    while any(block := plain[at : at + BLOCK]):
        member = _header(block)
        at += BLOCK
        if member.name in seen:
            raise InputError(f"{member.name} is in it twice")
        seen.add(member.name)
        if len(seen) > MEMBER_COUNT_MAX or at + member.size > len(plain):
            raise InputError("it is cut off")
        yield member.name, plain[at : at + member.size]
        at += -(-member.size // BLOCK) * BLOCK
    if len(block) < BLOCK:
        raise InputError("it is cut off")


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        member = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.TarError, ValueError) as error:
        raise InputError(f"it holds no tar ({error})") from None
    if member.name not in _SIZES:
        raise InputError(f"{member.name!r} has no place in it")
    if member.type != tarfile.REGTYPE or member.linkname:
        raise InputError(f"{member.name} is no plain file in it")
    if not 0 <= member.size <= _SIZES[member.name]:
        raise InputError(f"{member.name} is larger than {_SIZES[member.name]} bytes in it")
    return member


def _bundle(members: Mapping[str, bytes]) -> Bundle:
    saved = bugstore.parse_meta(members["meta.json"], "")
    if not _TARGET.fullmatch(saved.target) or not _BUILD_ID.fullmatch(saved.build_id):
        raise InputError("its target and build-id are no names")
    if saved.rebuild.argument and not _TARGET.fullmatch(saved.rebuild.argument):
        raise InputError("what its target was called is no name")
    original = members.get("original", b"")
    if original:
        native.input_parse(original)
    evidence = Evidence(members["input"], members["log"], members["stack"])
    bug = _anew(saved.bug, evidence.input, members["meta.json"])
    why = _json_again(members["why.json"]) if "why.json" in members else b""
    return Bundle(replace(saved, bug=bug), evidence, original, why)


def _anew(bug: Bug, data: bytes, meta: bytes) -> Bug:
    """A bug whose name and recipe follow from its identity and its input."""
    if not bug.verdict.is_bug or not _KIND.fullmatch(bug.kind) or bug.reproduced > bug.replays:
        raise InputError("what it says of the bug makes no sense")
    try:
        f"{bug.identity}{bug.message}".encode()
    except UnicodeEncodeError:
        raise InputError("what it says of the bug is no text") from None
    recipe = native.input_parse(data)
    claimed = json.loads(meta).get("bucket")
    bug = replace(
        bug,
        bucket=claimed if isinstance(claimed, str) else "",
        root=recipe.root,
        recipe=native.recipe_text(recipe),
        segments=recipe.segment_count,
        command="",
    )
    return replace(bug, bucket=bucket_anew(bug))


def _json_again(data: bytes) -> bytes:
    try:
        return (json.dumps(json.loads(data), indent=2) + "\n").encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"its why.json is damaged: {error}") from None


def keep(directory: Path, bundle: Bundle) -> Kept:
    """Puts a bundle's bug below OUT/bugs, or together with what is there of its bucket: the better
    recipe stays. Sightings are not added up, as both may have counted the same ones."""
    saved, name = bundle.saved, bundle.saved.bug.bucket
    if name not in bugstore.names(directory):
        bugstore.save(directory, saved, bundle.evidence)
        _keep_others(directory / name, bundle)
        return Kept.NEW
    there = bugstore.load(directory, name)
    if there.build_id != saved.build_id:
        return Kept.OTHER_BUILD
    sightings = max(saved.bug.sightings, there.bug.sightings)
    if saved.bug.length >= there.bug.length:
        bugstore.save_meta(directory, replace(there, bug=replace(there.bug, sightings=sightings)))
        return Kept.KNOWN
    if not there.bug.is_minimized:
        bugstore.keep_original(directory, name)
    better = replace(saved, bug=replace(saved.bug, sightings=sightings))
    bugstore.save(directory, better, bundle.evidence)
    _keep_others(directory / name, bundle)
    return Kept.BETTER


def _keep_others(bucket: Path, bundle: Bundle) -> None:
    if bundle.original and not (bucket / "original").exists():
        write_whole(bucket / "original", bundle.original)
    if bundle.why:
        write_whole(bucket / "why.json", bundle.why)
