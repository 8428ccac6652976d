from __future__ import annotations

import json
import os
import secrets
import signal
import sqlite3
import struct
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from fuzzverse.campaign import CampaignRun, Clocks, Origin
from fuzzverse.errors import EngineError
from fuzzverse.interruption import Interruption
from fuzzverse.model import (
    Discovery,
    Effort,
    Isolation,
    MarkTally,
    Policy,
    Progress,
    Recipe,
    Replay,
    StateTally,
    Survey,
    Target,
    TimelineRecord,
    Totals,
    Verdict,
)
from fuzzverse.outcome import Bug, Snapshot, StopReason, Summary
from fuzzverse.outdir import OutDirectory
from fuzzverse.symbolise import Places
from fuzzverse.triage import Limits, Triage

MakeRecord = Callable[..., TimelineRecord]
NOTHING = Progress((), (), False)
END = Progress((), (), True)
SURVEY = Survey(
    states=(
        StateTally(4, "floor=1", 10, tries=6, hits=2, is_open=True),
        StateTally(4, "floor=2", 20, tries=3, hits=0, is_open=True),
        StateTally(1, "passed", 30, tries=40, hits=1, is_open=False),
    ),
    entries=Effort(None, places=2, tries=8, hits=1),
    edges=bytes([1, 0, 6]),
)


