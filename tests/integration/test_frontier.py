"""The frontier's promises: equal seeds, equal campaigns, whatever is cached, killed or slow;
budgets are kept; what it found replays; and targets that misbehave end with their verdict."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from support.campaigns import Outcome, described, explore, processes_of

from fuzzverse import native
from fuzzverse.model import Isolation, Policy, Recipe, SegmentKind, Strategy, Target, Verdict

FRONTIER = Policy(strategy=Strategy.FRONTIER)
BUDGETS = {"coin": 1_500, "dungeon": 2_500, "gates": 2_500, "slow": 600}
ROOTS = 60
BURIAL_S = 5.0


@pytest.fixture
def nowhere() -> Iterator[int]:
    fd = os.open("/dev/null", os.O_WRONLY)
    yield fd
    os.close(fd)


@pytest.fixture
def target_of(
    named: Callable[[str], Target], compiled: Callable[..., Path]
) -> Callable[[str], Target]:
    """Targets by name, of this repository or of its tests."""

    def find(name: str) -> Target:
        is_small = name in ("coin", "slow", "picks")
        return described(compiled(f"{name}.c")) if is_small else named(name)

    return find


@contextmanager
def busy_machine() -> Iterator[None]:
    """More to do than there are cores."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def assert_same(outcomes: list[Outcome]) -> None:
    assert outcomes[0].totals.timelines > 0
    assert len({outcome.totals.digest for outcome in outcomes}) == 1
    assert len({outcome.records for outcome in outcomes}) == 1
    assert len({outcome.totals.features for outcome in outcomes}) == 1
    assert len({(o.totals.states, o.totals.places, o.totals.once) for o in outcomes}) == 1


# ---- one campaign, however it runs ---------------------------------------------------------------


@pytest.mark.parametrize("name", BUDGETS)
def test_same_campaign_whatever_the_jobs(target_of: Callable[[str], Target], name: str) -> None:
    policy = replace(FRONTIER, timelines=BUDGETS[name])
    assert_same([explore(target_of(name), replace(policy, jobs=jobs)) for jobs in (1, 2, 4)])


@pytest.mark.parametrize("name", BUDGETS)
def test_same_campaign_whatever_is_cached(target_of: Callable[[str], Target], name: str) -> None:
    policy = replace(FRONTIER, timelines=BUDGETS[name], jobs=2)
    caches = [(0, 512), (1, 512), (24, 512), (24, 16), (24, 0)]
    assert_same(
        [
            explore(
                target_of(name),
                replace(
                    policy,
                    isolation=isolation,
                    checkpoints=count,
                    checkpoint_mb=size,
                    checkpoint_us=0,
                ),
            )
            for count, size in caches
            for isolation in Isolation
        ]
    )


@pytest.mark.parametrize("name", ["dungeon", "slow"])
def test_same_campaign_with_dying_workers(target_of: Callable[[str], Target], name: str) -> None:
    policy = replace(FRONTIER, timelines=BUDGETS[name], jobs=2)
    target, killed = target_of(name), 0

    def kill_a_worker(campaign: native.Campaign) -> None:
        nonlocal killed
        pids = campaign.worker_pids()
        if killed < 4 and pids:
            os.kill(pids[killed % len(pids)], signal.SIGKILL)
            killed += 1

    calm, disturbed = explore(target, policy), explore(target, policy, kill_a_worker)
    assert 0 < disturbed.totals.worker_deaths <= killed
    assert_same([calm, disturbed])


@pytest.mark.parametrize("isolation", Isolation)
def test_a_campaign_outlives_its_checkpoints(
    target_of: Callable[[str], Target], isolation: Isolation
) -> None:
    policy = replace(
        FRONTIER, timelines=BUDGETS["slow"], jobs=2, checkpoint_us=0, isolation=isolation
    )
    target, killed = target_of("slow"), 0

    def kill_something(campaign: native.Campaign) -> None:
        nonlocal killed
        others = set(processes_of(target.path)) - set(campaign.worker_pids())
        if killed < 4 and others:
            with suppress(ProcessLookupError):
                os.kill(min(others), signal.SIGKILL)
                killed += 1

    outcome = explore(target, policy, kill_something)
    assert killed > 0
    assert outcome.totals.timelines == policy.timelines
    assert wait_for_burial(target.path) == []


