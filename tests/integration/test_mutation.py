"""The mutation strategy on real harnesses: what it finds, and that it is the same every time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.campaigns import described, explore
from support.commands import Fuzzverse

from fuzzverse import native
from fuzzverse.errors import EngineError
from fuzzverse.model import Isolation, Policy, Recipe, Strategy, Target, Verdict

MUTATION = Policy(strategy=Strategy.MUTATION)
FUZZER = "-fsanitize=fuzzer"
SEEDS = (b"", b"PK2", b"\xf5PK2t\x02abl\x03t\x05abc", b"x" * 5_000)


@pytest.mark.parametrize("seed", [1, 2])
def test_workers_and_isolation_change_nothing(named: Callable[[str], Target], seed: int) -> None:
    target = named("packets")
    inputs = [Recipe(native.input_parse(tape).root, tape=tape) for tape in SEEDS]
    policy = replace(MUTATION, timelines=60_000, campaign_seed=seed)
    outcomes = [
        explore(target, replace(policy, jobs=jobs, isolation=isolation), inputs=inputs)
        for jobs, isolation in ((1, Isolation.REWIND), (2, Isolation.REWIND), (2, Isolation.FORK))
    ]
    for one in outcomes:
        assert one.totals.timelines == 60_000
        assert one.unfit == ""
    assert len({one.totals.digest for one in outcomes}) == 1
    assert outcomes[0].records == outcomes[1].records == outcomes[2].records
    assert outcomes[0].totals.edges_found > 30


def test_another_seed_is_another_campaign(named: Callable[[str], Target]) -> None:
    target = named("packets")
    digests = {
        explore(target, replace(MUTATION, timelines=5_000, campaign_seed=seed)).totals.digest
        for seed in (1, 2)
    }
    assert len(digests) == 2


def test_a_series_goes_on_after_what_ended_it(compiled: Callable[..., Path]) -> None:
    """Crashes and exits end a job; what it had still to do is done all the same, and what it
    left behind is gone: the harness never lives to be a hundred thousand."""
    target = described(compiled("remembers.c", FUZZER, "-DREMEMBERED=100000"))
    outcomes = [
        explore(target, replace(MUTATION, timelines=120_000, jobs=jobs, isolation=isolation))
        for jobs, isolation in ((1, Isolation.REWIND), (2, Isolation.FORK))
    ]
    assert outcomes[0].totals.digest == outcomes[1].totals.digest
    for one in outcomes:
        assert one.totals.timelines == 120_000
        assert sum(one.totals.verdicts) == 120_000
        assert one.totals.verdicts[Verdict.SIGNAL] > 0
        assert one.totals.verdicts[Verdict.EXIT] > 0
        assert one.totals.verdicts[Verdict.LOST] == 0
        assert {bug.message for bug in one.bugs} >= {"left with exit code 3 before its end"}
    for bug in outcomes[0].bugs:
        check_alone(target, bug.recipe, bug.verdict)


def check_alone(target: Target, recipe: Recipe, verdict: Verdict) -> None:
    with Path("/dev/null").open("wb") as nowhere:
        replay = native.replay(target, recipe, log_fd=nowhere.fileno())
    assert replay.verdict is verdict


def test_what_only_a_series_shows_is_told_as_not_reproduced(
    compiled: Callable[..., Path], fuzzverse: Fuzzverse
) -> None:
    path = compiled("remembers.c", FUZZER, "-DREMEMBERED=30")
    done = fuzzverse("run", path, "--timelines", "2000", "--json", "--keep-going")
    assert done.code == 77
    bugs = done.json["bugs"]
    assert any(bug["reproduced"] == 0 and bug["replays"] == 3 for bug in bugs)


@pytest.mark.parametrize("sanitizer", ["", ",address"])
def test_locks_are_opened(compiled: Callable[..., Path], sanitizer: str) -> None:
    target = described(compiled("locked.c", FUZZER + sanitizer))
    outcome = explore(target, replace(MUTATION, timelines=300_000, stop_on_bug=True))
    (bug,) = outcome.bugs
    assert bug.recipe.tape is not None
    assert bug.recipe.tape.startswith(b"\xfe\xed\xc0\xdecertificate")
    check_alone(target, bug.recipe, bug.verdict)


def test_a_mutator_of_the_targets_own_is_used(compiled: Callable[..., Path]) -> None:
    target = described(compiled("summed.c", FUZZER))
    outcome = explore(target, replace(MUTATION, timelines=500_000, stop_on_bug=True))
    (bug,) = outcome.bugs
    assert bug.recipe.tape is not None
    assert bug.recipe.tape.startswith(b"bug")


def test_words_of_a_dictionary_are_used(named: Callable[[str], Target]) -> None:
    target = named("packets")
    policy = replace(MUTATION, timelines=20_000)
    with native.Campaign(target, policy, words=[b"PK2t", b"\x00", b"w" * 127]) as campaign:
        while not campaign.step(0.1).finished:
            pass
        assert campaign.totals().timelines == 20_000
    with pytest.raises(EngineError, match="128 bytes: 1 to 127"):
        native.Campaign(target, policy, words=[b"w" * 128])


def test_inputs_are_no_longer_than_asked_for(compiled: Callable[..., Path]) -> None:
    target = described(compiled("remembers.c", FUZZER, "-DREMEMBERED=100000"))
    outcome = explore(target, replace(MUTATION, timelines=30_000, length_max=2))
    assert outcome.bugs == []
    assert all(len(record.recipe.tape or b"") <= 2 for record in outcome.records)


def test_replays_see_what_the_campaign_saw(named: Callable[[str], Target]) -> None:
    target = named("packets-inner")
    outcome = explore(target, replace(MUTATION, timelines=2_000_000, stop_on_bug=True))
    (bug,) = outcome.bugs
    check_alone(target, bug.recipe, bug.verdict)


def test_simulations_are_refused_with_words(fuzzverse: Fuzzverse) -> None:
    done = fuzzverse("run", "dungeon", "--strategy", "mutation", "--timelines", "10")
    assert done.code == 2
    assert "--strategy mutation is for harnesses, and dungeon is a simulation" in done.err
