from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from fuzzverse.bench.plain import build_rival, run_plain
from fuzzverse.errors import EngineError
from fuzzverse.model import Counted, Verdict
from fuzzverse.targetfile import TargetFile, Variant
from fuzzverse.toolchain import find_compiler

# Writes inputs as a fuzzer would, and its last words.
FUZZER = """
import pathlib, sys
assert sys.argv[-1] == "corpus" and "-seed=3" in sys.argv and "-max_total_time=2" in sys.argv
for data in (b"a", b"bb"):
    pathlib.Path("corpus", data.decode()).write_bytes(data)
print("stat::number_of_executed_units: 1234")
"""


def census(inputs: Sequence[bytes]) -> Iterator[Counted]:
    """Input n has n edges, each in two classes."""
    for index, data in enumerate(inputs):
        features = np.array([8 * edge + k for edge in range(len(data)) for k in (0, 3)], np.uint32)
        yield Counted(index, Verdict.OK, 0, features)


def test_a_run_is_what_its_corpus_has() -> None:
    done = run_plain("ours", [sys.executable, "-c", FUZZER], 3, 2.0, census)
    assert (done.executions, done.rate) == (1_234, 617.0)
    assert (done.inputs, done.edges, done.features) == (2, 2, 4)
    assert [edges for _, edges in done.curve] == sorted({edges for _, edges in done.curve})
    assert done.curve[-1][1] == 2


def test_a_fuzzer_that_says_nothing_is_no_run() -> None:
    with pytest.raises(EngineError, match="ended without its statistics: oh"):
        run_plain("theirs", [sys.executable, "-c", "print('oh')"], 3, 2.0, census)


def test_libfuzzer_gets_the_same_sources(tmp_path: Path) -> None:
    folder = Path("targets/packets").resolve()
    target = TargetFile(
        path=folder / "target.toml", name="packets", summary="", language="c",
        sources=("packets.c", "harness.c"), include=(".",), flags=(), variants=(),
    )  # fmt: skip
    path = build_rival(target, Variant("packets"), find_compiler(), tmp_path, tmp_path)
    assert path.read_bytes().startswith(b"\x7fELF")
    (tmp_path / "broken.c").write_text("this is no C")
    broken = TargetFile(
        path=tmp_path / "target.toml", name="broken", summary="", language="c",
        sources=("broken.c",), include=(), flags=(), variants=(),
    )  # fmt: skip
    with pytest.raises(EngineError, match=r"libFuzzer's build of broken fails: .*error"):
        build_rival(broken, Variant("broken"), find_compiler(), tmp_path, tmp_path)