@pytest.mark.parametrize("name", ["dungeon", "slow"])
def test_same_campaign_under_load(target_of: Callable[[str], Target], name: str) -> None:
    policy = replace(FRONTIER, timelines=BUDGETS[name], jobs=2)
    calm = explore(target_of(name), policy)
    with busy_machine():
        assert_same([calm, explore(target_of(name), policy)])


def test_same_campaign_when_forks_are_slow(compiled: Callable[..., Path]) -> None:
    target = described(compiled("slow.c", "-DFORK_MS=60"))
    policy = replace(FRONTIER, timelines=400, checkpoint_us=0, isolation=Isolation.FORK)
    plain = explore(target, replace(policy, checkpoints=0))
    for jobs in (1, 2):
        cached = explore(target, replace(policy, jobs=jobs))
        assert (cached.totals.unreached, cached.totals.worker_deaths) == (0, 0)
        assert_same([plain, cached])


def test_another_seed_is_another_campaign(target_of: Callable[[str], Target]) -> None:
    policy = replace(FRONTIER, timelines=500)
    first, second = (
        explore(target_of("coin"), replace(policy, campaign_seed=seed)) for seed in (1, 2)
    )
    assert first.totals.digest != second.totals.digest


# ---- budgets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("timelines", [1, 15, 777])
def test_a_budget_in_timelines_is_kept(target_of: Callable[[str], Target], timelines: int) -> None:
    policy = replace(FRONTIER, timelines=timelines, jobs=2)
    assert explore(target_of("coin"), policy).totals.timelines == timelines
    tapes = [native.input_parse(bytes(length)) for length in range(1, 4)]
    with_inputs = explore(target_of("coin"), policy, inputs=tapes)
    assert with_inputs.totals.timelines == timelines


def test_a_budget_in_roots_ends(target_of: Callable[[str], Target]) -> None:
    policy = replace(FRONTIER, roots=7, root_energy=10, jobs=2)
    totals = explore(target_of("coin"), policy).totals
    assert totals.roots == 7
    assert totals.timelines == 7 * (1 + policy.root_energy)


def test_it_ends_when_little_is_left(target_of: Callable[[str], Target]) -> None:
    policy = replace(FRONTIER, timelines=100_000, until_fresh=100, jobs=2)
    totals = explore(target_of("coin"), policy).totals
    assert 100 <= totals.timelines < 100_000
    ends = {
        explore(target_of("coin"), replace(policy, jobs=jobs)).totals.timelines for jobs in (1, 4)
    }
    assert ends == {totals.timelines}


def test_it_ends_with_the_first_bug(target_of: Callable[[str], Target]) -> None:
    policy = replace(FRONTIER, timelines=50_000, stop_on_bug=True)
    outcomes = [explore(target_of("dungeon"), replace(policy, jobs=jobs)) for jobs in (1, 2)]
    assert outcomes[0].bugs
    assert_same(outcomes)


# ---- replays -------------------------------------------------------------------------------------


def kinds_of(outcome: Outcome) -> set[SegmentKind]:
    return {segment.kind for record in outcome.records for segment in record.recipe.segments}


def assert_replays(target: Target, outcome: Outcome, log_fd: int) -> None:
    assert outcome.records
    for record in outcome.records:
        replay = native.replay(target, record.recipe, log_fd=log_fd)
        seen = (record.digest, record.verdict, record.draws)
        assert (replay.digest, replay.verdict, replay.draws) == seen


@pytest.mark.parametrize("name", [*BUDGETS, "gates-magic", "picks"])
def test_what_is_told_replays(target_of: Callable[[str], Target], nowhere: int, name: str) -> None:
    policy = replace(FRONTIER, timelines=BUDGETS.get(name, 1_500), jobs=2)
    outcome = explore(target_of(name), policy)
    assert_replays(target_of(name), outcome, nowhere)
    if name != "dungeon":
        return
    assert kinds_of(outcome) == set(SegmentKind) - {SegmentKind.PLAIN}
    segments = [s for record in outcome.records for s in record.recipe.segments]
    assert any(s.offset > 0 for s in segments if s.kind is SegmentKind.RESEED)


@pytest.mark.parametrize("name", ["coin", "dungeon"])
def test_what_came_of_tapes_replays(
    target_of: Callable[[str], Target], nowhere: int, name: str
) -> None:
    tapes = [native.input_parse(bytes(9) + b"\1"), native.input_parse(bytes(range(200)))]
    policy = replace(FRONTIER, timelines=1_500, jobs=2)
    outcome = explore(target_of(name), policy, inputs=tapes)
    below = [r for r in outcome.records if r.recipe.tape is not None and r.recipe.segments]
    assert below, "nothing was split off a tape"
    assert_replays(target_of(name), outcome, nowhere)
    assert_same(
        [outcome, explore(target_of(name), replace(policy, jobs=1, checkpoints=0), inputs=tapes)]
    )


