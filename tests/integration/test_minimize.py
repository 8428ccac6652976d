"""Minimising bugs of real targets: what is left is what matters, and it replays."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.campaigns import described
from support.commands import Fuzzverse

from fuzzverse import bugstore, chronicle, native
from fuzzverse.archive.queries import kept_bug, open_existing
from fuzzverse.errors import EngineError, ExitCode
from fuzzverse.model import (
    Isolation,
    Policy,
    Recipe,
    Segment,
    SegmentKind,
    Strategy,
    Trial,
    TrialOrder,
    Verdict,
)
from fuzzverse.outdir import held
from fuzzverse.shapes import explicit

SAID = "0@plain -> 10=3 -> 30=5 -> 50=7"
KINDS = {"": "three-of", "-DCRASHES": "sigsegv", "-DEXITS": "exit-3"}


def answers(campaign: native.Campaign) -> list[Trial]:
    """Of all trials that it was given."""
    trials: list[Trial] = []
    finished = False
    while not finished:
        progress = campaign.step(1.0)
        trials += progress.trials
        finished = progress.finished
    return trials


@pytest.fixture
def found(
    compiled: Callable[..., Path], fuzzverse: Fuzzverse, tmp_path: Path
) -> Callable[..., Any]:
    """Finds the bug of `three_of_sixty`; returns its target, OUT and bucket."""

    def find(*flags: str) -> tuple[Path, Path, str]:
        target, out = compiled("three_of_sixty.c", *flags), tmp_path / "out"
        words = ("--strategy", "random", "--timelines", "20000", "--jobs", "1", "--out", out)
        assert fuzzverse("run", target, *words).code == 77
        (bucket,) = bugstore.names(out / "bugs")
        return target, out, bucket

    return find


@pytest.mark.parametrize("flag", KINDS)
@pytest.mark.parametrize("isolation", ["rewind", "fork"])
def test_three_draws_of_sixty_are_left(
    found: Callable[..., Any], fuzzverse: Fuzzverse, flag: str, isolation: str
) -> None:
    target, out, bucket = found(*([flag] if flag else []))
    assert bucket.startswith(KINDS[flag])
    before = bugstore.read_part(out / "bugs", bucket, "input")
    where = ("--out", out, "--target", target, "--jobs", "2")
    how = ("--isolation", "auto" if flag and isolation == "rewind" else isolation)
    done = fuzzverse("bugs", "minimize", bucket, *where, *how, "--json")
    assert done.code == 0, done.err
    values = done.json
    assert (values["root"], values["recipe"]) == (0, SAID)
    assert values["after"] == {"segments": 1, "said": 3, "lucky": 0, "draws": 60}
    assert values["is_irreducible"]
    saved = bugstore.load(out / "bugs", bucket).bug
    assert (saved.recipe, saved.is_minimized, saved.reproduced) == (SAID, True, 3)
    assert bugstore.read_part(out / "bugs", bucket, "original") == before
    assert b"draw 10 is 3" in bugstore.read_part(out / "bugs", bucket, "log")
    with open_existing(str(out)) as archive:
        kept = kept_bug(archive, bucket)
    assert kept.bug == replace(saved, command="")
    assert kept.parts == {
        part: bugstore.read_part(out / "bugs", bucket, part) for part in ("input", "log", "stack")
    }
    assert chronicle.read(out / "archive.db").bugs[0].recipe == SAID
    again = fuzzverse("replay", target, "--root", "0", "--recipe", SAID, "--times", "100")
    assert again.code == 77
    assert "100 replays, all with this digest" in again.out


def test_the_same_whatever_the_jobs(found: Callable[..., Any], fuzzverse: Fuzzverse) -> None:
    target, out, bucket = found()
    input_file = out / "bugs" / bucket / "input"
    meta = out / "bugs" / bucket / "meta.json"
    before = input_file.read_bytes(), meta.read_bytes()
    results = []
    for jobs in ("1", "2"):
        input_file.write_bytes(before[0])
        meta.write_bytes(before[1])
        where = ("--out", out, "--target", target, "--jobs", jobs, "--json")
        values = fuzzverse("bugs", "minimize", bucket, *where).json
        results.append((values["recipe"], values["trials"]))
    assert results[0] == results[1]


def test_a_minimised_recipe_is_not_replaced_by_a_new_one(
    found: Callable[..., Any], fuzzverse: Fuzzverse
) -> None:
    target, out, bucket = found()
    fuzzverse("bugs", "minimize", bucket, "--out", out, "--target", target)
    words = ("--strategy", "random", "--timelines", "20000", "--jobs", "1", "--seed", "7")
    fuzzverse("run", target, *words, "--out", out)
    assert bugstore.load(out / "bugs", bucket).bug.recipe == SAID


def test_an_out_that_a_run_writes_to_is_left_alone(
    found: Callable[..., Any], fuzzverse: Fuzzverse
) -> None:
    target, out, bucket = found()
    before = bugstore.load(out / "bugs", bucket)
    with held(out):
        done = fuzzverse("bugs", "minimize", bucket, "--out", out, "--target", target)
    assert done.code == 2
    assert "is in use by another run" in done.err
    assert bugstore.load(out / "bugs", bucket) == before


def test_few_trials_give_what_there_is_so_far(
    found: Callable[..., Any], fuzzverse: Fuzzverse
) -> None:
    target, out, bucket = found()
    where = ("--out", out, "--target", target)
    done = fuzzverse("bugs", "minimize", bucket, *where, "--trials", "20", "--json")
    values = done.json
    assert done.code == 72
    assert values["stopped"] == "20 trials are spent"
    assert 3 <= values["after"]["said"] + values["after"]["lucky"] < 60
    assert fuzzverse("replay", target, "--bug", bucket, "--out", out).code == 77


def test_no_time_at_all_is_told(found: Callable[..., Any], fuzzverse: Fuzzverse) -> None:
    target, out, bucket = found()
    done = fuzzverse("bugs", "minimize", bucket, "--out", out, "--target", target, "--time", "1ms")
    assert (done.code, done.out) == (72, "")
    assert "nothing was tried: time is up" in done.err


def test_a_bug_that_is_not_there_is_told(
    found: Callable[..., Any], compiled: Callable[..., Path], fuzzverse: Fuzzverse
) -> None:
    _, out, bucket = found()
    other = compiled("coin.c")
    done = fuzzverse("bugs", "minimize", bucket, "--out", out, "--target", other)
    assert done.code == 1
    assert "does not show the bug in this build" in done.err
    unnamed = fuzzverse("bugs", "minimize", bucket, "--out", out)
    assert unnamed.code == 2
    assert "--target" in unnamed.err


def test_ctrl_c_keeps_the_best_so_far(
    named: Callable[..., Any], fuzzverse: Fuzzverse, tmp_path: Path
) -> None:
    named("maze")
    out = tmp_path / "out"
    assert fuzzverse("run", "maze", "--timelines", "40000", "--jobs", "1", "--out", out).code == 77
    (bucket,) = bugstore.names(out / "bugs")
    draws = bugstore.load(out / "bugs", bucket).bug.draws
    words = ("bugs", "minimize", bucket, "--out", str(out), "--json", "--jobs", "1")
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "fuzzverse", *words], stdout=subprocess.PIPE, cwd=tmp_path
    ) as process:
        time.sleep(2.0)
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=60)
    values = json.loads(text)
    assert process.returncode == 72
    assert values["stopped"] == "interrupted"
    assert values["after"]["draws"] <= draws
    assert fuzzverse("replay", "maze", "--bug", bucket, "--out", out).code == 77


# ---- trials --------------------------------------------------------------------------------------


@pytest.mark.parametrize("isolation", Isolation)
def test_trials_tell_how_each_timeline_ended(
    compiled: Callable[..., Path], isolation: Isolation
) -> None:
    target = described(compiled("three_of_sixty.c"))
    policy = Policy(strategy=Strategy.TRIALS, isolation=isolation, canary=0, jobs=2)
    whole = explicit(4, None, [(10, 3), (30, 5), (50, 7)])
    shorter = Recipe.of(4, *whole.segments[:3])
    last = Recipe.of(0, Segment(50, 7, SegmentKind.ANSWER)).path
    wrong = Recipe.of(0, Segment(50, 6, SegmentKind.ANSWER)).path
    with native.Campaign(target, policy) as campaign:
        for _ in range(2):
            campaign.add_trials(
                [
                    TrialOrder(4, b"", 0, (whole.path, shorter.path)),
                    TrialOrder(4, shorter.path, 40, (wrong, last, b"")),
                    TrialOrder(4, shorter.path, 61, (last,)),  # the end comes first
                ]
            )
        trials = answers(campaign)
    ended = [(t.job, t.order, t.child, t.verdict is Verdict.ASSERTION, t.draws) for t in trials]
    bugs = {(0, 0), (1, 1)}
    places = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]
    assert ended == [(job, *at, at in bugs, 60) for job in range(2) for at in places]
    assert {t.message for t in trials} == {"", "three of 60 draws"}


def test_what_is_no_job_of_trials_is_refused(compiled: Callable[..., Path]) -> None:
    target = described(compiled("three_of_sixty.c"))
    long = explicit(1, None, [(i, 1) for i in range(1_100)]).path
    unknown = Recipe.of(1, Segment(1, 1)).path[:16] + b"\x09\0\0\0" + b"\0\0\0\0"
    refused: list[list[TrialOrder]] = [
        [],
        [TrialOrder(1, b"", 0, ())],
        [TrialOrder(1, long, 0, (b"",))],
        [TrialOrder(1, long[: 24 * 600], 0, (long[: 24 * 600],))],
        [TrialOrder(1, unknown, 0, (b"",))],
        [TrialOrder(1, b"", 0, (b"",), has_tape=True)],
        [TrialOrder(1, b"", 0, (b"",))] * 65,
        [TrialOrder(1, b"", 0, (b"",) * 1_025)],
    ]
    with native.Campaign(target, Policy(strategy=Strategy.TRIALS)) as campaign:
        for orders in refused:
            with pytest.raises(EngineError, match="no job of trials"):
                campaign.add_trials(orders)
        for _ in range(64):
            campaign.add_trials([TrialOrder(1, b"", 0, (b"",))])
        with pytest.raises(EngineError, match="no job of trials"):
            campaign.add_trials([TrialOrder(1, b"", 0, (b"",))])
        progress = campaign.step(20.0)
        assert progress.finished
        assert len(progress.trials) == 64
    with native.Campaign(target, Policy()) as campaign, pytest.raises(EngineError):
        campaign.add_trials([TrialOrder(1, b"", 0, (b"",))])


# ---- timelines that draw forever -----------------------------------------------------------------


@pytest.mark.parametrize("isolation", Isolation)
def test_a_timeline_ends_in_front_of_one_draw_too_many(
    compiled: Callable[..., Path], isolation: Isolation
) -> None:
    target = described(compiled("standstill.c"))
    policy = Policy(strategy=Strategy.TRIALS, isolation=isolation, canary=0, jobs=2)
    luck = Recipe.of(5, Segment(6, 9)).path
    plain = Recipe.of(5, Segment(7, 0, SegmentKind.PLAIN)).path
    orders = [TrialOrder(5, b"", 0, (luck, plain)), TrialOrder(5, luck, 4, (b"", plain))]
    draws: list[list[int]] = []
    for draws_max in (12, 5, 1_000):
        with native.Campaign(target, policy) as campaign:
            campaign.add_trials(orders, draws_max)
            trials = answers(campaign)
            assert campaign.unfit() == ""
        assert {trial.verdict for trial in trials} == {Verdict.OK}
        draws.append([trial.draws for trial in trials])
    # With a limit of 5 the splitpoint, at draw 10, is not reached.
    assert draws[:2] == [[12] * 4, [5] * 2]
    whole, forever, again, forever_again = draws[2]
    assert 20 < whole == again < 1_000 == forever == forever_again


def test_minimising_does_not_wait_where_time_stands_still(
    compiled: Callable[..., Path], fuzzverse: Fuzzverse, tmp_path: Path
) -> None:
    target = compiled("standstill.c")
    found = fuzzverse("run", target, "--jobs", "1", "--out", "out", "--timelines", "20000")
    assert found.code == ExitCode.BUGS_FOUND
    (bucket,) = (path.name for path in (tmp_path / "out" / "bugs").iterdir())
    start = time.monotonic()
    where = ("--out", "out", "--target", target, "--jobs", "1")
    done = fuzzverse("bugs", "minimize", bucket, *where, "--json")
    assert done.code == 0, done.err
    assert done.json["is_irreducible"]
    assert done.json["after"]["said"] >= 3
    # Each of hundreds of trials took the deadline of a second.
    assert time.monotonic() - start < 20


# ---- why -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", KINDS)
def test_the_deciding_draw_is_named(
    found: Callable[..., Any], fuzzverse: Fuzzverse, flag: str
) -> None:
    target, out, bucket = found(*([flag] if flag else []))
    where = ("--out", out, "--target", target, "--jobs", "1")
    fuzzverse("bugs", "minimize", bucket, *where)
    done = fuzzverse("bugs", "why", bucket, *where, "--json")
    assert done.code == 0, done.err
    decision = done.json["decision"]
    assert decision["draw"] == 50
    assert (decision["label"], decision["value"], decision["bound"]) == ("below", 7, 8)
    assert (decision["other_answers"], decision["avoiding"]) == (7, 7)
    assert decision["before"] < 0.3
    assert decision["behind"] == 1.0
    assert "three_of_sixty.c:" in decision["place"]
    assert done.json["siblings"]["failing"] >= 1
    (first, *_) = done.json["telling"]
    assert abs(first["likelihood"] - first["likelihood_without"]) == 1.0
    assert (out / "bugs" / bucket / "why.json").read_text() == done.out
    without = fuzzverse("replay", target, "--root", "0", "--recipe", SAID.replace("50=7", "50=6"))
    assert without.code == 0
    page = fuzzverse("bugs", "why", bucket, *where).out
    assert "decided by draw 50: below = 7 of 8 at " in page


def test_why_needs_a_bug_that_is_there(
    found: Callable[..., Any], compiled: Callable[..., Path], fuzzverse: Fuzzverse
) -> None:
    target, out, bucket = found()
    other = compiled("coin.c")
    assert fuzzverse("bugs", "why", bucket, "--out", out, "--target", other).code == 1
    done = fuzzverse("bugs", "why", bucket, "--out", out, "--target", target, "--trials", "9")
    assert done.code == 72
    assert "9 trials are spent" in done.err
    assert not (out / "bugs" / bucket / "why.json").exists()


def test_draws_of_a_replay_say_where_they_are(
    compiled: Callable[..., Path], fuzzverse: Fuzzverse
) -> None:
    target = compiled("three_of_sixty.c")
    done = fuzzverse("replay", target, "--root", "3", "--recipe", SAID, "--draws")
    lines = [line for line in done.out.splitlines() if line.startswith("  draw ")]
    assert len(lines) == 60
    assert lines[10].startswith("  draw 10 below = 3 of 8 at ")
    assert lines[11].startswith("  draw 11 below = 0 of 8 at ")
    assert lines[12].startswith("  draw 12 chance = 1 of 2, no at ")
    assert all("three_of_sixty.c:" in line for line in lines)
