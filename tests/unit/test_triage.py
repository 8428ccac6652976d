from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse import bugstore, triage
from fuzzverse.errors import EngineError
from fuzzverse.model import Recipe, Replay, Segment, Target, TimelineRecord, Verdict
from fuzzverse.outcome import Bug
from fuzzverse.symbolise import Places
from fuzzverse.triage import Limits, Triage

MakeRecord = Callable[..., TimelineRecord]


class Engine:
    """Replays by handing out what it was given, and logs the recipe."""

    def __init__(self, answers: list[Replay], log: str = "") -> None:
        self.answers = answers
        self.log = log
        self.deadlines_ms: list[int] = []

    def replay(
        self,
        target: Target,
        recipe: Recipe,
        *,
        log_fd: int,
        draws: bool = False,
        deadline_ms: int = 10_000,
        memory_mb: int = 2_048,
    ) -> Replay:
        os.write(log_fd, f"log of {self.recipe_text(recipe)}\n{self.log}".encode())
        self.deadlines_ms.append(deadline_ms)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def recipe_text(self, recipe: Recipe) -> str:
        return " -> ".join(f"{segment.count}@{segment.seed}" for segment in recipe.segments)

    def input_bytes(self, recipe: Recipe) -> bytes:
        return f"input {recipe.root} {self.recipe_text(recipe)}".encode()


def of_length(segments: int) -> Recipe:
    return Recipe.of(42, *(Segment(n, n) for n in range(1, segments + 1)))


def make(target: Target, directory: Path, *answers: Replay) -> Triage:
    return Triage(
        Engine(list(answers)), target, directory, "replay {}".format, Limits(), Places(None, target)
    )


def on_disk(directory: Path) -> Bug:
    (name,) = bugstore.names(directory)
    return bugstore.load(directory, name).bug