# ---- swarms --------------------------------------------------------------------------------------


def picked(target: Target, root: int) -> int:
    reader, writer = os.pipe()
    native.replay(target, Recipe(root), log_fd=writer)
    os.close(writer)
    with open(reader) as log:
        return int(log.read().partition("picked ")[2].split()[0])


def test_roots_have_subsets_of_their_own(target_of: Callable[[str], Target]) -> None:
    target = target_of("picks")
    roots = [native.root_seed(1, ordinal) for ordinal in range(ROOTS)]
    subsets = [picked(target, root) for root in roots]
    everything = max(subsets)
    assert everything == 2 ** everything.bit_length() - 1
    assert subsets.count(everything) > ROOTS / 2
    assert len(set(subsets)) > 2, "no two roots differ"
    assert [picked(target, root) for root in roots] == subsets


# ---- misbehaviour --------------------------------------------------------------------------------

CASES = [
    ("segv", 8, Verdict.SIGNAL, "Segmentation fault"),
    ("stack", 8, Verdict.SIGNAL, "Segmentation fault"),
    ("exit", 8, Verdict.EXIT, "exit code 3"),
    ("quick_exit", 8, Verdict.EXIT, "exit code 0"),
    ("loop", 8, Verdict.TIMEOUT, "deadline"),
    ("sleep", 30, Verdict.TIMEOUT, "deadline"),
    ("fds", 8, Verdict.ASSERTION, "after closing every file descriptor"),
    ("stray", 8, Verdict.ASSERTION, "a child was left behind"),
    ("kill", 8, Verdict.LOST, "killed from outside"),
    ("thread", 8, Verdict.LOST, "threads at a splitpoint"),
    ("child", 8, Verdict.LOST, "child process at a splitpoint"),
    ("group", 60, Verdict.LOST, "its worker died"),
    ("scribble", 60, Verdict.LOST, "its worker died"),
]
HARSH = replace(FRONTIER, timelines=600, jobs=2, deadline_ms=200, memory_mb=256)


def wait_for_burial(executable: Path) -> list[int]:
    deadline = time.monotonic() + BURIAL_S
    while (left := processes_of(executable)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def check(path: Path, verdict: Verdict, words: str, policy: Policy = HARSH) -> None:
    outcome = explore(described(path), policy)
    struck = [record for record in outcome.records if record.verdict is not Verdict.OK]
    assert {record.verdict for record in struck} == {verdict}
    assert all(words in record.message for record in struck)
    assert outcome.totals.verdicts[verdict] > 0
    assert outcome.totals.timelines == policy.timelines
    assert outcome.totals.places > 0
    assert wait_for_burial(path) == []


@pytest.mark.parametrize(("how", "odds", "verdict", "words"), CASES, ids=[c[0] for c in CASES])
def test_verdicts_among_marks(
    compiled: Callable[..., Path], how: str, odds: int, verdict: Verdict, words: str
) -> None:
    path = compiled("hostile.c", f"-DHOSTILE={how}", f"-DODDS={odds}", "-DSTEPS=5")
    check(path, verdict, words)


def test_out_of_memory(compiled: Callable[..., Path]) -> None:
    path = compiled("hostile.c", "-DHOSTILE=memory", "-DSTEPS=5")
    check(path, Verdict.OUT_OF_MEMORY, "more memory", replace(HARSH, deadline_ms=5_000))


@pytest.mark.parametrize(("how", "words"), [("thread", "threads"), ("child", "child process")])
def test_no_splitpoint_can_be_kept(compiled: Callable[..., Path], how: str, words: str) -> None:
    flags = ("-DODDS=1", "-DSTEPS=5", "-DBEFORE=0")
    check(
        compiled("hostile.c", f"-DHOSTILE={how}", *flags),
        Verdict.LOST,
        words,
        replace(HARSH, timelines=1_500),
    )


def test_a_thread_behind_the_last_draw_splits_nothing(compiled: Callable[..., Path]) -> None:
    outcome = explore(described(compiled("hostile.c", "-DHOSTILE=thread")), HARSH)
    assert outcome.totals.verdicts[Verdict.OK] == outcome.totals.timelines == HARSH.timelines
