"""Simulations written in Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import Outcome, check_replay, described, explore
from support.commands import Fuzzverse

from fuzzverse import resources
from fuzzverse.build import cache_directory
from fuzzverse.model import Isolation, Policy, Strategy, Target, Verdict
from fuzzverse.pybuild import build
from fuzzverse.toolchain import find_compiler

SOURCES = Path(__file__).resolve().parents[1] / "targets"
JSON = 'json.loads("[1, 2")'
Built = Callable[[str], Target]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Makes an executable of a file of tests/targets, described."""
    cache = cache_directory({}, tmp_path_factory.mktemp("python"))
    compiler = find_compiler("")

    def make(name: str) -> Target:
        return described(build(SOURCES / name, resources.installed(), cache, compiler))

    return make


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)


def told(outcome: Outcome) -> tuple[int, int, int, int]:
    totals = outcome.totals
    return totals.digest, totals.timelines, totals.edges_found, len(outcome.bugs)


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.DEPTH_FIRST, Strategy.FRONTIER])
def test_campaigns_are_equal_whatever_the_workers_and_the_isolation(
    built: Built, strategy: Strategy
) -> None:
    target = built("bank.py")
    assert (target.name, target.edges > 10) == ("bank", True)
    outcomes = [
        explore(target, Policy(strategy=strategy, timelines=400, jobs=jobs, isolation=isolation))
        for jobs, isolation in (
            (1, Isolation.REWIND),
            (2, Isolation.REWIND),
            (1, Isolation.FORK),
            (2, Isolation.FORK),
        )
    ]
    assert len({told(one) for one in outcomes}) == 1
    assert {one.unfit for one in outcomes} == {""}
    assert outcomes[0].totals.edges_found > 10
    bugs = outcomes[0].bugs
    assert {bug.message for bug in bugs} == {"no money appears"}
    for bug in bugs:
        check_replay(target, bug)


def test_endings_are_told_apart_by_type_and_lines(built: Built) -> None:
    target = built("every.py")
    outcome = explore(target, Policy(timelines=600, canary=20))
    assert outcome.unfit == ""
    lines = (SOURCES / "every.py").read_text().splitlines()
    place = {line.strip(): number for number, line in enumerate(lines, 1)}
    wanted = {
        f"fv_bug JSONDecodeError at every.py:{place[JSON]} in endings",
        f"fv_bug RuntimeError at every.py:{place['threading.Thread(target=print).start()']} in",
        f"fv_bug SystemExit at every.py:{place['raise SystemExit(3)']} in endings",
        f"fv_bug ValueError at every.py:{place['sdk.chance(1, 0)']} in endings",
        "fv_bug RecursionError at every.py:",
        "fv_bug KeyError at every_beside.py:8 in work at every.py:",
        "fv_bug number %d is bad",
    }
    bugs = outcome.bugs
    identities = {bug.identity for bug in bugs if bug.mark is None}
    assert len(identities) == len(wanted)
    missing = [one for one in wanted if not any(i.startswith(one) for i in identities)]
    assert missing == []
    assert "fifteen" in {bug.message for bug in bugs}
    assert {bug.verdict for bug in bugs} == {Verdict.ASSERTION}
    for bug in bugs:
        check_replay(target, bug)


def test_the_environment_decides_nothing(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    target = built("every.py")
    digests = set()
    for more in ("", "/absent" * 30):
        monkeypatch.setenv("PATH", os.environ["PATH"] + more)
        monkeypatch.setenv("LD_LIBRARY_PATH", more)
        digests.add(explore(target, Policy(timelines=200)).totals.digest)
    assert len(digests) == 1


def test_a_bug_is_found_shown_and_replayed_a_hundred_times(
    fuzzverse: Fuzzverse, tmp_path: Path
) -> None:
    shutil.copy(SOURCES / "bank.py", tmp_path)
    ran = fuzzverse("run", "bank.py", "--timelines", "2000", "--out", "out", "--json")
    assert ran.code == 77, ran.err
    bucket = ran.json["bugs"][0]["bucket"]
    assert bucket.startswith("no-money-appears-")
    replayed = fuzzverse("replay", "bank.py", "--bug", bucket, "--out", "out", "--times", "100")
    assert replayed.code == 77
    assert "100 replays, all with this digest" in replayed.out


def test_an_executable_stands_alone(fuzzverse: Fuzzverse) -> None:
    built = fuzzverse("build", SOURCES / "every.py")
    assert built.code == 0, built.err
    alone = [
        subprocess.run([built.out.strip(), "--seed", "7"], capture_output=True, check=False)
        for _ in range(2)
    ]
    assert b"drawn [" in alone[0].stdout + alone[0].stderr
    assert (alone[0].stdout, alone[0].stderr) == (alone[1].stdout, alone[1].stderr)


def test_another_module_beside_it_is_another_build(built: Built, tmp_path: Path) -> None:
    for name in ("every.py", "every_beside.py"):
        shutil.copy(SOURCES / name, tmp_path)
    cache, compiler = tmp_path / "cache", find_compiler("")
    ids = []
    for addition in ("", "", "\n# changed\n"):
        with (tmp_path / "every_beside.py").open("a") as stream:
            stream.write(addition)
        path = build(tmp_path / "every.py", resources.installed(), cache, compiler)
        ids.append(described(path).build_id)
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def target(:\n", "bad.py:1: invalid syntax"),
        ("def other(): pass\n", "has no simulation: define `def target()"),
        ("target = 3\n", "has no simulation"),
        ("import nothing_called_so\n", "ModuleNotFoundError: No module named 'nothing_called_so'"),
        ("from fuzzverse import sdk\nsdk.u64()\n", "draws and marks belong into target()"),
        ("import _thread\n_thread.start_new_thread(print, ())\n", "a target runs no threads"),
        ("\0", "null bytes"),
    ],
)
def test_what_cannot_be_loaded_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    for command in ("run", "build"):
        done = run(sys.executable, "-P", "-m", "fuzzverse", command, "bad.py", cwd=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
        assert "bad.py" in done.stderr


def test_arguments_that_mean_no_simulation_say_why(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "some.py").write_text("def target(): pass\n")
    for words, said in (
        (["missing.py"], "missing.py does not exist"),
        (["folder.py"], "folder.py is no file"),
        (["some.py", "--sanitize", "address"], "are for native targets; some.py is Python"),
    ):
        done = fuzzverse("run", *words)
        assert (done.code, said in done.err) == (2, True), done.err
