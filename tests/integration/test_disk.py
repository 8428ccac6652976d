"""The simulation kit's disks: what calls do, what a power loss keeps, and each fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import described, explore
from support.commands import Fuzzverse

from fuzzverse.model import Isolation, Policy

KIT = Path(__file__).resolve().parents[2] / "native/sim"

Compiled = Callable[..., Path]


@pytest.mark.parametrize(
    ("source", "timelines"),
    [
        ("disk.c", 1_000),
        ("disk_faults.c", 1_000),
        ("disk_random.c", 5_000),
        ("disk_chaos.c", 2_000),
    ],
)
def test_disks_keep_their_promises(compiled: Compiled, source: str, timelines: int) -> None:
    target = described(compiled(source))
    digests = set()
    for isolation in (Isolation.FORK, Isolation.REWIND):
        outcome = explore(target, Policy(timelines=timelines, jobs=1, isolation=isolation))
        assert [bug.message for bug in outcome.bugs] == []
        assert outcome.unfit == ""
        digests.add(outcome.totals.digest)
    assert len(digests) == 1


def test_what_is_never_synced_is_written_back(compiled: Compiled) -> None:
    target = described(compiled("disk.c", "-DNEVER_SYNCED"))
    outcome = explore(target, Policy(timelines=20, jobs=1))
    assert [bug.message for bug in outcome.bugs] == []


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The compiler flag that compiles disks anew, in place of those of the runtime."""
    names = ("disk.c", "directory.c", "contents.c", "loss.c")
    listed = tmp_path_factory.mktemp("kit") / "disks"
    paths = [str(KIT / name) for name in names]
    listed.write_text("\n".join([*paths, "-Wl,--allow-multiple-definition"]))
    return f"@{listed}"


@pytest.mark.parametrize("source", ["disk.c", "disk_faults.c", "disk_random.c", "disk_chaos.c"])
def test_disks_are_clean_under_sanitizers(compiled: Compiled, sources: str, source: str) -> None:
    target = described(compiled(source, "-fsanitize=address,undefined", sources))
    outcome = explore(target, Policy(timelines=500, jobs=1))
    assert [bug.message for bug in outcome.bugs] == []


@pytest.mark.parametrize("source", ["disk.c", "disk_faults.c"])
def test_what_may_happen_does(compiled: Compiled, fuzzverse: Fuzzverse, source: str) -> None:
    done = fuzzverse("run", compiled(source), "--timelines", "3000", "--jobs", "1")
    assert done.code == 0
    assert "NEVER" not in done.out


@pytest.mark.parametrize(
    ("misuse", "words"),
    [
        (0, "fv_file_size() of 7, which is no open file"),
        (1, "fv_file_sync() of -2, which is no open file"),
        (2, "which is no open file"),
        (3, "which is no open file"),
        (4, "fv_file_open() with flags 8"),
        (5, "fv_disk_has() outside of nodes"),
        (6, "pages of 100 bytes"),
    ],
)
def test_misuse_is_told(compiled: Compiled, fuzzverse: Fuzzverse, misuse: int, words: str) -> None:
    executable = compiled("disk_faults.c", f"-DMISUSE={misuse}")
    done = fuzzverse("replay", executable, "--root", "1")
    assert done.code == 77
    assert "misuse of the kit: " in done.out
    assert words in done.out
