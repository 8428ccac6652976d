"""Bad input and faults: one line that says what, where and what to do."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import described, explore
from support.commands import Fuzzverse

from fuzzverse import native
from fuzzverse.errors import InputError
from fuzzverse.model import Policy


def only_line(text: str) -> str:
    (line,) = text.strip().splitlines()
    return line


def test_unknown_target(fuzzverse: Fuzzverse) -> None:
    done = fuzzverse("run", "no-such-target")
    assert done.code == 2
    assert "no-such-target" in only_line(done.err)


def test_a_program_that_is_no_target_is_not_started(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    shutil.copy("/bin/touch", trap)
    done = fuzzverse("run", "./trap")
    assert done.code == 2
    assert "trap" in only_line(done.err)
    assert "fuzzverse-cc" in done.err
    assert not list(tmp_path.glob("--fuzzverse*"))


def test_wrong_abi(fuzzverse: Fuzzverse, compiled: Callable[..., Path], tmp_path: Path) -> None:
    data = compiled("coin.c").read_bytes()
    assert native.ABI_MARKER in data
    old = tmp_path / "old"
    old.write_bytes(data.replace(native.ABI_MARKER, b"fuzzverse-target-abi:0099;"))
    old.chmod(0o755)
    done = fuzzverse("run", "./old")
    assert done.code == 2
    line = only_line(done.err)
    assert "99" in line
    assert "rebuild" in line.lower()


def test_out_held_by_another_run(
    fuzzverse: Fuzzverse, compiled: Callable[..., Path], tmp_path: Path
) -> None:
    words = ("run", compiled("coin.c"), "--timelines", "50", "--out", tmp_path / "out")
    assert fuzzverse(*words).code in (0, 77)
    locks = [p for p in (tmp_path / "out").iterdir() if "lock" in p.name]
    holder = locks[0] if locks else tmp_path / "out"
    with open(holder) if holder.is_file() else open("/dev/null") as file:
        if not holder.is_file():
            pytest.fail("no lock file in OUT")
        fcntl.flock(file, fcntl.LOCK_EX)
        done = fuzzverse(*words)
    assert done.code in (1, 2)
    assert "another run" in only_line(done.err)


def test_out_that_is_a_file(
    fuzzverse: Fuzzverse, compiled: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("mine")
    done = fuzzverse("run", compiled("coin.c"), "--timelines", "5", "--out", tmp_path / "out")
    assert done.code in (1, 2)
    assert "out" in only_line(done.err)
    assert (tmp_path / "out").read_text() == "mine"


def test_broken_recipe(fuzzverse: Fuzzverse, compiled: Callable[..., Path]) -> None:
    done = fuzzverse("replay", compiled("coin.c"), "--root", "1", "--recipe", "1@2->3@4")
    assert done.code == 2
    assert "1@2->3@4" in only_line(done.err)


def test_broken_input(fuzzverse: Fuzzverse, compiled: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(b"fuzzverse recipe 1\nroot x\n")
    done = fuzzverse("replay", compiled("coin.c"), "input")
    assert done.code == 2
    assert "input" in only_line(done.err)


def test_unreachable_recipe_says_so(fuzzverse: Fuzzverse, compiled: Callable[..., Path]) -> None:
    done = fuzzverse("replay", compiled("coin.c"), "--root", "1", "--recipe", "100000@2")
    assert "before segment 1 of its recipe" in done.out


def test_tape_past_its_maximum() -> None:
    with pytest.raises(InputError):
        native.input_parse(bytes((1 << 20) + 1))


def test_mark_table_overflow_is_counted(compiled: Callable[..., Path]) -> None:
    target = described(compiled("dynamic.c"))
    policy = Policy(timelines=60, jobs=2, dynamic_marks_max=16)
    full = explore(target, policy)
    assert full.totals.overflows > 0
    roomy = explore(target, Policy(timelines=60, jobs=2, dynamic_marks_max=256))
    assert roomy.totals.overflows == 0


def test_dynamic_marks_are_told(compiled: Callable[..., Path]) -> None:
    target = described(compiled("dynamic.c"))
    with native.Campaign(target, Policy(timelines=60, jobs=2)) as campaign:
        while not campaign.step(1).finished:
            pass
        dynamic = [tally for tally in campaign.tallies() if tally.mark.dynamic]
    assert {tally.mark.message for tally in dynamic} == {f"dynamic {i}" for i in range(40)}
    assert all(tally.mark.file == "script.lang" for tally in dynamic)
    assert all(tally.passes > 0 for tally in dynamic)
