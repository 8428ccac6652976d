"""Campaigns that atheris' libFuzzer asks, and what they leave to the libFuzzer world."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.campaigns import check_replay, described
from support.commands import Fuzzverse

from fuzzverse import native
from fuzzverse.engines.campaign import EngineCampaign
from fuzzverse.engines.process import EngineProcess
from fuzzverse.engines.wheel import find_wheel
from fuzzverse.errors import EngineError
from fuzzverse.model import (
    Engine,
    Isolation,
    Maker,
    Policy,
    Strategy,
    Target,
    TimelineRecord,
    Totals,
    Verdict,
)

HARNESS = """
import hashlib, os, sys
import atheris
def test_one(data):
    os.write(1, hashlib.sha1(bytes(data)).hexdigest().encode() + bytes([10]))
atheris.Setup([sys.argv[0], "-runs=0", "-verbosity=0", sys.argv[1]], test_one)
atheris.Fuzz()
"""
LIBFUZZER = """
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    volatile int steps = 0;
    for (size_t i = 0; i < size; i++)
        if (data[i] == 'F') steps++;
    if (size > 1 && data[0] == 'F' && data[1] == 'V') steps++;
    return 0;
}
"""


def policy(**changes: object) -> Policy:
    values = {"strategy": Strategy.DEPTH_FIRST, "engine": Engine.ATHERIS, "window": 1}
    return Policy(**{**values, "root_energy": 200, **changes})  # type: ignore[arg-type]


@contextmanager
def asked(
    target: Target, out: Path, plan: Policy, inputs: tuple[bytes, ...] = ()
) -> Iterator[tuple[EngineCampaign, EngineProcess]]:
    engine = EngineProcess(find_wheel(), out, plan.campaign_seed, inputs, None)
    with EngineCampaign(target, plan, engine, out / "corpus") as campaign:
        yield campaign, engine


def run(
    target: Target, out: Path, plan: Policy, inputs: tuple[bytes, ...] = ()
) -> tuple[Totals, list[TimelineRecord]]:
    records: list[TimelineRecord] = []
    with asked(target, out, plan, inputs) as (campaign, _):
        finished = False
        while not finished:
            progress = campaign.step(0.05)
            records += progress.timelines
            finished = progress.finished
        totals = campaign.totals()
        campaign.stop()
    return totals, records


def test_it_finds_the_treasure(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    done = fuzzverse(
        "run", "dungeon", "--engine", "atheris", "--timelines", "200000", "--out", tmp_path / "out",
        "--json", "--quiet",
    )  # fmt: skip
    assert done.code == 77, done.err
    summary = done.json
    assert [bug["message"] for bug in summary["bugs"]] == ["the treasure is found"]
    assert summary["bugs"][0]["reproduced"] == summary["bugs"][0]["replays"] == 3
    assert not (tmp_path / "out" / "engine").exists()


def test_it_finds_what_a_lying_disk_does_to_sqlite(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    done = fuzzverse(
        "run", "sqlite-lying-sync", "--engine", "atheris", "--time", "120s",
        "--out", tmp_path / "out", "--json", "--quiet",
    )  # fmt: skip
    assert done.code == 77, done.err
    assert done.json["bugs"]


def test_the_same_campaign_whoever_runs_it(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = described(compiled("tapes.c"))
    seen = {}
    for isolation in Isolation:
        for jobs in (1, 2):
            plan = policy(timelines=4_000, jobs=jobs, isolation=isolation, deadline_ms=200)
            out = tmp_path / f"{isolation.name}-{jobs}"
            totals, records = run(target, out, plan)
            assert totals.timelines == 4_000
            kept = sorted(path.name for path in (out / "corpus").iterdir())
            seen[isolation, jobs] = (totals.digest, totals.roots, totals.verdicts, kept)
            assert totals.verdicts[Verdict.TIMEOUT], totals.verdicts
            assert totals.verdicts[Verdict.SIGNAL], totals.verdicts
            assert records
    assert len(set(map(repr, seen.values()))) == 1, seen
    other, _ = run(target, tmp_path / "other", policy(timelines=4_000, campaign_seed=2))
    assert other.digest not in {digest for digest, *_ in seen.values()}


def test_every_record_replays_from_its_tape(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = described(compiled("tapes.c"))
    _, records = run(target, tmp_path, policy(timelines=3_000, deadline_ms=40))
    told = [record for record in records if record.verdict is not Verdict.TIMEOUT]
    assert len(told) >= 3
    for record in told:
        assert record.recipe.tape is not None
        assert native.input_parse(native.input_bytes(record.recipe)) == record.recipe
        check_replay(target, record)


def test_recipes_are_inputs_too(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = described(compiled("tapes.c"))
    recipe = native.recipe_parse(7, "0=70 -> 1=86 -> 2=255")
    inputs = (b"\0", native.input_bytes(recipe), native.INPUT_HEADER + b"broken")
    totals, records = run(target, tmp_path, policy(roots=10), inputs)
    assert totals.roots == 10
    bugs = [record for record in records if record.message == "three bytes in a row"]
    assert recipe in [bug.recipe for bug in bugs]


def test_budgets_in_roots_count_inputs(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = described(compiled("tapes.c"))
    totals, _ = run(target, tmp_path, policy(roots=700, strategy=Strategy.RANDOM))
    assert (totals.roots, totals.timelines, totals.splitpoints) == (700, 700, 0)


@pytest.fixture
def corpus(compiled: Callable[..., Path], tmp_path: Path) -> Path:
    """What a campaign of 4,000 timelines leaves."""
    target = described(compiled("tapes.c"))
    run(target, tmp_path / "out", policy(timelines=4_000, deadline_ms=40))
    folder = tmp_path / "out" / "corpus"
    assert len(list(folder.iterdir())) > 3
    return folder


def test_an_atheris_harness_reads_the_corpus(corpus: Path, tmp_path: Path) -> None:
    script = tmp_path / "harness.py"
    script.write_text(HARNESS)
    done = subprocess.run(
        [sys.executable, script, corpus], capture_output=True, text=True, check=True, timeout=120
    )
    assert set(done.stdout.split()) >= {path.name for path in corpus.iterdir()}


def test_a_libfuzzer_binary_merges_the_corpus(corpus: Path, tmp_path: Path) -> None:
    source, binary, merged = tmp_path / "t.c", tmp_path / "t", tmp_path / "merged"
    source.write_text(LIBFUZZER)
    subprocess.run(["clang", "-fsanitize=fuzzer", source, "-o", binary], check=True)
    merged.mkdir()
    done = subprocess.run(
        [binary, "-merge=1", merged, corpus], capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = {path.name for path in merged.iterdir()}
    assert names
    assert names <= {path.name for path in corpus.iterdir()}


def test_an_engine_that_dies_is_told(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = described(compiled("tapes.c"))
    with asked(target, tmp_path, policy(deadline_ms=40)) as (campaign, engine):
        while campaign.totals().timelines < 100:
            campaign.step(0.05)
        os.kill(engine.pids()[0], signal.SIGKILL)
        with pytest.raises(EngineError, match=r"the engine \(atheris .*\) died of SIGKILL"):
            step_until_it_fails(campaign)


def test_its_mutators_make_children_for_the_frontier(
    compiled: Callable[..., Path], tmp_path: Path
) -> None:
    target = described(compiled("tapes.c"))
    seen = set()
    for jobs in (1, 2):
        plan = policy(timelines=3_000, jobs=jobs, deadline_ms=40, strategy=Strategy.FRONTIER)
        totals, _ = run(target, tmp_path / str(jobs), plan, (b"some", b"tapes"))
        tries, _ = totals.makers[Maker.MUTATE]
        assert 30 < tries < 3_000
        seen.add((totals.digest, totals.makers))
        assert not (tmp_path / str(jobs) / "engine").exists()
    assert len(seen) == 1


def test_a_frontier_without_its_engine_ends(compiled: Callable[..., Path], tmp_path: Path) -> None:
    target = described(compiled("tapes.c"))
    plan = policy(deadline_ms=40, strategy=Strategy.FRONTIER)
    with asked(target, tmp_path, plan) as (campaign, engine):
        while campaign.totals().makers[Maker.MUTATE][0] == 0:
            campaign.step(0.05)
        os.kill(engine.pids()[0], signal.SIGKILL)
        with pytest.raises(EngineError, match="died of SIGKILL"):
            step_until_it_fails(campaign)


def test_a_line_of_a_dictionary_that_is_none_is_told(
    fuzzverse: Fuzzverse, compiled: Callable[..., Path], tmp_path: Path
) -> None:
    words, out = tmp_path / "words.dict", tmp_path / "out"
    words.write_text('good="x"\nno dictionary at all\n')
    budget = ["--timelines", "2000", "--keep-going", "--quiet", "--out", out]
    done = fuzzverse("run", compiled("tapes.c"), "--engine", "atheris", "--dict", words, *budget)
    assert done.code in (0, 77), done.err
    assert f"{words}:2:1: not name=" in done.err
    assert (out / ".engine.dict").read_text() == '"\\x78"\n'


def test_an_engine_goes_with_its_controller(compiled: Callable[..., Path], tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "fuzzverse", "run", str(compiled("tapes.c"))]
    command += ["--engine", "atheris", "--keep-going", "--quiet", "--out", str(tmp_path / "out")]
    controller = subprocess.Popen(command)
    try:
        engine = wait_for(lambda: child_that_is("fuzzverse.engines.driver", controller.pid))
        wait_for(lambda: len(list((tmp_path / "out" / "corpus").glob("*"))))
    finally:
        controller.kill()
        controller.wait()
    wait_for(lambda: not Path(f"/proc/{engine}/exe").exists())


def test_wrong_library_is_told(compiled: Callable[..., Path], tmp_path: Path) -> None:
    plan = policy()
    with native.Campaign(described(compiled("tapes.c")), plan) as campaign:
        memory = campaign.memory()
        command = [sys.executable, "-P", "-m", "fuzzverse.engines.driver", str(memory)]
        for library, words in (("/nowhere.so", "/nowhere.so"), (native_library(), "no libFuzzer")):
            done = subprocess.run(
                [*command, library, "4"],
                pass_fds=(memory,),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 1
            assert "the engine cannot begin" in done.stderr
            assert words in done.stderr


def native_library() -> str:
    return str(next(Path(native.__file__).parent.glob("_native*.so")))


def step_until_it_fails(campaign: EngineCampaign) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        campaign.step(0.05)


def child_that_is(words: str, parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    for child in map(int, children):
        if words in Path(f"/proc/{child}/cmdline").read_text():
            return child
    return 0


def wait_for(what: Callable[[], int]) -> int:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("nothing happened for a minute")
