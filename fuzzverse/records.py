"""What a campaign tells, record by record: the core's bytes come in, values of `model` go out."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Final

import numpy as np

from fuzzverse.errors import EngineError
from fuzzverse.model import (
    SEGMENT,
    Counted,
    Discovery,
    Progress,
    Recipe,
    TimelineRecord,
    Trial,
    Verdict,
)

Record = TimelineRecord | Discovery | Trial | Counted

_KIND_TIMELINE: Final = 1
_KIND_TRIAL: Final = 3
_KIND_TAPE: Final = 4
_KIND_CENSUS: Final = 5
_VERDICTS: Final = tuple(Verdict)
# struct fv_record_head of cdef.h
_HEAD: Final = struct.Struct("<IIIiiiQQQQQIIIIII8xI20x")
_TAPE_INSIDE: Final = 2


def parse(
    data: memoryview, tapes: MutableMapping[int, bytes | None], *, is_told_later: bool
) -> Iterator[Record]:
    """The records in `data`, which holds whole ones; `tapes` has the inputs' tapes by root. Where
    they come from an engine, the one of the records that follow takes the place of all. Raises
    EngineError where an input of a census has more features than are told."""
    at = 0
    while at < len(data):
        head = _HEAD.unpack_from(data, at)
        if head[1] == _KIND_TAPE:
            tape_at = at + _HEAD.size
            tapes.clear()
            tapes[head[7]] = bytes(data[tape_at : tape_at + head[8]])
        elif head[1] == _KIND_TRIAL:
            yield _trial(data, at, head)
        elif head[1] == _KIND_CENSUS:
            yield _counted(data, at, head)
        elif head[1] == _KIND_TIMELINE:
            yield _timeline(data, at, head, tapes)
        else:
            yield _discovery(data, at, head, tapes, is_told_later)
        at += head[0]


def progress(found: Iterable[Record], *, finished: bool) -> Progress:
    """What a step brought, each kind of record by itself, in the order in which they came."""
    timelines: list[TimelineRecord] = []
    discoveries: list[Discovery] = []
    trials: list[Trial] = []
    counted: list[Counted] = []
    for record in found:
        if isinstance(record, Trial):
            trials.append(record)
        elif isinstance(record, Counted):
            counted.append(record)
        elif isinstance(record, Discovery):
            discoveries.append(record)
        else:
            timelines.append(record)
    return Progress(tuple(timelines), tuple(discoveries), finished, tuple(trials), tuple(counted))


def _timeline(
    data: memoryview, at: int, head: tuple[int, ...], tapes: Mapping[int, bytes | None]
) -> TimelineRecord:
    (
        _size,
        _kind,
        verdict,
        signal,
        exit_code,
        mark,
        ordinal,
        root,
        draws,
        fresh,
        digest,
        has_tape,
        segment_count,
        message_size,
        identity_size,
        _order,
        _child,
        tape_size,
    ) = head
    recipe_at = at + _HEAD.size
    texts = recipe_at + SEGMENT.size * segment_count
    tape_at = texts + message_size + identity_size
    recipe = (
        Recipe(root, b"", bytes(data[tape_at : tape_at + tape_size]))
        if has_tape == _TAPE_INSIDE
        else _recipe(data[recipe_at:texts], root, has_tape, tapes)
    )
    return TimelineRecord(
        ordinal=ordinal,
        verdict=_VERDICTS[verdict],
        signal=signal,
        exit_code=exit_code,
        mark=mark if mark >= 0 else None,
        message=_text(data[texts : texts + message_size]),
        identity=_text(data[texts + message_size : tape_at]),
        recipe=recipe,
        draws=draws,
        fresh=fresh,
        digest=digest,
    )


def _discovery(
    data: memoryview,
    at: int,
    head: tuple[int, ...],
    tapes: Mapping[int, bytes | None],
    is_told_later: bool,
) -> Discovery:
    mark, ordinal, root, draws, _, _, has_tape, segment_count, message_size = head[5:14]
    recipe_at = at + _HEAD.size
    texts = recipe_at + SEGMENT.size * segment_count
    message = _text(data[texts : texts + message_size])
    if is_told_later and segment_count == 0:
        return Discovery(ordinal, mark, message, None, draws)
    recipe = _recipe(data[recipe_at:texts], root, has_tape, tapes)
    return Discovery(ordinal, mark, message, recipe, draws)


def _trial(data: memoryview, at: int, head: tuple[int, ...]) -> Trial:
    verdict, signal, exit_code, mark, job, _, draws = head[2:9]
    message_size, identity_size, order, child = head[13:17]
    texts = at + _HEAD.size
    return Trial(
        job=job,
        order=order,
        child=child,
        verdict=_VERDICTS[verdict],
        signal=signal,
        exit_code=exit_code,
        mark=mark if mark >= 0 else None,
        message=_text(data[texts : texts + message_size]),
        identity=_text(data[texts + message_size : texts + message_size + identity_size]),
        draws=draws,
    )


def _counted(data: memoryview, at: int, head: tuple[int, ...]) -> Counted:
    size, _, verdict = head[:3]
    index, _, _, count, work = head[6:11]
    features = np.frombuffer(data[at + _HEAD.size : at + size], dtype=np.uint32)
    if count > len(features):
        raise EngineError(
            f"input {index} has {count} features, which is more than {len(features)}; leave it out"
        )
    return Counted(index, _VERDICTS[verdict], work, features[:count].copy())


def _recipe(
    path: memoryview, root: int, has_tape: int, tapes: Mapping[int, bytes | None]
) -> Recipe:
    return Recipe(root, bytes(path), tapes.get(root) if has_tape else None)


def _text(data: memoryview) -> str:
    return str(data, "utf-8", "replace")
