from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from fuzzverse.bench.harness import BUG_PREFIX, RivalMissing
from fuzzverse.bench.rivals import AflPlusPlus, LibFuzzer, RivalContender, Workshop
from fuzzverse.bench.search import Limits
from fuzzverse.errors import EngineError
from fuzzverse.resources import installed
from fuzzverse.targetfile import Fetch, TargetFile, Variant
from fuzzverse.toolchain import Compiler

LIMITS = Limits(seconds=60, timelines=None, jobs=2)
COMPILER = Compiler(Path("/nowhere/clang"), Path("/nowhere/clang++"), 19, "clang version 19")
FETCH = Fetch("sqlean.py", "1", "0" * 64, (), "sqlite-dir", (), ())
HARNESS = Path("/tmp/maze")


def target(fetch: Fetch | None = None) -> TargetFile:
    path = Path("/nowhere/target.toml")
    return TargetFile(path, "maze", "", "c", ("maze.c",), (), (), (), fetch)


def workshop() -> Workshop:
    return Workshop(COMPILER, installed(), {}, which=lambda name: None)


def test_libfuzzer_gets_a_process_a_core_each_with_a_seed_of_its_own() -> None:
    commands = [
        *LibFuzzer().commands(HARNESS, 1, LIMITS),
        *LibFuzzer().commands(HARNESS, 2, LIMITS),
    ]
    seeds = {word for command in commands for word in command if word.startswith("-seed=")}
    assert len(commands) == len(seeds) == 4
    assert all("-max_len=4096" in command for command in commands)
    (first, _) = LibFuzzer().commands(HARNESS, 2**62, LIMITS)
    seed = next(int(word.removeprefix("-seed=")) for word in first if word.startswith("-seed="))
    assert 0 < seed < 2**32


def test_libfuzzers_executions_are_those_of_all_processes(tmp_path: Path) -> None:
    (tmp_path / "0.log").write_text(
        "#512\tpulse cov: 9\n#1024\tNEW\nstat::number_of_executed_units: 1500\n"
    )
    (tmp_path / "1.log").write_text("#16384\tpulse cov: 9 ft: 99\n")
    assert LibFuzzer().executions(tmp_path) == 1_500 + 16_384


def test_libfuzzers_slow_inputs_are_no_finds(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "slow-unit-1").touch()
    assert list(LibFuzzer().artifacts(tmp_path)) == []
    (tmp_path / "found" / "crash-1").touch()
    assert [path.name for path in LibFuzzer().artifacts(tmp_path)] == ["crash-1"]


def test_afl_has_one_main_instance(tmp_path: Path) -> None:
    main, secondary = AflPlusPlus().commands(HARNESS, 3, LIMITS)
    assert "-M" in main
    assert "-S" in secondary
    assert main[2] != secondary[2]
    for name, executions in (("main", 120), ("secondary1", 80)):
        crashes = tmp_path / "found" / name / "crashes"
        crashes.mkdir(parents=True)
        (crashes / "README.txt").touch()
        statistics = crashes.parent / "fuzzer_stats"
        statistics.write_text(f"start_time : 1\nexecs_done        : {executions}\n")
    assert AflPlusPlus().executions(tmp_path) == 200
    assert list(AflPlusPlus().artifacts(tmp_path)) == []
    (crashes / "id:000000,sig:06").touch()
    assert len(list(AflPlusPlus().artifacts(tmp_path))) == 1


def test_one_afl_instance_looks_at_comparisons() -> None:
    main, secondary = AflPlusPlus(Path("/tmp/cmplog")).commands(HARNESS, 3, LIMITS)
    assert "-c" not in main
    assert "/tmp/cmplog" in secondary


@dataclass(frozen=True)
class Script:
    """A fuzzer that is a line of shell."""

    line: str
    ran: int = 1

    def commands(self, harness: Path, seed: int, limits: Limits) -> list[list[str]]:
        return [["/bin/sh", "-c", self.line]]

    def artifacts(self, folder: Path) -> list[Path]:
        return [*(folder / "found").iterdir()]

    def executions(self, folder: Path) -> int:
        return self.ran


def contender(fuzzer: Script, folder: Path, bug: str = "") -> RivalContender:
    """A contender whose harness finds a bug in every input."""
    harness = folder / "programs" / "harness"
    harness.parent.mkdir()
    harness.write_text(f"#!/bin/sh\necho '{BUG_PREFIX}the exit' >&2\n")
    harness.chmod(0o755)
    limits = Limits(seconds=0.5, timelines=None, jobs=1)
    return RivalContender("shell", fuzzer, harness, bug, limits, {})


def test_the_first_artifact_ends_a_run(tmp_path: Path) -> None:
    line = "cp corpus/first found/crash-1; sleep 60"
    run = contender(Script(line), tmp_path, "exit").run(1, lambda: False)
    assert run is not None
    assert run.found
    assert run.bug == "the exit"
    assert run.seconds < 0.5


def test_another_bug_is_not_the_wanted_one(tmp_path: Path) -> None:
    run = contender(Script("echo > found/crash-1"), tmp_path, "treasure").run(1, lambda: False)
    assert run is not None
    assert not run.found
    assert run.bug == "the exit"


def test_time_ends_a_run(tmp_path: Path) -> None:
    run = contender(Script("sleep 60"), tmp_path).run(1, lambda: False)
    assert run is not None
    assert not run.found
    assert run.seconds >= 0.5


def test_the_user_ends_a_run(tmp_path: Path) -> None:
    assert contender(Script("sleep 60"), tmp_path).run(1, lambda: True) is None


def test_a_rival_that_ran_nothing_failed(tmp_path: Path) -> None:
    script = Script("echo no shared memory; exit 1", ran=0)
    with pytest.raises(EngineError, match="no shared memory"):
        contender(script, tmp_path).run(1, lambda: False)


def test_a_rival_that_is_not_installed_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(RivalMissing, match="apt-get install afl"):
        workshop().contender("afl", target(), Variant("maze"), LIMITS, tmp_path / "afl")
    with pytest.raises(RivalMissing, match="does not build"):
        workshop().contender("libfuzzer", target(), Variant("maze"), LIMITS, tmp_path / "lf")


def test_targets_with_third_party_source_are_left_out(tmp_path: Path) -> None:
    with pytest.raises(RivalMissing, match="third-party source"):
        workshop().contender("libfuzzer", target(FETCH), Variant("maze"), LIMITS, tmp_path / "lf")
