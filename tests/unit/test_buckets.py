from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.buckets import bucket_of, kind_of, message_of, signal_name, slug
from fuzzverse.model import Replay, Target, TimelineRecord, Verdict

MakeRecord = Callable[..., TimelineRecord]


@given(st.text())
def test_a_slug_is_fit_for_a_directory(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9](-?[a-z0-9])*", slug(text))
    assert len(slug(text)) <= 48


def test_messages_of_one_format_share_a_bucket(target: Target, make_record: MakeRecord) -> None:
    buckets = {
        bucket_of(target, make_record(message=f"treasure on floor {floor}")) for floor in range(9)
    }
    assert len(buckets) == 1
    assert re.fullmatch(r"treasure-on-floor-d-[0-9a-f]{8}", buckets.pop())


def test_a_replay_lands_in_the_bucket_of_its_record(
    target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    assert bucket_of(target, make_record()) == bucket_of(target, make_replay())


def test_marks_are_told_apart_by_their_place(target: Target, make_record: MakeRecord) -> None:
    record = make_record(mark=0, message="health is positive", identity="")
    marks = (replace(target.marks[0], line=41), *target.marks[1:])
    moved = replace(target, marks=marks)
    assert bucket_of(target, record) != bucket_of(moved, record)
    assert bucket_of(target, record).startswith("health-is-positive-")
    assert kind_of(target, record) == "always"


def test_dynamic_marks_are_told_apart_by_what_the_runtime_said(
    target: Target, make_record: MakeRecord
) -> None:
    one, other = (make_record(mark=500, identity=identity) for identity in ("a.rs:1", "a.rs:2"))
    assert bucket_of(target, one) != bucket_of(target, other)
    assert kind_of(target, one) == "dynamic"


@pytest.mark.parametrize(
    ("changes", "kind", "start", "message"),
    [
        ({"verdict": Verdict.SIGNAL, "signal": 11}, "sigsegv", "sigsegv-", "killed by SIGSEGV"),
        ({"verdict": Verdict.EXIT, "exit_code": 3}, "exit", "exit-3-", "left with exit code 3"),
        ({"verdict": Verdict.TIMEOUT}, "timeout", "timeout-", "passed its deadline"),
        ({"verdict": Verdict.OUT_OF_MEMORY}, "out_of_memory", "out-of-memory-", "out of memory"),
        ({"verdict": Verdict.SANITIZER}, "sanitizer", "sanitizer-", "sanitizer"),
    ],
)
def test_each_verdict_has_its_words(
    target: Target,
    make_record: MakeRecord,
    changes: dict[str, object],
    kind: str,
    start: str,
    message: str,
) -> None:
    record = make_record(message="", identity="place", **changes)
    assert kind_of(target, record) == kind
    assert bucket_of(target, record).startswith(start)
    assert message in message_of(record)


def test_signals_without_a_name_have_a_number() -> None:
    assert signal_name(11) == "SIGSEGV"
    assert signal_name(0) == "signal 0"
