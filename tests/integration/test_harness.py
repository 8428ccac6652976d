"""Harnesses as libFuzzer has them run unchanged."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import explore

from fuzzverse import native
from fuzzverse.model import Policy, Recipe, Strategy, Target, Verdict

WELL = b"\xf5PK2t\x02abl\x03t\x05abc"
BROKEN = b"\xf5PK2l\x02t\x03abcdef"  # the text reaches past the list that it is in


@pytest.fixture
def nowhere() -> int:
    return os.open("/dev/null", os.O_WRONLY)


def test_a_tape_is_the_input_whole(named: Callable[[str], Target], nowhere: int) -> None:
    target = named("packets-inner")
    assert target.is_harness
    assert target.name == "packets-inner"
    replays = [
        native.replay(target, Recipe(0, tape=tape), log_fd=nowhere)
        for tape in (b"", WELL, BROKEN, BROKEN[:-4])
    ]
    assert [one.draws for one in replays] == [0, len(WELL), len(BROKEN), len(BROKEN) - 4]
    ends = [Verdict.OK, Verdict.OK, Verdict.SIGNAL, Verdict.OK]
    assert [one.verdict for one in replays] == ends


def test_an_executable_replays_files_alone(named: Callable[[str], Target], tmp_path: Path) -> None:
    target = named("packets-inner")
    well, broken = tmp_path / "well", tmp_path / "broken"
    well.write_bytes(WELL)
    broken.write_bytes(BROKEN)
    for files, code in (((well,), 0), ((well, broken), 77), ((broken, well), 77)):
        ended = subprocess.run([target.path, *files], capture_output=True, check=False)
        assert ended.returncode == code


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.DEPTH_FIRST, Strategy.FRONTIER])
def test_every_strategy_runs_it(named: Callable[[str], Target], strategy: Strategy) -> None:
    target = named("packets")
    policy = Policy(strategy=strategy, timelines=3_000)
    campaigns = [explore(target, policy) for _ in range(2)]
    assert campaigns[0].totals.timelines == 3_000
    assert campaigns[0].totals.edges_found > 0
    assert campaigns[0].totals.digest == campaigns[1].totals.digest
