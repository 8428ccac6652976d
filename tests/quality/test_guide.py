"""docs/simulations.md does what it says: every listing is compiled, every command typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from support.commands import Fuzzverse
from support.guide import Block, Step, blocks, changed, is_shown, steps, write

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "simulations.md"
WHOLE_BUCKET = re.compile(r"^BUG (\S+): ", re.MULTILINE)


def filled(command: str, buckets: dict[str, str]) -> list[str]:
    """The words of a command; the name of a bug that is cut short is the one last found so."""
    words = shlex.split(command)
    return [buckets[word.removesuffix("...")] if word.endswith("...") else word for word in words]


def typed(step: Step, fuzzverse: Fuzzverse, buckets: dict[str, str]) -> None:
    program, *words = filled(step.command, buckets)
    assert program == "fuzzverse"
    done = fuzzverse(*words)
    for bucket in WHOLE_BUCKET.findall(done.out):
        buckets[bucket[: bucket.rindex("-") + 1]] = bucket
    output = re.sub(r"^  replay  \S+ -P -m", "  replay ", done.out, flags=re.MULTILINE)
    output = output.replace("python3 -m fuzzverse", "fuzzverse")
    assert is_shown(step, output), f"$ {step.command}\n{output}\n{done.err}"
    assert done.code == (77 if "BUG " in done.out or "verdict assertion" in done.out else 0)


def test_the_guide_does_what_it_says(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    buckets: dict[str, str] = {}
    typed_count = 0
    for block in blocks(PAGE.read_text()):
        if block.language != "console":
            write(block, tmp_path)
            continue
        for step in steps(block):
            typed(step, fuzzverse, buckets)
            typed_count += 1
    assert typed_count >= 10


def test_a_difference_fits_in_one_place() -> None:
    assert changed("a\nb\nc\n", "@@\n a\n-b\n+x\n@@\n+y\n c\n") == "a\nx\ny\nc\n"
    for misfit in ("@@\n-d\n", "@@\n-a\n"):
        with pytest.raises(AssertionError, match="places"):
            changed("a\na\n", misfit)


def test_dots_stand_for_anything() -> None:
    (step,) = steps(Block("console", "", "$ x\n...\nn ... timelines\n...\n"))
    assert is_shown(step, "n 12 timelines\n")
    assert is_shown(step, "a\n\nn 1 timelines\nb\n")
    assert not is_shown(step, "n 1 timeline\n")


# Timelines within which each variant of the template shows its mistake, and how many stay clean.
BUDGET = 400_000
CLEAN_BUDGET = 200_000
SEEDS = (1, 2, 3)


def test_the_template_does_what_its_variants_say(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    assert fuzzverse("new", "mine").code == 0
    inside = tmp_path / "mine"
    for name in ("mine-one-round", "mine-unsynced"):
        for seed in SEEDS:
            words = ("run", name, "--seed", seed, "--timelines", BUDGET, "--json")
            done = fuzzverse(*words, cwd=inside)
            assert done.code == 77, f"{name}, campaign seed {seed}: {done.err}"
            assert [bug["message"] for bug in done.json["bugs"]] == ["clients see one counter"]
    done = fuzzverse("run", ".", "--timelines", CLEAN_BUDGET, "--json", cwd=inside)
    assert (done.code, done.json["bugs"]) == (0, [])
