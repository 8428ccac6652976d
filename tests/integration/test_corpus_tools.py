"""Corpora are merged, minimized and exchanged with plain libFuzzer builds of the same code."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.commands import Fuzzverse

from fuzzverse import native
from fuzzverse.corpus import load
from fuzzverse.files import name_of
from fuzzverse.model import Target
from fuzzverse.toolchain import find_compiler

SOURCES = Path(__file__).parents[2] / "targets" / "packets"
MAGIC = b"\xf5PK2"
BROKEN = MAGIC + b"l\x02t\x03abcdef"
INPUTS = [
    b"",
    b"x",
    MAGIC + b"t\x02ab",
    MAGIC + b"t\x02abt\x02ab",
    MAGIC + b"n\x01\x05",
    MAGIC + b"n\x02\x05\x06n\x01\x05",
    MAGIC + b"l\x04t\x02ab",
    MAGIC + b"c\x05t\x02ab" + bytes([(ord("t") + 2 + ord("a") + ord("b")) % 256]),
    MAGIC + b"l\x05c\x03t\x00t",
    MAGIC + b"t\x81\x00" + bytes(256),
    MAGIC + b"l\x02" * 9,
]


def write(directory: Path, inputs: list[bytes]) -> Path:
    directory.mkdir(parents=True)
    for i, data in enumerate(inputs):
        (directory / f"input-{i}").write_bytes(data)
    return directory


def kept(directory: Path) -> set[bytes]:
    loaded = load(directory).entries
    assert all(name == name_of(data) for name, data in loaded)
    return {data for _, data in loaded}


def test_a_merge_adds_what_is_missing_and_leaves_what_crashes(
    fuzzverse: Fuzzverse, tmp_path: Path
) -> None:
    offered = write(tmp_path / "a", [*INPUTS, BROKEN])
    words = ["corpus", "merge", "packets-inner", tmp_path / "into", offered]
    first = fuzzverse(*words, "--bad", tmp_path / "bad")
    assert first.code == 0, first.err
    assert f"1 end badly (signal): {name_of(BROKEN)}" in first.out
    assert kept(tmp_path / "bad") == {BROKEN}
    chosen = kept(tmp_path / "into")
    assert 3 < len(chosen) < len(INPUTS)
    assert BROKEN not in chosen
    assert "0 inputs, 0 bytes, added" in fuzzverse(*words).out
    minimized = fuzzverse("corpus", "minimize", "packets-inner", offered, "--in-place")
    assert minimized.code == 0, minimized.err
    assert kept(offered) == {*chosen, BROKEN}


def test_a_merge_that_is_killed_goes_on(
    fuzzverse: Fuzzverse, named: Callable[[str], Target], tmp_path: Path
) -> None:
    named("packets")
    many = [MAGIC + b"n\x02" + i.to_bytes(2, "big") + b"t\x01" * (i % 7) for i in range(4_000)]
    offered = write(tmp_path / "a", many)
    whole, into = tmp_path / "whole", tmp_path / "into"
    assert fuzzverse("corpus", "merge", "packets", whole, offered).code == 0
    words = ["fuzzverse", "corpus", "merge", "packets", str(into), str(offered), "--jobs", "1"]
    process = subprocess.Popen(words, start_new_session=True, cwd=tmp_path)
    journal = into / ".fuzzverse-merge"
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.stat().st_size > 10_000):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert kept(into) == set()
    done = fuzzverse(*words[1:])
    assert "of them by an earlier run" in done.out
    assert kept(into) == kept(whole)
    assert not journal.exists()


def test_archives_and_afls_output_are_read_with_care(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    archive = tmp_path / "seeds.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("../../escaped", INPUTS[2])
        out.writestr("large", bytes(2 << 20))
    afl = tmp_path / "afl" / "main" / "queue"
    write(afl, INPUTS[3:5])
    os.mkfifo(afl / "pipe")
    (afl / "link").symlink_to("/etc/passwd")
    done = fuzzverse("corpus", "import", tmp_path / "into", archive, tmp_path / "afl")
    assert done.code == 0, done.err
    assert kept(tmp_path / "into") == set(INPUTS[2:5])
    for words in ("'large' is larger than", "pipe is no regular file", "link: "):
        assert words in done.err
    none = fuzzverse("corpus", "import", tmp_path / "x", SOURCES / "target.toml")
    assert none.code == 2


def test_recipes_become_tapes_that_lead_to_the_same(
    fuzzverse: Fuzzverse, named: Callable[[str], Target], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = ["run", "dungeon", "--timelines", "2000", "--keep-going", "--quiet", "--out", out]
    assert fuzzverse(*run).code in (0, 77)
    done = fuzzverse("corpus", "export", "dungeon", out / "corpus", tmp_path / "tapes")
    assert done.code == 0, done.err
    recipes, tapes = load(out / "corpus").entries, kept(tmp_path / "tapes")
    assert len(tapes) > len(recipes) // 2
    assert all(native.input_parse(data).tape == data for data in tapes)
    assert done.err.count("its tape leads elsewhere") == len(recipes) - len(tapes)


def test_afl_has_names_of_its_own_and_reads_back(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    offered = write(tmp_path / "a", INPUTS)
    queue = tmp_path / "afl" / "queue"
    done = fuzzverse("corpus", "export", "packets", offered, queue, "--afl")
    assert done.code == 0, done.err
    names = sorted(path.name for path in queue.iterdir())
    assert [name.split(",src:")[0] for name in names] == [f"id:{i:06d}" for i in range(len(INPUTS))]
    back = fuzzverse("corpus", "import", tmp_path / "back", tmp_path / "afl")
    assert back.code == 0, back.err
    assert kept(tmp_path / "back") == set(INPUTS)
    both = fuzzverse("corpus", "export", "packets", offered, queue, "--afl", "--libfuzzer")
    assert both.code == 2


@pytest.mark.parametrize("way", ["there", "back"])
def test_a_plain_libfuzzer_takes_and_gives(fuzzverse: Fuzzverse, tmp_path: Path, way: str) -> None:
    plain = tmp_path / "plain"
    sources = [str(SOURCES / name) for name in ("packets.c", "harness.c")]
    flags = ["-O1", "-g", "-fsanitize=fuzzer"]
    subprocess.run([find_compiler().path, *flags, *sources, "-o", plain], check=True)
    offered = write(tmp_path / "offered", INPUTS)
    merged, other = tmp_path / "merged", tmp_path / "other"
    other.mkdir()
    merge = [str(plain), "-merge=1", str(other), str(merged if way == "there" else offered)]
    source = offered if way == "there" else other
    ours = ["corpus", "merge", "packets", merged, source]
    if way == "there":
        assert fuzzverse(*ours).code == 0
        subprocess.run(merge, check=True, capture_output=True)
    else:
        subprocess.run(merge, check=True, capture_output=True)
        assert fuzzverse(*ours).code == 0
    assert kept(merged)
    assert kept(other)
    assert kept(merged) <= set(INPUTS)
    assert kept(other) <= set(INPUTS)