class Clock:
    """Time that passes by a tenth of a second with every step."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Engine:
    """Steps through what it was given, then finishes; counts what it is asked."""

    def __init__(
        self, clock: Clock, steps: Sequence[Progress], totals: Totals, replay: Replay
    ) -> None:
        self.clock = clock
        self.steps = list(steps)
        self.answer = replay
        self.now = totals
        self.is_stopped = False
        self.fails = False
        self.surveys: list[float] = []
        self.survey_s = 0.0
        self.why_unfit = ""

    def step(self, timeout_s: float) -> Progress:
        self.clock.now += timeout_s
        if self.fails and not self.steps:
            raise EngineError("a worker is gone")
        return self.steps.pop(0) if self.steps else END

    def totals(self) -> Totals:
        return self.now

    def unfit(self) -> str:
        return self.why_unfit

    def tallies(self) -> tuple[MarkTally, ...]:
        return ()

    def sightings(self, verdict: Verdict, identity: str) -> int:
        return 9

    def survey(self) -> Survey:
        self.surveys.append(self.clock.now)
        self.clock.now += self.survey_s
        return SURVEY

    def stop(self) -> Progress:
        self.is_stopped = True
        return NOTHING

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
        return self.answer

    def recipe_text(self, recipe: Recipe) -> str:
        return f"{len(recipe.segments)} segments"

    def input_bytes(self, recipe: Recipe) -> bytes:
        return f"input {recipe.root}".encode()


class Watcher:
    """Remembers what it was told, and whether bugs were on disk by then."""

    def __init__(self, bugs: Path) -> None:
        self.bugs = bugs
        self.moments: list[Snapshot] = []
        self.told: list[str] = []
        self.notes: list[str] = []

    def moved(self, moment: Snapshot, discoveries: Sequence[Discovery]) -> None:
        self.moments.append(moment)

    def found(self, bug: Bug) -> None:
        assert (self.bugs / bug.bucket / "meta.json").is_file()
        self.told.append(bug.bucket)

    def noted(self, words: str) -> None:
        self.notes.append(words)


class Colleagues:
    """Whom a campaign is shared with."""

    def __init__(self) -> None:
        self.changes = 0
        self.troubles: list[str] = []

    def changed(self) -> None:
        self.changes += 1

    def notes(self) -> Sequence[str]:
        told, self.troubles = self.troubles, []
        return told


class Room:
    """A campaign with everything around it."""

    def __init__(self, out: Path, target: Target, engine: Engine) -> None:
        self.out = out
        self.target = target
        self.engine = engine
        self.watcher = Watcher(out / "bugs")
        self.interruption = Interruption()
        self.team = Colleagues()

    def run(self, policy: Policy | None = None, seconds: float | None = None) -> Summary:
        with ExitStack() as stack:
            out = stack.enter_context(OutDirectory(self.out, self.engine.clock))
            stack.enter_context(self.interruption.listening())
            return CampaignRun(
                target=self.target,
                policy=policy or Policy(),
                origin=Origin(secrets.token_hex(16), "{}"),
                seconds=seconds,
                engine=self.engine,
                replayer=self.engine,
                triage=Triage(
                    self.engine,
                    self.target,
                    out.bugs,
                    "replay {}".format,
                    Limits(),
                    Places(None, self.target),
                ),
                out=out,
                clocks=Clocks(self.engine.clock, lambda: 1e9),
                observer=self.watcher,
                interruption=self.interruption,
                team=self.team,
                places=lambda: [64, 96, 0],
            ).run()

    def events(self) -> list[str]:
        lines = (self.out / "events.jsonl").read_text().splitlines()
        return [json.loads(line)["event"] for line in lines]

    def event(self, name: str) -> dict[str, object]:
        """The one event of this name."""
        lines = (self.out / "events.jsonl").read_text().splitlines()
        (found,) = [value for value in map(json.loads, lines) if value["event"] == name]
        assert isinstance(found, dict)
        return found

    def rows(self, query: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.out / "archive.db")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


MakeRoom = Callable[..., Room]


@pytest.fixture
def make_room(
    tmp_path: Path,
    target: Target,
    make_totals: Callable[..., Totals],
    make_replay: Callable[..., Replay],
) -> MakeRoom:
    def make(*steps: Progress, totals: Totals | None = None) -> Room:
        engine = Engine(Clock(), steps, totals or make_totals(), make_replay())
        return Room(tmp_path / "out", target, engine)

    return make


def brought(*records: TimelineRecord, finished: bool = False) -> Progress:
    return Progress(records, (), finished)


def test_what_is_fresh_goes_to_corpus_and_archive(
    make_room: MakeRoom, make_record: MakeRecord
) -> None:
    productive = make_record(verdict=Verdict.OK, fresh=3, recipe=Recipe(7))
    room = make_room(brought(productive, make_record(verdict=Verdict.OK, fresh=0)))
    summary = room.run()
    (entry,) = (room.out / "corpus").iterdir()
    assert entry.read_bytes() == b"input 7"
    assert summary.corpus == 1
    assert room.rows("SELECT name, root, fresh FROM entries") == [(entry.name, "7", 3)]


def test_a_team_is_told_of_new_bugs_and_its_troubles_are_told(
    make_room: MakeRoom, make_record: MakeRecord
) -> None:
    room = make_room(brought(make_record(), make_record()))
    room.team.troubles = ["the server is gone"]
    (bug,) = room.run().bugs
    assert room.team.changes == 1
    assert room.watcher.notes == ["the server is gone"]
    assert room.event("sharing")["message"] == "the server is gone"
    parts = [room.out / "bugs" / bug.bucket / part for part in ("input", "log", "stack")]
    kept = room.rows("SELECT i.data, l.data, s.data FROM bugs b JOIN blobs i ON i.name = b.input "
                     "JOIN blobs l ON l.name = b.log JOIN blobs s ON s.name = b.stack")  # fmt: skip
    assert kept == [tuple(part.read_bytes() for part in parts)]


def test_bugs_are_told_once_counted_and_kept(make_room: MakeRoom, make_record: MakeRecord) -> None:
    room = make_room(brought(make_record()), brought(make_record()))
    summary = room.run()
    assert room.watcher.told == [summary.bugs[0].bucket]
    assert summary.bugs[0].sightings == 9
    assert room.rows("SELECT bucket, sightings FROM bugs") == [(summary.bugs[0].bucket, 9)]
    assert room.events() == ["start", "bug", "totals", "end"]


def test_every_discovery_is_an_event(make_room: MakeRoom) -> None:
    room = make_room(Progress((), (Discovery(5, 1, "first pass", Recipe(7), 30),), False))
    room.run()
    lines = (room.out / "events.jsonl").read_text().splitlines()
    (line,) = [line for line in lines if "first pass" in line]
    assert json.loads(line)["timeline"] == 5
    assert room.watcher.moments[0].last_discovery == pytest.approx(0.1)


def test_lost_timelines_are_reported_and_are_no_bugs(
    make_room: MakeRoom, make_record: MakeRecord, make_totals: Callable[..., Totals]
) -> None:
    lost = make_record(verdict=Verdict.LOST, message="the slot was torn")
    totals = make_totals(verdicts=(0, 0, 0, 0, 0, 0, 0, 1))
    room = make_room(brought(lost), totals=totals)
    summary = room.run()
    assert summary.bugs == ()
    assert room.watcher.notes == ["timeline 12345 was lost: the slot was torn"]
    assert summary.problems == ("timelines lost by the machinery: 1",)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (Policy(timelines=12_345), StopReason.TIMELINES),
        (Policy(roots=3), StopReason.ROOTS),
        (Policy(until_stable=2), StopReason.STABLE),
    ],
)
def test_the_budget_that_was_met_is_named(
    make_room: MakeRoom, policy: Policy, reason: StopReason
) -> None:
    assert make_room(NOTHING).run(policy).stopped is reason


def test_a_bug_ends_the_campaign_when_the_policy_says_so(
    make_room: MakeRoom, make_record: MakeRecord
) -> None:
    stopped = make_room(brought(make_record(), finished=True)).run(Policy(stop_on_bug=True)).stopped
    assert stopped is StopReason.BUG


def test_time_ends_the_campaign(make_room: MakeRoom) -> None:
    room = make_room(*[NOTHING] * 100)
    summary = room.run(seconds=0.35)
    assert summary.stopped is StopReason.TIME
    assert summary.seconds == pytest.approx(0.35)
    assert room.engine.is_stopped


def test_the_first_interrupt_ends_it_in_good_order_and_the_second_at_once(
    make_room: MakeRoom,
) -> None:
    room = make_room(*[NOTHING] * 100)
    room.interruption.asked = True
    assert room.run().stopped is StopReason.INTERRUPT
    assert room.events()[-1] == "end"
    other = Interruption()
    with other.listening():
        os.kill(os.getpid(), signal.SIGINT)
        assert other.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_engine_that_fails_leaves_what_was_found(
    make_room: MakeRoom, make_record: MakeRecord
) -> None:
    room = make_room(brought(make_record(fresh=2)))
    room.engine.fails = True
    with pytest.raises(EngineError, match="a worker is gone"):
        room.run()
    assert room.rows("SELECT sightings FROM bugs") == [(9,)]
    assert room.rows("SELECT count(*) FROM entries") == [(1,)]
    assert len(list((room.out / "corpus").iterdir())) == 1


def test_a_long_campaign_is_saved_about_every_second(make_room: MakeRoom) -> None:
    room = make_room(*[NOTHING] * 100)
    room.run()
    assert room.events().count("totals") == pytest.approx(11, abs=2)
    ((points,),) = room.rows("SELECT count(*) FROM curves")
    assert points == room.events().count("totals")


def test_what_is_not_rewound_is_told_once_and_is_no_problem(make_room: MakeRoom) -> None:
    room = make_room(NOTHING, NOTHING, NOTHING)
    room.engine.why_unfit = "the target makes threads"
    summary = room.run()
    assert room.event("fallback")["why"] == "the target makes threads"
    assert {moment.unfit for moment in room.watcher.moments} == {"the target makes threads"}
    assert (summary.unfit, summary.problems) == ("the target makes threads", ())
    assert room.watcher.notes == []
    assert room.rows("SELECT unfit FROM campaigns") == [("the target makes threads",)]


def test_a_leak_is_a_warning_everywhere(make_room: MakeRoom) -> None:
    room = make_room(NOTHING, NOTHING)
    room.engine.why_unfit = "rewinding leaks: a fresh process differs at draw 7"
    summary = room.run()
    assert room.event("leak")["why"] == room.engine.why_unfit
    assert room.watcher.notes == [room.engine.why_unfit]
    (problem,) = summary.problems
    assert problem.startswith(f"{room.engine.why_unfit}; ")
    assert "--isolation fork" in problem


def test_who_insists_on_rewinding_gets_that_or_an_error(
    make_room: MakeRoom, make_record: MakeRecord
) -> None:
    room = make_room(NOTHING, brought(make_record(fresh=2)))
    assert room.run(Policy(must_rewind=True)).unfit == ""
    room = make_room(brought(make_record(fresh=2)))
    room.engine.why_unfit = "the target makes threads"
    with pytest.raises(EngineError, match=r"cannot be rewound, .*: the target makes threads"):
        room.run(Policy(must_rewind=True))
    assert room.rows("SELECT isolation, unfit FROM campaigns")[-1] == (
        "rewind",
        "the target makes threads",
    )
    assert len(list((room.out / "corpus").iterdir())) == 1


def test_workers_that_leave_for_a_fork_are_no_problem(
    make_room: MakeRoom, make_totals: Callable[..., Totals]
) -> None:
    assert make_room(totals=make_totals(worker_deaths=3, jobs_forked=3)).run().problems == ()
    (problem,) = make_room(totals=make_totals(worker_deaths=4, jobs_forked=3)).run().problems
    assert problem == "workers that died and were replaced: 1"


def test_events_name_the_isolation(make_room: MakeRoom) -> None:
    room = make_room()
    room.run(Policy(isolation=Isolation.FORK))
    policy = room.event("start")["policy"]
    assert isinstance(policy, dict)
    assert policy["isolation"] == "fork"
    assert room.event("totals")["isolation"] == "rewind"


def test_where_it_has_been_is_kept_at_the_end(make_room: MakeRoom) -> None:
    room = make_room()
    room.run()
    assert room.rows("SELECT mark, keys, draws, tries, hits, is_open FROM states") == [
        (4, "floor=1", 10, 6, 2, 1),
        (4, "floor=2", 20, 3, 0, 1),
        (1, "passed", 30, 40, 1, 0),
    ]
    assert room.rows("SELECT mark, places, tries, hits FROM efforts ORDER BY tries DESC") == [
        (1, 1, 40, 1),
        (4, 2, 9, 2),
        (-1, 2, 8, 1),
    ]
    ((executable, edges, places),) = room.rows("SELECT executable, edges, places FROM coverage")
    assert executable == str(room.target.path)
    assert isinstance(edges, bytes)
    assert isinstance(places, bytes)
    assert zlib.decompress(edges) == SURVEY.edges
    assert struct.unpack("<3Q", zlib.decompress(places)) == (64, 96, 0)


def test_where_it_has_been_is_there_when_it_ends_by_force(make_room: MakeRoom) -> None:
    room = make_room(*[NOTHING] * 10)
    room.engine.fails = True
    with pytest.raises(EngineError):
        room.run()
    assert room.rows("SELECT count(*) FROM states") == [(3,)]
    assert room.rows("SELECT sum(tries) FROM efforts") == [(57,)]
    assert room.rows("SELECT executable FROM coverage") == [(str(room.target.path),)]
    assert room.rows("SELECT stopped FROM campaigns") == [(None,)]


@pytest.mark.parametrize(("survey_s", "apart_s"), [(0.0, 5.0), (0.2, 20.0), (1.0, 100.0)])
def test_surveys_take_no_more_than_a_hundredth(
    make_room: MakeRoom, survey_s: float, apart_s: float
) -> None:
    room = make_room(*[NOTHING] * 2_500)
    room.engine.survey_s = survey_s
    began = room.engine.clock.now
    room.run()
    first, *rest, _ = room.engine.surveys
    assert first - began == pytest.approx(0.9, abs=0.2)
    assert rest
    for one, other in pairwise([first, *rest]):
        assert other - one == pytest.approx(apart_s + survey_s, abs=1.2)
