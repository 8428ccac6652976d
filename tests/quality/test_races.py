"""Classic races in unmodified pthread code: found, replayed, and shown."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import explore
from support.commands import Fuzzverse

from fuzzverse import native
from fuzzverse.model import Policy, Target

JOBS = 2
SEEDS = range(1, 6)
BUDGET = 5_000
CLEAN_BUDGET = 50_000
TIMES = 100
# What is said, and where in the source the interleaving shows: function and file.
RACES = {
    "races-tickets": (r"no more tickets are sold than there are", "tickets_buy in .*tickets.c"),
    "races-aba": (r"no node is (lost|on the stack twice)", "stack_pop in .*stack.c"),
    "races-wakeup": (r"a lost wake-up: a condition is waited for.*", "mailbox_take in .*mailbox.c"),
    "races-signal": (r"a lost wake-up: a condition is waited for.*", "mailbox_put in .*mailbox.c"),
    "races-deadlock": (r"a deadlock: tasks wait for each.*", "accounts_move in .*accounts.c"),
}
OURS = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", RACES)
def test_a_race_is_found_and_replayed(named: Callable[[str], Target], name: str) -> None:
    target = named(name)
    with Path(os.devnull).open("wb") as nowhere:
        for seed in SEEDS:
            policy = Policy(campaign_seed=seed, timelines=BUDGET, jobs=JOBS, stop_on_bug=True)
            bugs = explore(target, policy).bugs
            assert bugs, f"campaign seed {seed} found nothing"
            assert re.fullmatch(RACES[name][0], bugs[0].message)
            for _ in range(TIMES if seed == SEEDS[0] else 1):
                replay = native.replay(target, bugs[0].recipe, log_fd=nowhere.fileno())
                assert (replay.digest, replay.verdict) == (bugs[0].digest, bugs[0].verdict)


@pytest.mark.parametrize("name", RACES)
def test_the_interleaving_is_shown(fuzzverse: Fuzzverse, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    run = fuzzverse("run", name, "--timelines", BUDGET, "--out", out, "--json", cwd=OURS)
    bucket = run.json["bugs"][0]["bucket"]
    replay = fuzzverse("replay", name, "--bug", bucket, "--out", out, cwd=OURS)
    assert replay.code == 77
    assert re.search(
        r"^task \d+ \(thread\) runs, \d+ \(\w[\w ]*\) (stops|is held)$", replay.out, re.M
    )
    assert re.search(f"^    at {RACES[name][1]}:\\d+", replay.out, re.M)
    kept = (out / "bugs" / bucket / "log").read_text()
    assert kept.splitlines() == replay.out.splitlines()[: len(kept.splitlines())]


def test_what_is_right_stays_clean(named: Callable[[str], Target]) -> None:
    outcome = explore(named("races"), Policy(timelines=CLEAN_BUDGET, jobs=JOBS))
    assert outcome.totals.timelines == CLEAN_BUDGET
    assert sum(outcome.totals.verdicts[1:]) == 0, outcome.records
