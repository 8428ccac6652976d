"""Buckets on disk: OUT/bugs/<bucket>/{recipe,input,log,stack,meta.json}, and `original`: the input
as it was found, once the bug has been minimised."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from fuzzverse import rebuild
from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import disk_errors, read_capped, sync_directory, write_whole
from fuzzverse.model import Verdict
from fuzzverse.outcome import Bug
from fuzzverse.rebuild import NOT_KNOWN, Rebuild

META_SIZE_MAX: Final = 256 * 1024
INPUT_SIZE_MAX: Final = 1 << 22
_BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
_U64_MAX: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a bucket's directory holds besides meta.json."""

    input: bytes
    log: bytes
    stack: bytes


@dataclass(frozen=True, slots=True)
class SavedBug:
    """A bucket read back, with the build that it was found in and how that came about."""

    bug: Bug
    target: str
    build_id: str
    rebuild: Rebuild = NOT_KNOWN


def save(directory: Path, saved: SavedBug, evidence: Evidence) -> None:
    """Writes a bucket below `directory`, durably, meta.json last.

    A bucket without meta.json is not there yet, so whoever sees one sees all of it.
    """
    bucket = directory / saved.bug.bucket
    with disk_errors(bucket, "create"):
        bucket.mkdir(parents=True, exist_ok=True)
    write_whole(bucket / "recipe", recipe_bytes(saved.bug))
    write_whole(bucket / "input", evidence.input)
    write_whole(bucket / "log", evidence.log)
    write_whole(bucket / "stack", evidence.stack)
    save_meta(directory, saved)
    sync_directory(bucket)
    sync_directory(directory)


def keep_original(directory: Path, bucket: str) -> None:
    """Copies a bucket's input to `original`, unless there is one: the recipe as it was found."""
    original = directory / bucket / "original"
    if not original.exists():
        write_whole(original, read_part(directory, bucket, "input"))


def save_meta(directory: Path, saved: SavedBug) -> None:
    """Writes meta.json alone, as when a bucket was seen again."""
    write_whole(directory / saved.bug.bucket / "meta.json", meta_bytes(saved))


def recipe_bytes(bug: Bug) -> bytes:
    """What the file `recipe` of a bucket says."""
    return f"{f'{bug.root}: {bug.recipe}'.rstrip(': ')}\n".encode()


def meta_bytes(saved: SavedBug) -> bytes:
    """A bug as JSON."""
    values = {"target": saved.target, "build_id": saved.build_id, **asdict(saved.bug)}
    values["verdict"] = saved.bug.verdict.name.lower()
    values["rebuild"] = asdict(saved.rebuild)
    return (json.dumps(values, indent=2) + "\n").encode()


def parse_meta(data: bytes, bucket: str) -> SavedBug:
    """What `meta_bytes` wrote, as the bug of `bucket`; InputError when it is something else."""
    try:
        return _parse(json.loads(data), bucket)
    except (ValueError, RecursionError) as error:
        raise InputError(str(error)) from None


def load(directory: Path, bucket: str) -> SavedBug:
    """Reads a bucket back.

    Raises:
        UsageError: no bucket is called so, or its meta.json is damaged.
    """
    if not _BUCKET_NAME.fullmatch(bucket):
        raise UsageError(f"{bucket!r} is no name of a bucket; see `fuzzverse bugs list`")
    path = directory / bucket / "meta.json"
    if not path.exists():
        known = ", ".join(names(directory)) or "none"
        raise UsageError(f"there is no bug {bucket} in {directory}; there are: {known}")
    try:
        return parse_meta(read_capped(path, META_SIZE_MAX, follow=False), bucket)
    except InputError as error:
        raise UsageError(
            f"{path} is damaged ({error}); `fuzzverse replay` of the file `input` beside it works"
        ) from error


def read_part(directory: Path, bucket: str, part: str) -> bytes:
    """The bytes of one file of a bucket (input, log, stack); UsageError when unreadable."""
    try:
        return read_capped(directory / bucket / part, INPUT_SIZE_MAX, follow=False)
    except InputError as error:
        raise UsageError(str(error)) from error


def names(directory: Path) -> tuple[str, ...]:
    """The buckets that are there, sorted; none when the directory is not."""
    if not directory.is_dir():
        return ()
    found = (entry.name for entry in os.scandir(directory))
    return tuple(
        sorted(
            name
            for name in found
            if _BUCKET_NAME.fullmatch(name) and (directory / name / "meta.json").is_file()
        )
    )


def _parse(values: object, bucket: str) -> SavedBug:
    if not isinstance(values, dict):
        raise InputError("no object")
    verdict = _text(values, "verdict").upper()
    if verdict not in Verdict.__members__:
        raise InputError(f"`verdict` {verdict!r} is unknown")
    bug = Bug(
        bucket=bucket,
        verdict=Verdict[verdict],
        kind=_text(values, "kind"),
        message=_text(values, "message"),
        identity=_text(values, "identity"),
        root=_number(values, "root"),
        recipe=_text(values, "recipe"),
        segments=_number(values, "segments"),
        draws=_number(values, "draws"),
        sightings=_number(values, "sightings"),
        first_timeline=_number(values, "first_timeline"),
        reproduced=_number(values, "reproduced"),
        replays=_number(values, "replays"),
        command=_text(values, "command"),
        is_minimized=values.get("is_minimized") is True,
    )
    # Absent: written before it was kept.
    told = rebuild.parse(values["rebuild"]) if "rebuild" in values else NOT_KNOWN
    return SavedBug(bug, _text(values, "target"), _text(values, "build_id"), told)


def _number(values: Mapping[str, object], name: str) -> int:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _U64_MAX:
        raise InputError(f"`{name}` is no number")
    return value


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str):
        raise InputError(f"`{name}` is no string")
    return value
