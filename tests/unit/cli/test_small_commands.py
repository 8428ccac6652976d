"""Commands that look at what is there: build --list, config, doctor, bugs, corpus."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzzverse import bugstore, native, resources
from fuzzverse.bugstore import Evidence, SavedBug
from fuzzverse.cli import call
from fuzzverse.errors import ExitCode
from fuzzverse.model import Recipe, Segment
from fuzzverse.outcome import Bug

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def out(tmp_path: Path, make_bug: Callable[..., Bug]) -> Path:
    recipe = Recipe.of(42, Segment(1, 2))
    evidence = Evidence(native.input_bytes(recipe), b"step 1\nstep 2\n", b"")
    run = tmp_path / "runs" / "dungeon"
    bugstore.save(run / "bugs", SavedBug(make_bug(), "dungeon", "0123"), evidence)
    return run


def test_config_knows_threads_and_preemption(capsys: Capsys) -> None:
    assert call(["config", "--cflags", "--libs", "--threads", "--preempt"]) == 0
    cflags, libs = capsys.readouterr().out.splitlines()
    assert "trace-loads,trace-stores" in cflags
    assert "sim/preempt.h" in cflags
    assert "libfuzzverse_threads.a" in libs


def test_config_prints_a_line_an_option(capsys: Capsys) -> None:
    assert call(["config", "--version", "--cflags", "--libs", "--cmakedir", "--pkgconfigdir"]) == 0
    version, cflags, libs, cmake, pkgconfig = capsys.readouterr().out.splitlines()
    data = resources.installed()
    assert version.count(".") == 2
    assert f"-I{data.include}" in cflags
    assert str(data.runtime) in libs
    assert Path(cmake).joinpath("fuzzverse-config.cmake").is_file()
    assert Path(pkgconfig).joinpath("fuzzverse.pc").is_file()


def test_build_lists_what_there_is(
    tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(["build", "--list"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert "dungeon" in names
    assert len(set(names)) == len(names)
    assert call(["build"]) == ExitCode.USAGE
    assert "which target? there are:" in capsys.readouterr().err
    assert call(["build", "dungeno"]) == ExitCode.USAGE
    assert "did you mean dungeon?" in capsys.readouterr().err


def test_doctor_finds_this_machine_fit(capsys: Capsys) -> None:
    assert call(["doctor"]) == 0
    assert "everything that is needed is there" in capsys.readouterr().out


def test_bugs_are_listed(out: Path, capsys: Capsys, make_bug: Callable[..., Bug]) -> None:
    assert call(["bugs", "list", "--out", str(out)]) == 0
    assert make_bug().bucket in capsys.readouterr().out
    assert call(["bugs", "list", "--json", "--out", str(out.parent)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["sightings"] == 45


def test_a_bug_is_shown_with_its_replay(
    out: Path, capsys: Capsys, make_bug: Callable[..., Bug]
) -> None:
    assert call(["bugs", "show", make_bug().bucket, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert make_bug().command in shown
    assert "  step 2\n" in shown


def test_what_is_not_there_is_named(out: Path, capsys: Capsys) -> None:
    assert call(["bugs", "show", "nothing", "--out", str(out)]) == ExitCode.USAGE
    assert "there is no bug nothing" in capsys.readouterr().err
    assert call(["bugs", "list", "--out", str(out / "absent")]) == ExitCode.USAGE
    assert "holds no bugs directory" in capsys.readouterr().err


def test_a_corpus_is_listed_and_broken_inputs_are_told(tmp_path: Path, capsys: Capsys) -> None:
    recipe = Recipe.of(42, Segment(1, 2))
    (tmp_path / "good").write_bytes(native.input_bytes(recipe))
    (tmp_path / "broken").write_bytes(b"fuzzverse recipe 1\nnothing\n")
    assert call(["corpus", "list", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "1@2" in shown.out
    assert "broken" in shown.err
    assert call(["corpus", "list", str(tmp_path / "absent")]) == ExitCode.USAGE


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say what to replay"),
        (["file", "--root", "3"], "say what to replay"),
        (["--root", "3", "--recipe", "none"], "cannot replay: no recipe"),
        (["--bug", "nothing"], "there is no bug nothing"),
        (["--bug", "../up"], "no name of a bucket"),
        (["absent"], "cannot replay: cannot read"),
        (["--root", "3"], "no target is called 'zzz'"),
    ],
)
def test_a_replay_of_nothing_is_refused(
    out: Path, capsys: Capsys, arguments: list[str], words: str
) -> None:
    assert call(["replay", "zzz", "--out", str(out), *arguments]) == ExitCode.USAGE
    shown = capsys.readouterr().err
    assert words in shown
    assert shown.count("\n") == 1


@pytest.mark.parametrize("recipe", ["1@", "@", "1@2 ->", "18446744073709551616@1", "1@2 > 3@4"])
def test_a_broken_recipe_is_refused(recipe: str, capsys: Capsys) -> None:
    assert call(["replay", "zzz", "--root", "3", "--recipe", recipe]) == ExitCode.USAGE
    assert "no recipe" in capsys.readouterr().err


def test_a_broken_input_is_refused(tmp_path: Path, capsys: Capsys) -> None:
    broken = tmp_path / "input"
    broken.write_bytes(b"fuzzverse recipe 1\nroot x\n")
    assert call(["replay", "zzz", str(broken)]) == ExitCode.USAGE
    assert "broken recipe" in capsys.readouterr().err
