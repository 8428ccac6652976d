"""Runs of a small real target, from the command line to what is left on disk."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fuzzverse import resources
from fuzzverse.build import COVERAGE_FLAGS, link_flags
from fuzzverse.cli import call
from fuzzverse.errors import ExitCode
from fuzzverse.toolchain import find_compiler

COIN = """
#include <fuzzverse/fuzzverse.h>
FV_TARGET(coin) {
    int floor = 0;
    for (int step = 0; step < 300; step++) {
        FV_SOMETIMES_EACH("floor", FV_KEYS({"floor", floor}), FV_QUALITY());
        fv_log("step %d floor %d", step, floor);
        if (fv_chance(1, 100)) floor++;
        if (floor == 6 && FINDS) fv_bug("treasure at step %d", step);
    }
    FV_REACHABLE("the end");
}
"""
Capsys = pytest.CaptureFixture[str]


def build(directory: Path, *, finds: bool) -> Path:
    data = resources.installed()
    source, path = directory / "coin.c", directory / "coin"
    source.write_text(COIN)
    flags = [f"-DFINDS={int(finds)}", *COVERAGE_FLAGS, f"-I{data.include}"]
    compiler = find_compiler().path
    subprocess.run([compiler, *flags, source, "-o", path, *link_flags(data)], check=True)
    return path


@pytest.fixture(scope="module")
def coin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("coin"), finds=True)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("clean"), finds=False)


def test_a_found_bug_is_left_with_the_line_that_replays_it(
    coin: Path, tmp_path: Path, capsys: Capsys
) -> None:
    out = tmp_path / "out"
    assert call(["run", str(coin), "--json", "--quiet", "--out", str(out)]) == ExitCode.BUGS_FOUND
    summary = json.loads(capsys.readouterr().out)
    (bug,) = summary["bugs"]
    assert (summary["verdict"], summary["stopped"]) == ("bugs", "bug")
    assert (bug["reproduced"], bug["replays"]) == (3, 3)
    assert bug["bucket"].startswith("treasure-at-step-d-")
    replayed = shlex.split(bug["command"])
    assert call([*replayed[replayed.index("replay") :], "--json", "--times", "5"]) == 77
    replay = json.loads(capsys.readouterr().out)
    assert (replay["verdict"], replay["draws"]) == ("assertion", bug["draws"])
    log = (out / "bugs" / bug["bucket"] / "log").read_text()
    assert "floor 5" in log
    lines = (out / "events.jsonl").read_text().splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert events[0] == "start"
    assert events[-1] == "end"
    assert "bug" in events


def test_equal_budgets_are_equal_campaigns_whatever_the_jobs(
    coin: Path, tmp_path: Path, capsys: Capsys
) -> None:
    digests = set()
    for jobs in (1, 2, 4):
        arguments = ["run", str(coin), "--json", "--quiet", "--keep-going", "--timelines", "600"]
        call([*arguments, "--jobs", str(jobs), "--out", str(tmp_path / str(jobs))])
        digests.add(json.loads(capsys.readouterr().out)["digest"])
    assert len(digests) == 1


def test_a_clean_target_ends_clean(clean: Path, tmp_path: Path, capsys: Capsys) -> None:
    arguments = ["--timelines", "300", "--out", str(tmp_path)]
    assert call(["run", str(clean), *arguments]) == ExitCode.NOTHING_FOUND
    shown = capsys.readouterr()
    assert "no bugs" in shown.out
    assert "the budget of timelines was spent" in shown.out
    assert (tmp_path / "archive.db").is_file()


def test_time_ends_a_run(clean: Path, tmp_path: Path, capsys: Capsys) -> None:
    arguments = ["--time", "300ms", "--json", "--quiet", "--out", str(tmp_path)]
    assert call(["run", str(clean), *arguments]) == ExitCode.NOTHING_FOUND
    assert json.loads(capsys.readouterr().out)["stopped"] == "time"


def test_ctrl_c_saves_everything_and_ends_with_72(clean: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-P",
        "-m",
        "fuzzverse",
        "run",
        str(clean),
        "--json",
        "--out",
        str(out),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 30
        while not list(out.glob("corpus/*")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        answer, _ = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert json.loads(answer)["stopped"] == "interrupt"
    assert json.loads((out / "events.jsonl").read_text().splitlines()[-1])["event"] == "end"


def test_a_stopped_run_is_resumed(clean: Path, tmp_path: Path, capsys: Capsys) -> None:
    out = tmp_path / "out"
    arguments = ["run", str(clean), "--timelines", "300", "--out", str(out), "--json", "--quiet"]
    assert call([*arguments, "--resume"]) == ExitCode.USAGE
    assert "nothing to resume" in capsys.readouterr().err
    call(arguments)
    first = json.loads(capsys.readouterr().out)
    call([*arguments, "--resume"])
    second = json.loads(capsys.readouterr().out)
    assert second["states"] >= first["states"] > 0
    assert second["features"] >= first["features"]
    call([*arguments, "--resume", "--timelines", "3"])
    third = json.loads(capsys.readouterr().out)
    assert third["timelines"] == 3, "replays are timelines, and budgets count them"


def test_starting_inputs_are_run(clean: Path, tmp_path: Path, capsys: Capsys) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (inputs / "tape").write_bytes(bytes(200))
    (inputs / "link").symlink_to("tape")
    arguments = ["--corpus", str(inputs), "--timelines", "50", "--out", str(tmp_path / "out")]
    assert call(["run", str(clean), *arguments]) == ExitCode.NOTHING_FOUND
    assert "link" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("no-such-target", "no target is called 'no-such-target'"),
        ("./no-such-file", "does not exist"),
        ("/bin/true", "is no fuzzverse build: compile it with fuzzverse-cc"),
    ],
)
def test_what_cannot_be_run_is_one_line(target: str, words: str, capsys: Capsys) -> None:
    assert call(["run", target]) == ExitCode.USAGE
    shown = capsys.readouterr().err
    assert words in shown
    assert shown.count("\n") == 1
