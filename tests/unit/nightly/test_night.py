from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse import bugstore, native
from fuzzverse.archive.database import Database, Where
from fuzzverse.archive.queries import buckets_of, bugs_across
from fuzzverse.archive.writer import Archive, Entry, Start
from fuzzverse.bugstore import Evidence, SavedBug
from fuzzverse.corpus import Corpus
from fuzzverse.errors import EngineError
from fuzzverse.files import name_of
from fuzzverse.model import Policy, Recipe, Target
from fuzzverse.nightly.file import NightFile, Task
from fuzzverse.nightly.night import Night, Outcome
from fuzzverse.nightly.state import BEGINNINGS_MAX, State, StateFile
from fuzzverse.nightly.work import Interrupted
from fuzzverse.outcome import Bug, StopReason, Summary

DAY_S = 86_400.0
NOW = 100 * DAY_S


def inputs(*roots: int) -> list[bytes]:
    return [native.input_bytes(Recipe(root, b"")) for root in roots]


class Simulated:
    """A target whose campaigns find what they are told to."""

    def __init__(self, target: Target, bug: Bug, summary: Summary) -> None:
        self.target = target
        self.bug = bug
        self.summary = summary
        self.finds: tuple[Bug, ...] = ()
        self.entries = inputs(1, 2, 3)
        self.now: dict[bytes, str] = {}
        self.dull: set[bytes] = set()
        self.stopped = StopReason.TIMELINES
        self.explored = 0
        self.dies_in: str = ""
        self.uid = 0

    def bucket_now(self, data: bytes) -> str:
        self._die("replay")
        return self.now.get(data, self.bug.bucket)

    def explore(self, out: Path, home: Path) -> Summary:
        self.explored += 1
        self.uid += 1
        corpus = Corpus(out / "corpus")
        with Archive(out / "archive.db") as archive:
            start = Start(self.target.name, self.target.build_id, "frontier", 1, "{}", NOW,
                          f"{self.uid:032x}", "{}")  # fmt: skip
            campaign = archive.begin(start)
            for n, data in enumerate(self.entries):
                archive.add_entries(campaign, Entry(corpus.add(data), n, n, "", 1, 1))
            self._die("explore")
            for bug in self.finds:
                evidence = Evidence(inputs(7)[0], b"log", b"stack")
                saved = SavedBug(bug, self.target.name, self.target.build_id)
                bugstore.save(out / "bugs", saved, evidence)
                archive.put_bugs(campaign, bug)
                parts = {"input": evidence.input, "log": b"log", "stack": b"stack"}
                archive.put_evidence(campaign, bug.bucket, parts)
            summary = replace(self.summary, bugs=self.finds, stopped=self.stopped)
            archive.end(campaign, summary)
        return summary

    def fresh(self, inputs: Sequence[bytes]) -> Iterable[bytes]:
        self._die("prune")
        return [data for data in inputs if data not in self.dull]

    def replay_command(self, out: Path, bucket: str) -> str:
        return f"replay {bucket}"

    def report(self, out: Path) -> str:
        self._die("report")
        (out / "report.html").write_text("report")
        return "report.html"

    def _die(self, step: str) -> None:
        if self.dies_in == step:
            raise MemoryError(step)


