from __future__ import annotations

import struct

import pytest

from fuzzverse.errors import EngineError
from fuzzverse.model import Counted, Discovery, Recipe, Segment, TimelineRecord, Trial, Verdict
from fuzzverse.records import parse

PATH = Recipe.of(0, Segment(3, 9)).path


def record(
    kind: int,
    path: bytes,
    message: bytes = b"",
    identity: bytes = b"",
    tape: bytes | None = None,
) -> bytes:
    """As `struct fv_record_head` of cdef.h has it."""
    body = path + message + identity + (tape or b"")
    body += b"\0" * (-len(body) % 8)
    verdict = 1 if kind != 2 else 0
    head = struct.pack(
        "<IIIiiiQQQQQIIIIIIIIIIIIQ",
        *(120 + len(body), kind, verdict, 11, 77, 4, 1_000, 42, 60, 2, 7),
        *(1 if tape is None else 2, len(path) // 24, len(message), len(identity), 5, 6, 0, 0),
        *(len(tape or b""), 0, 0, 0xFFFF_FFFF, 1_234),
    )
    return head + body


def test_each_kind_is_told_as_what_it_is() -> None:
    data = record(1, PATH, b"what", b"who") + record(3, b"", b"m", b"i") + record(2, PATH, b"d")
    timeline, trial, discovery = parse(memoryview(data), {42: b"tape"}, is_told_later=True)
    recipe = Recipe(42, PATH, b"tape")
    assert timeline == TimelineRecord(
        1_000, Verdict.ASSERTION, 11, 77, 4, "what", "who", recipe, 60, 2, 7
    )
    assert trial == Trial(1_000, 5, 6, Verdict.ASSERTION, 11, 77, 4, "m", "i", 60)
    assert discovery == Discovery(1_000, 4, "d", recipe, 60)


def test_a_tape_may_come_with_its_record() -> None:
    tapes = [b"", b"bytes", b"\0" * 100]
    data = memoryview(b"".join(record(1, b"", b"what", b"who", tape) for tape in tapes))
    told = parse(data, {42: b"another"}, is_told_later=True)
    assert [one.recipe.tape for one in told if isinstance(one, TimelineRecord)] == tapes


def test_the_frontier_leaves_recipes_of_discoveries_out() -> None:
    (discovery,) = parse(memoryview(record(2, b"", b"d")), {}, is_told_later=True)
    assert discovery == Discovery(1_000, 4, "d", None, 60)
    (split,) = parse(memoryview(record(2, b"", b"d")), {}, is_told_later=False)
    assert split == Discovery(1_000, 4, "d", Recipe(42), 60)


def test_a_tape_is_for_the_recipes_behind_it() -> None:
    head = struct.pack(
        "<IIIiiiQQQQQIIIIIIIIIIIIQ",
        *(120 + 8, 4, 0, 0, 0, 0, 0, 42, 5, 0, 0, 0),
        *(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    )
    tapes: dict[int, bytes | None] = {7: b"an earlier one"}
    data = head + b"bytes\0\0\0" + record(1, PATH)
    (timeline,) = parse(memoryview(data), tapes, is_told_later=False)
    assert isinstance(timeline, TimelineRecord)
    assert timeline.recipe == Recipe(42, PATH, b"bytes")
    assert tapes == {42: b"bytes"}


def census_record(features: list[int], count: int) -> bytes:
    body = struct.pack(f"<{len(features)}I", *features) + b"\0" * (4 * (len(features) % 2))
    head = struct.pack(
        "<IIIiiiQQQQQIIIIIIIIIIIIQ",
        *(120 + len(body), 5, 0, 0, 0, -1, 6, 0, 0, count, 30, 0),
        *(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    )
    return head + body


def test_a_census_tells_all_features_or_fails() -> None:
    (counted,) = parse(memoryview(census_record([2, 5, 7], 3)), {}, is_told_later=False)
    assert isinstance(counted, Counted)
    assert (counted.index, counted.verdict, counted.work) == (6, Verdict.OK, 30)
    assert counted.features.tolist() == [2, 5, 7]
    with pytest.raises(EngineError, match="input 6 has 9 features"):
        list(parse(memoryview(census_record([2, 5], 9)), {}, is_told_later=False))
