"""What a campaign saw, a replay sees again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import described, explore

from fuzzverse import native
from fuzzverse.model import Policy, Recipe, SegmentKind, Strategy, Target, TimelineRecord

TIMES = 100
EACH_MAX = 3


@pytest.fixture
def nowhere() -> int:
    return os.open("/dev/null", os.O_WRONLY)


@pytest.mark.parametrize("name", ["dungeon", "sqlite-lying-sync"])
def test_every_recipe_replays(named: Callable[[str], Target], nowhere: int, name: str) -> None:
    target = named(name)
    strategy = Strategy.DEPTH_FIRST if name == "dungeon" else Strategy.RANDOM
    outcome = explore(target, Policy(strategy=strategy, timelines=50_000, stop_on_bug=True, jobs=2))
    assert outcome.bugs, "nothing to replay"
    for bug in outcome.bugs[:EACH_MAX]:
        replays = [native.replay(target, bug.recipe, log_fd=nowhere) for _ in range(TIMES)]
        assert {replay.digest for replay in replays} == {bug.digest}
        assert {replay.verdict for replay in replays} == {bug.verdict}
        assert {replay.draws for replay in replays} == {bug.draws}


def test_productive_timelines_replay_alike(compiled: Callable[..., Path], nowhere: int) -> None:
    target = described(compiled("coin.c"))
    outcome = explore(target, Policy(timelines=2_000))
    assert outcome.records
    for record in outcome.records:
        assert native.replay(target, record.recipe, log_fd=nowhere).digest == record.digest


def test_a_tape_answers_the_draws(compiled: Callable[..., Path], nowhere: int) -> None:
    target = described(compiled("coin.c"))
    replay = native.replay(target, Recipe(0, tape=bytes(12) + b"\1"), log_fd=nowhere)
    assert replay.draws == 13
    assert replay.message == "streaks are short"


@pytest.mark.parametrize("strategy", [Strategy.DEPTH_FIRST, Strategy.FRONTIER])
def test_starting_inputs_run_first_and_split(
    compiled: Callable[..., Path], nowhere: int, strategy: Strategy
) -> None:
    target = described(compiled("coin.c"))
    tape = native.input_parse(bytes(9) + b"\1")
    timelines = 40 if strategy is Strategy.DEPTH_FIRST else 1_000
    records = collect(target, Policy(strategy=strategy, timelines=timelines, jobs=2), tape)
    if strategy is Strategy.FRONTIER:
        assert records[0].recipe == tape
    below = [r for r in records if r.recipe.tape == tape.tape and r.recipe.segments]
    assert below, "no timeline was split off the tape"
    for record in below:
        assert native.replay(target, record.recipe, log_fd=nowhere).digest == record.digest


def collect(target: Target, policy: Policy, *inputs: Recipe) -> list[TimelineRecord]:
    records: list[TimelineRecord] = []
    with native.Campaign(target, policy, inputs) as campaign:
        finished = False
        while not finished:
            progress = campaign.step(1)
            records += progress.timelines
            finished = progress.finished
    return records


def test_a_split_before_the_end_of_a_starting_recipe(
    named: Callable[[str], Target], nowhere: int
) -> None:
    target = named("dungeon")
    far = native.recipe_parse(1, "3@5 -> 100000@7")
    records = collect(target, Policy(timelines=400, jobs=2), far)
    below = [r for r in records if r.recipe.root == far.root and r.recipe != far]
    assert below
    for record in below:
        assert 100000 not in {segment.count for segment in record.recipe.segments}
        assert native.replay(target, record.recipe, log_fd=nowhere).digest == record.digest


def test_no_segment_is_without_a_draw(named: Callable[[str], Target]) -> None:
    policy = Policy(strategy=Strategy.DEPTH_FIRST, timelines=2_000, jobs=2)
    records = collect(named("dungeon"), policy)
    deep = [r for r in records if len(r.recipe.segments) > 1]
    assert deep
    assert all(s.count > 0 for r in deep for s in r.recipe.segments[1:])


def test_the_frontier_leaves_no_step_behind_the_end(named: Callable[[str], Target]) -> None:
    for record in collect(named("dungeon"), Policy(timelines=2_000, jobs=2)):
        base = 0
        for segment in record.recipe.segments:
            assert base + segment.count < record.draws
            base += segment.count if segment.kind is SegmentKind.RESEED else 0


def test_log_and_draws_go_to_the_reader(compiled: Callable[..., Path]) -> None:
    target = described(compiled("coin.c"))
    reader, writer = os.pipe()
    native.replay(target, Recipe(7), log_fd=writer, draws=True)
    os.close(writer)
    with open(reader) as log:
        text = log.read()
    assert "draw 0 chance = " in text
    assert "verdict ok after" in text