class Room:
    """A directory of nights with one or two targets."""

    def __init__(self, directory: Path, simulated: Simulated, bug: Bug) -> None:
        self.directory = directory
        self.states = StateFile(directory)
        self.targets = {"maze": simulated}
        self.bug = bug
        self.said: list[str] = []
        self.file = NightFile((self.task("maze"),), None, "", 30, ())

    @property
    def maze(self) -> Simulated:
        return self.targets["maze"]

    @property
    def home(self) -> Path:
        return self.directory / "targets" / "maze"

    @staticmethod
    def task(key: str) -> Task:
        return Task(key, key, (), Policy(timelines=10), None, ())

    def night(self) -> Outcome:
        state = self.states.load()
        if state is None or state.ended:
            state = State(state.number + 1 if state else 1, NOW, "text")
        return Night(
            self.directory, self.file, state, self.states, self.open, self.said.append, lambda: NOW
        ).run()

    def open(self, task: Task) -> Simulated:
        if task.argument not in self.targets:
            raise EngineError(f"{task.argument} does not build")
        return self.targets[task.argument]

    def content(self) -> object:
        """What an archive keeps, but for dates and names of campaigns."""
        with Database(Where(str(self.home / "archive.db"))) as database:
            bugs = [(bug.bucket, bug.sightings, bug.campaigns) for bug in bugs_across(database)]
        return bugs, Corpus(self.home / "corpus").names(), bugstore.names(self.home / "bugs")


@pytest.fixture
def room(
    tmp_path: Path,
    target: Target,
    make_bug: Callable[..., Bug],
    make_summary: Callable[..., Summary],
) -> Room:
    bug = make_bug()
    return Room(tmp_path, Simulated(target, bug, make_summary(bugs=())), bug)


def test_the_first_night_keeps_what_it_finds(room: Room) -> None:
    room.maze.finds = (room.bug,)
    outcome = room.night()
    assert [(key, bug["bucket"]) for key, bug in outcome.new] == [("maze", room.bug.bucket)]
    assert (outcome.failed, outcome.changed, outcome.is_blind) == ((), (), False)
    saved = bugstore.load(room.home / "bugs", room.bug.bucket)
    assert saved.bug.command == f"replay {room.bug.bucket}"
    assert Corpus(room.home / "corpus").names() == tuple(sorted(map(name_of, inputs(1, 2, 3))))
    assert (room.home / "report.html").exists()
    assert not (room.home / "tonight").exists()
    told = json.loads((room.directory / "nights" / "000001.json").read_text())
    assert told["new"][0]["bucket"] == room.bug.bucket


def test_known_bugs_are_replayed_and_are_not_new(room: Room) -> None:
    room.maze.finds = (room.bug,)
    room.night()
    for bucket_now, outcome in (
        (room.bug.bucket, "still there"), ("", "gone"), ("other-0", "changed"),
    ):  # fmt: skip
        room.maze.now = {inputs(7)[0]: bucket_now}
        night = room.night()
        (known,) = night.done["maze"]["replay"]["bugs"]
        assert (known["bucket"], known["outcome"]) == (room.bug.bucket, outcome)
        assert night.new == ()
        assert len(night.changed) == (outcome == "changed")
    assert room.content() == (
        [(room.bug.bucket, 4 * room.bug.sightings, 4)],
        tuple(sorted(map(name_of, inputs(1, 2, 3)))),
        (room.bug.bucket,),
    )


@pytest.mark.parametrize("step", ["replay", "explore", "prune", "report"])
def test_a_night_that_died_goes_on_and_keeps_the_same(room: Room, step: str) -> None:
    room.maze.finds = (room.bug,)
    room.night()
    room.maze.dies_in = step
    for _ in range(3):
        with pytest.raises(MemoryError):
            room.night()
    room.maze.dies_in = ""
    outcome = room.night()
    assert outcome.number == 2
    assert room.content() == (
        [(room.bug.bucket, 2 * room.bug.sightings, 2)],
        tuple(sorted(map(name_of, inputs(1, 2, 3)))),
        (room.bug.bucket,),
    )
    assert room.maze.explored == 5 if step == "explore" else 2


def test_what_dies_every_time_is_left_out(room: Room) -> None:
    room.maze.dies_in = "explore"
    for _ in range(BEGINNINGS_MAX):
        with pytest.raises(MemoryError):
            room.night()
    outcome = room.night()
    assert outcome.failed == ("maze",)
    assert "has never come to an end" in outcome.done["maze"]["failed"]


