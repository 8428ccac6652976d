"""What a campaign saw, a replay sees again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import described, explore

from fuzzverse import native
from fuzzverse.model import Policy, Recipe, Strategy, Target, TimelineRecord

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
    replay = native.replay(target, Recipe(0, (), bytes(12) + b"\1"), log_fd=nowhere)
    assert replay.draws == 13
    assert replay.message == "streaks are short"


def test_starting_inputs_run_first_and_split(compiled: Callable[..., Path], nowhere: int) -> None:
    target = described(compiled("coin.c"))
    tape = native.input_parse(bytes(9) + b"\1")
    with native.Campaign(target, Policy(timelines=40, jobs=2), [tape]) as campaign:
        records: list[TimelineRecord] = []
        while not (progress := campaign.step(1)).finished:
            records += progress.timelines
        records += progress.timelines
    below = [r for r in records if r.recipe.tape == tape.tape and r.recipe.segments]
    assert below, "no timeline was split off the tape"
    for record in below:
        assert native.replay(target, record.recipe, log_fd=nowhere).digest == record.digest


def test_log_and_draws_go_to_the_reader(compiled: Callable[..., Path]) -> None:
    target = described(compiled("coin.c"))
    reader, writer = os.pipe()
    native.replay(target, Recipe(7), log_fd=writer, draws=True)
    os.close(writer)
    with open(reader) as log:
        text = log.read()
    assert "draw 0 chance = " in text
    assert "verdict ok after" in text
