"""`fuzzverse bench timeline`, `isolation` and `sim` measure; how fast is not for a test to say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.commands import Fuzzverse

from fuzzverse.errors import ExitCode

SHORT = ("--rounds", "2", "--time", "20ms")
CAMPAIGNS = ("--seeds", "2", "--timelines", "600")


def test_bench_timeline(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    files = ("--json", "t.json", "--plot", "t.svg", "--out-table", "t.md")
    done = fuzzverse("bench", "timeline", "timeline-1mb-20-pages", *SHORT, *files)
    assert done.code == 0, done.err
    (target,) = json.loads((tmp_path / "t.json").read_text())["targets"]
    assert target["shape"] == {"state_mb": 1, "dirty_pages": 20, "is_random": False}
    assert len(target["rounds"]) == 2
    for one in target["rounds"]:
        figures = [one["bare_us"], *one["fork"].values(), *one["rewind"].values()]
        assert len(figures) == 7
        assert all(figure > 0 for figure in figures)
    assert done.out.splitlines()[1].startswith("timeline-1mb-20-pages ")
    assert "bench timeline timeline-1mb-20-pages" in (tmp_path / "t.md").read_text()
    assert ElementTree.parse(tmp_path / "t.svg").getroot().tag.endswith("svg")
    assert done.err.count("timeline-1mb-20-pages: bare fork") == 2


def test_random_pages_are_within_the_state(fuzzverse: Fuzzverse) -> None:
    """They are drawn, and those of a bare fork are not: both must be there."""
    words = ("bench", "timeline", "timeline-1mb-20-random-pages", "--rounds", "1")
    done = fuzzverse(*words, "--time", "20ms", "--json", "-")
    assert done.code == 0, done.err
    (target,) = done.json["targets"]
    assert target["shape"]["is_random"]


def test_bench_isolation(fuzzverse: Fuzzverse, compiled: Callable[..., Path]) -> None:
    words = (*CAMPAIGNS, "--first-seed", "7", "--json", "-", "--out-table", "i.md")
    done = fuzzverse("bench", "isolation", compiled("locks.c"), *words)
    assert done.code == 0, done.err
    (target,) = done.json["targets"]
    assert [pair["seed"] for pair in target["pairs"]] == [7, 8]
    for pair in target["pairs"]:
        assert pair["fork"]["digest"] == pair["rewind"]["digest"]
        assert pair["fork"]["isolation"] == "fork"
        assert pair["rewind"]["isolation"] == "rewind"
        assert pair["rewind"]["checked"] == 0
        assert all(0 <= one["controller_share"] <= 1 for one in (pair["fork"], pair["rewind"]))


def test_canaries_are_for_those_who_ask(
    fuzzverse: Fuzzverse, compiled: Callable[..., Path]
) -> None:
    words = (*CAMPAIGNS, "--canary", "10%", "--strategy", "random", "--json", "-")
    done = fuzzverse("bench", "isolation", compiled("coin.c"), *words)
    assert done.code == 0, done.err
    (target,) = done.json["targets"]
    assert target["strategy"] == "random"
    assert all(pair["rewind"]["checked"] > 0 for pair in target["pairs"])


def test_a_target_that_cannot_be_rewound(
    fuzzverse: Fuzzverse, compiled: Callable[..., Path]
) -> None:
    """There is no cost of rewinding it, and its campaigns say why they are as slow as before."""
    parent = compiled("parent.c")
    done = fuzzverse("bench", "timeline", parent, *SHORT)
    assert done.code == ExitCode.ENGINE_FAILED
    assert "cannot be rewound: " in done.err
    done = fuzzverse("bench", "isolation", parent, "--seeds", "1", "--timelines", "100")
    assert done.code == 0, done.err
    assert "was not rewound: " in done.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("timeline", "dungeon", "--plot", "x.svg"), "--plot is for variants of the target"),
        (("isolation", "dungeno"), "did you mean dungeon"),
    ],
)
def test_wrong_words_are_refused(
    fuzzverse: Fuzzverse, words: tuple[str, ...], complaint: str
) -> None:
    done = fuzzverse("bench", *words)
    assert done.code == ExitCode.USAGE
    assert complaint in done.err


def test_bench_sim(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    """What is asked for holds with much room: a busy machine must not fail this."""
    files = ("--json", "s.json", "--out-table", "s.md")
    done = fuzzverse("bench", "sim", "--rounds", "2", "--time", "50ms", *files)
    assert done.code == 0, done.err
    figures = json.loads((tmp_path / "s.json").read_text())["figures"]
    for key, figure in figures.items():
        assert len(figure["rounds"]) == 2
        assert 0 < figure["median"] < 5 * (figure["asked"] or 1_000), key
    assert figures["instrumented"]["median"] < figures["preempted"]["median"]
    assert "a task switch, round robin" in done.out
    assert "bench sim --rounds 2" in (tmp_path / "s.md").read_text()