def test_one_failing_target_does_not_stop_the_others(room: Room) -> None:
    room.file = replace(room.file, tasks=(room.task("broken"), room.task("maze")))
    outcome = room.night()
    assert outcome.failed == ("broken",)
    assert outcome.done["broken"]["failed"] == "broken does not build"
    assert "report" in outcome.done["maze"]


def test_ctrl_c_leaves_a_night_that_goes_on(room: Room) -> None:
    room.maze.stopped = StopReason.INTERRUPT
    with pytest.raises(Interrupted):
        room.night()
    room.maze.stopped = StopReason.TIMELINES
    assert room.night().number == 1
    assert room.night().number == 2


@pytest.mark.parametrize("is_found", [True, False])
def test_a_canary_whose_bug_is_not_found_is_a_night_that_sees_nothing(
    room: Room, is_found: bool
) -> None:
    room.maze.finds = (room.bug,) if is_found else ()
    room.targets["other"] = Simulated(room.maze.target, room.bug, room.maze.summary)
    room.file = replace(room.file, canary=room.task("maze"), tasks=(room.task("other"),))
    outcome = room.night()
    assert outcome.is_blind is not is_found
    assert outcome.new == ()
    assert "report" in outcome.done["other"]


def test_a_canary_that_does_not_build_is_blind_too(room: Room) -> None:
    room.file = replace(room.file, canary=room.task("gone"))
    assert room.night().is_blind


def test_what_brings_nothing_leaves_the_corpus_and_the_archive(room: Room) -> None:
    room.maze.dull = {inputs(2)[0]}
    outcome = room.night()
    assert outcome.done["maze"]["prune"] == {"before": 3, "after": 2}
    left = tuple(sorted(map(name_of, inputs(1, 3))))
    assert Corpus(room.home / "corpus").names() == left
    with Archive(room.home / "archive.db") as archive:
        earlier = archive.earlier(room.maze.target.name)
    assert earlier is not None
    assert tuple(sorted(earlier.names)) == left


def test_a_corpus_is_never_lost_as_a_whole(room: Room) -> None:
    room.maze.dull = set(inputs(1, 2, 3))
    assert room.night().done["maze"]["prune"] == {"before": 3, "after": 3}


def test_a_team_gets_what_the_nights_keep(room: Room, tmp_path: Path) -> None:
    room.maze.finds = (room.bug,)
    team = str(tmp_path / "team.db")
    room.file = replace(room.file, archive=team)
    room.night()
    room.night()
    with Database(Where(team)) as database:
        assert buckets_of(database, room.maze.target.name) == (room.bug.bucket,)
        assert [bug.campaigns for bug in bugs_across(database)] == [2]


def test_a_team_that_cannot_be_reached_is_a_note(room: Room) -> None:
    room.file = replace(room.file, archive="postgresql://nobody@127.0.0.1:1/none")
    outcome = room.night()
    assert outcome.failed == ()
    (note,) = outcome.done["maze"]["keep"]["notes"]
    assert "cannot use the archive" in note


@pytest.mark.parametrize("finds", [True, False])
def test_who_wants_to_know_is_told_what_is_new(room: Room, tmp_path: Path, finds: bool) -> None:
    heard = tmp_path / "heard"
    room.maze.finds = (room.bug,) if finds else ()
    room.file = replace(room.file, notify=("sh", "-c", f"cat > {heard}"))
    room.night()
    assert heard.exists() is finds
    if finds:
        assert json.loads(heard.read_text())["new"][0]["bucket"] == room.bug.bucket


def test_a_command_that_fails_to_be_told_is_a_warning(room: Room) -> None:
    room.maze.finds = (room.bug,)
    room.file = replace(room.file, notify=("false",))
    assert room.night().number == 1
    assert any("could not be told" in line for line in room.said)


def test_old_nights_are_forgotten(room: Room) -> None:
    room.file = replace(room.file, keep_days=2)
    for _ in range(4):
        room.night()
    names = sorted(path.name for path in (room.directory / "nights").iterdir())
    assert names == ["000003.json", "000004.json"]