def test_a_new_bug_is_on_disk_before_it_is_told(
    tmp_path: Path, target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    bug = make(target, tmp_path, make_replay()).see(make_record(recipe=of_length(2)))
    assert bug is not None
    assert on_disk(tmp_path) == bug
    assert (bug.reproduced, bug.replays) == (3, 3)
    assert bug.command == f"replay {bug.bucket}"
    directory = tmp_path / bug.bucket
    assert (directory / "log").read_bytes() == b"log of 1@1 -> 2@2\n"
    assert (directory / "input").read_bytes() == b"input 42 1@1 -> 2@2"
    assert (directory / "recipe").read_text() == "42: 1@1 -> 2@2\n"
    assert (directory / "stack").read_bytes() == b""


def test_replays_that_end_elsewhere_do_not_count(
    tmp_path: Path, target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    ok = make_replay(verdict=Verdict.OK)
    bug = make(target, tmp_path, ok, make_replay(), ok).see(make_record())
    assert bug is not None
    assert (bug.reproduced, bug.replays) == (1, 3)


def test_sightings_are_counted_and_written_at_the_next_flush(
    tmp_path: Path, target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    one = make(target, tmp_path, make_replay())
    told = [one.see(make_record()) for _ in range(3)]
    assert [bug is not None for bug in told] == [True, False, False]
    one.count(lambda verdict, identity: 5 if identity == make_record().identity else 0)
    assert on_disk(tmp_path).sightings == 1
    one.flush()
    assert on_disk(tmp_path).sightings == 5
    assert one.bugs()[0].sightings == 5


def test_the_shortest_recipe_is_kept_when_it_replays(
    tmp_path: Path, target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    one = make(target, tmp_path, make_replay())
    for length in (3, 1, 2):
        one.see(make_record(recipe=of_length(length), ordinal=length))
    one.flush()
    (bug,) = one.bugs()
    assert (bug.recipe, bug.first_timeline) == ("1@1", 3)
    assert on_disk(tmp_path) == bug
    assert (tmp_path / bug.bucket / "log").read_bytes() == b"log of 1@1\n"


def test_a_shorter_recipe_that_does_not_replay_is_dropped(
    tmp_path: Path, target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    good, ok = make_replay(), make_replay(verdict=Verdict.OK)
    one = make(target, tmp_path, good, good, good, ok)
    one.see(make_record(recipe=of_length(2)))
    one.see(make_record(recipe=of_length(1)))
    one.flush()
    assert on_disk(tmp_path).recipe == "1@1 -> 2@2"


def test_an_earlier_campaigns_better_recipe_stays(
    tmp_path: Path, target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    make(target, tmp_path, make_replay()).see(make_record(recipe=of_length(1)))
    later = make(target, tmp_path, make_replay())
    later.see(make_record(recipe=of_length(2)))
    saved = on_disk(tmp_path)
    assert (saved.recipe, saved.sightings) == ("1@1", 2)
    assert later.bugs()[0].recipe == "1@1 -> 2@2"
    assert (tmp_path / saved.bucket / "input").read_bytes() == b"input 42 1@1"


def test_a_bug_of_another_build_is_written_over(
    tmp_path: Path, target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    make(target, tmp_path, make_replay()).see(make_record(recipe=of_length(1)))
    (path,) = tmp_path.glob("*/meta.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "build_id": "other"}))
    make(target, tmp_path, make_replay()).see(make_record(recipe=of_length(2)))
    saved = on_disk(tmp_path)
    assert (saved.recipe, saved.sightings) == ("1@1 -> 2@2", 1)


def test_a_signal_has_a_stack_and_a_sanitizer_its_report(
    tmp_path: Path, target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    struck = {"verdict": Verdict.SIGNAL, "signal": 11, "identity": "here"}
    bug = make(target, tmp_path, make_replay(address=0x1234, **struck)).see(make_record(**struck))
    assert bug is not None
    stack = (tmp_path / bug.bucket / "stack").read_text()
    assert stack.startswith("SIGSEGV at 0x1234\n")

    found = {"verdict": Verdict.SANITIZER, "identity": "heap-use-after-free"}
    replay = make_replay(**found)
    engine = Engine([replay], "\n==1==ERROR: AddressSanitizer: bad\n")
    other = Triage(engine, target, tmp_path, str, Limits(), Places(None, target)).see(
        make_record(**found)
    )
    assert other is not None
    stack = (tmp_path / other.bucket / "stack").read_text()
    assert stack == "==1==ERROR: AddressSanitizer: bad\n"
    assert other.message == "AddressSanitizer: bad"


def test_a_bug_that_the_target_tells_has_the_calls_that_led_to_it(
    tmp_path: Path, target: Target, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    words = (
        "    at early in t.c:1\nand on\n    at open in t.c:9\n    at main in t.c:20\nverdict bug\n"
    )
    for mark, calls in ((None, "    at open in t.c:9\n    at main in t.c:20\n"), (0, "")):
        engine = Engine([make_replay(mark=mark)], words)
        triage = Triage(engine, target, tmp_path, str, Limits(), Places(None, target))
        bug = triage.see(make_record(mark=mark))
        assert bug is not None
        assert (tmp_path / bug.bucket / "stack").read_text() == calls


@pytest.mark.parametrize(
    ("verdict", "deadline_ms"), [(Verdict.TIMEOUT, 1_000), (Verdict.EXIT, 10_000)]
)
def test_timeouts_are_replayed_with_the_campaigns_deadline(
    tmp_path: Path,
    target: Target,
    make_record: MakeRecord,
    make_replay: Callable[..., Replay],
    verdict: Verdict,
    deadline_ms: int,
) -> None:
    engine = Engine([make_replay(verdict=verdict)])
    Triage(engine, target, tmp_path, str, Limits(deadline_ms=1_000), Places(None, target)).see(
        make_record(verdict=verdict)
    )
    assert engine.deadlines_ms == [deadline_ms] * 3


def test_buckets_past_the_table_are_counted(
    tmp_path: Path,
    target: Target,
    make_record: MakeRecord,
    make_replay: Callable[..., Replay],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(triage, "BUCKET_COUNT_MAX", 2)
    one = make(target, tmp_path, make_replay())
    for number in range(4):
        one.see(make_record(identity=f"bug {number}"))
    assert len(one.bugs()) == 2
    assert one.unrecorded == 2


def test_a_minimised_recipe_takes_the_place_of_the_one_found(
    target: Target, tmp_path: Path, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    triage = make(target, tmp_path, make_replay())
    triage.see(make_record(recipe=of_length(3)))
    (name,) = bugstore.names(tmp_path)
    saved = bugstore.load(tmp_path, name)
    bug = triage.replace(saved, of_length(9), 12)
    assert (bug.segments, bug.draws, bug.is_minimized, bug.reproduced) == (9, 12, True, 3)
    assert on_disk(tmp_path) == bug
    assert bugstore.read_part(tmp_path, name, "original").startswith(b"input 42 1@1 -> 2@2 -> 3@3")
    # However short, what a search finds later is no match for it.
    make(target, tmp_path, make_replay()).see(make_record(recipe=of_length(1)))
    assert on_disk(tmp_path).recipe == bug.recipe


def test_a_minimised_recipe_that_does_not_replay_changes_nothing(
    target: Target, tmp_path: Path, make_record: MakeRecord, make_replay: Callable[..., Replay]
) -> None:
    triage = make(target, tmp_path, make_replay())
    triage.see(make_record(recipe=of_length(3)))
    (name,) = bugstore.names(tmp_path)
    before = bugstore.load(tmp_path, name)
    other = make(target, tmp_path, make_replay(), make_replay(verdict=Verdict.OK))
    with pytest.raises(EngineError, match="in 1 of 3 replays"):
        other.replace(before, of_length(1), 12)
    assert bugstore.load(tmp_path, name) == before
    assert not (tmp_path / name / "original").exists()
