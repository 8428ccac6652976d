from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.buckets import Buckets, Ending, kind_of, message_of, signal_name, slug
from fuzzverse.model import Replay, Target, TimelineRecord, Verdict
from fuzzverse.symbolise import Frame, Places

MakeRecord = Callable[..., TimelineRecord]
KIT = "native/sim/tasks.c"


class Known(Places):
    """Knows what it is told."""

    def __init__(self, target: Target, **frames: tuple[Frame, ...]) -> None:
        super().__init__(None, target)
        self.told = {int(address.removeprefix("at_"), 16): told for address, told in frames.items()}

    def frames(self, address: int) -> tuple[Frame, ...]:
        return self.told.get(address, ())


def bucket_of(target: Target, ending: Ending) -> str:
    return Buckets(target, Places(None, target)).bucket_of(ending)


def call(function: str, line: int, start: int = 10, file: str = "a.c") -> tuple[Frame, ...]:
    return (Frame(function, file, line, start),)


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
        ({"verdict": Verdict.SANITIZER}, "sanitizer", "place-", "sanitizer"),
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


def test_crashes_are_told_apart_by_the_calls_that_led_to_them(
    target: Target, make_record: MakeRecord
) -> None:
    def crash(places: str, **frames: tuple[Frame, ...]) -> tuple[str, str]:
        record = make_record(
            verdict=Verdict.SIGNAL, signal=11, message="", identity=f"signal 11 {places}"
        )
        buckets = Buckets(target, Known(target, **frames))
        return buckets.bucket_of(record), buckets.identity_of(record)

    calls = {"at_20": call("insert", 17), "at_30": call("put", 40), "at_40": call("step", 50)}
    name, identity = crash("0x20 0x20 0x30 0x40 0x50", **calls, at_50=call("main", 9))
    assert re.fullmatch(r"sigsegv-in-insert-[0-9a-f]{8}", name)
    assert identity == "signal 11 in insert+7 < put < step"

    # A build with lines added above, and calls elsewhere below, is told the same.
    moved = {"at_21": call("insert", 117, 110), "at_31": call("put", 1), "at_41": call("step", 2)}
    assert crash("0x21 0x21 0x31 0x41", **moved) == (name, identity)
    # Within libc, below the kit and a sanitizer's interceptor: the same again.
    kit = {"at_60": call("fv_task", 1, 1, KIT), "at_61": call("__interceptor_memcpy", 1, 1)}
    assert crash("0x7f0000 0x61 0x20 0x60 0x30 0x40", **calls, **kit) == (name, identity)
    # Another line of the function, another caller: others.
    other_line = {**calls, "at_20": call("insert", 18)}
    assert crash("0x20 0x20 0x30 0x40", **other_line)[0] != name
    assert crash("0x20 0x20 0x40", **calls)[0] != name


def test_recursion_counts_once_however_deep(target: Target, make_record: MakeRecord) -> None:
    known = Known(target, at_1=call("walk", 11), at_2=call("walk", 12), at_3=call("tree", 9))
    buckets = Buckets(target, known)
    names = {
        buckets.identity_of(
            make_record(verdict=Verdict.SIGNAL, identity="signal 11 0x1 0x1" + " 0x2" * n + " 0x3")
        )
        for n in range(5)
    }
    assert names == {"signal 11 in walk+1 < tree"}


def test_inlined_calls_count(target: Target, make_record: MakeRecord) -> None:
    known = Known(target, at_1=(*call("min", 3, 3), *call("insert", 12)))
    record = make_record(verdict=Verdict.SANITIZER, identity="sanitizer heap-use-after-free 0x1")
    buckets = Buckets(target, known)
    assert buckets.identity_of(record) == "sanitizer heap-use-after-free in min+0 < insert"
    assert buckets.bucket_of(record).startswith("heap-use-after-free-in-min-")
    assert [frame.function for frame in buckets.stack_of(record)] == ["min", "insert"]


def test_without_debug_information_places_in_the_file_tell_crashes_apart(
    target: Target, make_record: MakeRecord
) -> None:
    buckets = Buckets(target, Known(target))
    record = make_record(verdict=Verdict.SIGNAL, signal=6, identity="signal 6 0x9 0x9 0x8 0x7 0x6")
    assert buckets.identity_of(record) == "signal 6 in 0x9 < 0x8 < 0x7"
    assert buckets.stack_of(record) == ()


def test_what_is_stuck_is_told_apart_by_where_tasks_wait(
    target: Target, make_record: MakeRecord
) -> None:
    known = Known(
        target,
        at_1=call("fv_mutex_lock", 1, 1, KIT),
        at_2=call("move", 11),
        at_3=call("pay", 12),
        at_4=call("audit", 12),
    )
    buckets = Buckets(target, known)

    def told(*stacks: str) -> str:
        identity = "fv_bug a deadlock: mutexes |" + " |".join(stacks)
        return buckets.identity_of(make_record(message="a deadlock: mutexes", identity=identity))

    one = told(" 0x1 0x2 0x3", " 0x1 0x4")
    assert one == "fv_bug a deadlock: mutexes | audit | move"
    assert told(" 0x1 0x4", " 0x1 0x2 0x3", " 0x1 0x4") == one
    assert told(" 0x1 0x4") != one
    record = make_record(message="", identity="fv_bug a deadlock: mutexes | 0x1 0x4")
    assert buckets.bucket_of(record).startswith("a-deadlock-mutexes-")


def test_what_is_stuck_lies_where_its_tasks_wait(target: Target, make_record: MakeRecord) -> None:
    known = Known(target, at_1=call("lock", 1, 1, KIT), at_2=call("move", 11), at_3=call("pay", 12))
    buckets = Buckets(target, known)
    record = make_record(identity="fv_bug a deadlock | 0x1 0x2 | 0x1 0x3 | 0x1 0x2")
    move, pay = (f"    at {known.frames(at)[0]}\n" for at in (2, 3))
    assert buckets.blocked_at(record) == f"{move}\n{pay}"
    assert buckets.blocked_at(make_record(identity="fv_bug a deadlock")) == ""
    assert buckets.blocked_at(make_record(identity="fv_bug a deadlock | 0x9")) == ""


def test_words_that_look_like_stacks_are_words(target: Target, make_record: MakeRecord) -> None:
    buckets = Buckets(target, Known(target))
    record = make_record(message="read 0x12 | 0x13", identity="fv_bug read 0x%x | 0x%x")
    assert buckets.identity_of(record) == "fv_bug read 0x%x | 0x%x"
