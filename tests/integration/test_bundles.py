"""A bug goes from one machine to another in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.commands import Fuzzverse

from fuzzverse.bundle import SUFFIX
from fuzzverse.errors import ExitCode


@pytest.fixture
def bundle(fuzzverse: Fuzzverse, tmp_path: Path) -> Path:
    """What the finder of a bug sends."""
    done = fuzzverse("run", "gates", "--timelines", "20000", "--quiet", "--json", "--jobs", "1")
    (bug,) = done.json["bugs"]
    exported = fuzzverse("bugs", "export", bug["bucket"])
    assert exported.out.strip() == f"{bug['bucket']}{SUFFIX}", exported.err
    return tmp_path / exported.out.strip()


def test_a_bug_is_replayed_and_imported_elsewhere(
    fuzzverse: Fuzzverse, bundle: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for words in ((bundle,), ("gates", bundle)):
        replayed = fuzzverse("replay", *words, "--json", cwd=elsewhere)
        assert replayed.code == ExitCode.BUGS_FOUND
        assert "warning" not in replayed.err
    bucket = bundle.name.removesuffix(SUFFIX)
    said = [fuzzverse("bugs", "import", bundle, cwd=elsewhere).out for _ in range(2)]
    assert said[0] == f"{bucket}: imported into fuzzverse-out/gates\n"
    assert "has it already" in said[1]
    meta = json.loads((elsewhere / f"fuzzverse-out/gates/bugs/{bucket}/meta.json").read_text())
    assert meta["command"].startswith("fuzzverse replay gates --bug ")
    again = fuzzverse("replay", "gates", "--bug", bucket, cwd=elsewhere)
    assert again.code == ExitCode.BUGS_FOUND
    fuzzverse("bugs", "export", bucket, "-o", "again", cwd=elsewhere)
    assert (elsewhere / "again").read_bytes() == bundle.read_bytes()


def test_another_build_is_told_with_how_to_get_that_one(fuzzverse: Fuzzverse, bundle: Path) -> None:
    replayed = fuzzverse("replay", "dungeon", bundle)
    assert "warning: the bug was found in another build, and may not show here" in replayed.err
    assert "  build     fuzzverse build gates\n" in replayed.err
    assert "warning: this replay did not end in" in replayed.err


def test_what_an_executable_did_needs_the_executable(
    fuzzverse: Fuzzverse, compiled: Callable[..., Path], tmp_path: Path
) -> None:
    target = compiled("coin.c")
    done = fuzzverse("run", target, "--timelines", "2000", "--json", "--quiet", "--out", "o")
    bucket = done.json["bugs"][0]["bucket"]
    fuzzverse("bugs", "export", bucket, "--out", "o", "-o", f"b{SUFFIX}")
    alone = fuzzverse("replay", f"b{SUFFIX}")
    assert alone.code == ExitCode.USAGE
    assert "give its executable" in alone.err
    assert fuzzverse("replay", target, f"b{SUFFIX}").code == ExitCode.BUGS_FOUND
    (tmp_path / f"bad{SUFFIX}").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(99))
    for words in (("replay", f"bad{SUFFIX}"), ("bugs", "import", f"bad{SUFFIX}")):
        refused = fuzzverse(*words)
        assert refused.code == ExitCode.USAGE
        assert "is no bundle of a bug" in refused.err
