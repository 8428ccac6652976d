"""The command line of libFuzzer, and libFuzzer itself beside it: one harness built by both."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.campaigns import described, explore
from support.commands import Done

from fuzzverse import native
from fuzzverse.files import name_of
from fuzzverse.model import Policy, Strategy, Target, Verdict

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).with_name("fuzzverse")
BROKEN = b"\xf5PK2t\x02abl\x02t\x03abcdef"  # the text reaches past the list that it is in
SECONDS_MAX = 200

Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Calls an executable as a user of libFuzzer does, in an empty folder."""

    def call(*words: str | Path, environment: dict[str, str] | None = None) -> Done:
        done = subprocess.run(
            [*map(str, words)],
            cwd=tmp_path,
            env={**os.environ, "FUZZVERSE": str(PROGRAM), **(environment or {})},
            capture_output=True,
            check=False,
            timeout=SECONDS_MAX,
            stdin=subprocess.DEVNULL,
        )
        err = done.stderr.decode(errors="replace")
        assert "Traceback" not in err, err
        return Done(done.returncode, done.stdout.decode(errors="replace"), err)

    return call


@pytest.fixture(scope="session")
def rival(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """targets/packets with its bug, built by clang with libFuzzer."""
    folder = ROOT / "targets" / "packets"
    path = tmp_path_factory.mktemp("rival") / "packets"
    sources = [folder / "packets.c", folder / "harness.c"]
    command = ["clang", "-g", "-O1", "-fsanitize=fuzzer", "-DFV_INNER_LENGTH", "-o", str(path)]
    subprocess.run([*command, *map(str, sources)], check=True)
    return path


def fill(directory: Path, inputs: Sequence[bytes]) -> Path:
    directory.mkdir()
    for data in inputs:
        (directory / name_of(data)).write_bytes(data)
    return directory


# ---- files ---------------------------------------------------------------------------------------


def test_files_run_again_where_there_is_nothing_else(
    compiled: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    ends = compiled("ends.c", "-fsanitize=fuzzer")
    good, worse = tmp_path / "good", tmp_path / "worse"
    good.write_bytes(b"g")
    worse.write_bytes(b"a")
    bare = {"PATH": "/nowhere", "FUZZVERSE": "/nowhere/fuzzverse"}
    done = run(ends, "-timeout=10", good, good, environment=bare)
    assert (done.code, done.err.count(f"Running: {good}\n")) == (0, 2)
    assert done.err.count(f"Executed {good} in ") == 2
    done = run(ends, good, worse, good, environment=bare)
    assert (done.code, done.err.count("Running: "), done.err.count("Executed ")) == (77, 2, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good", "worse"]
    done = run(ends, tmp_path, environment=bare)
    assert done.code == 2
    assert "pip install fuzzverse" in done.err


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [(b"a", "crash", 77), (b"x", "crash", 77), (b"h", "timeout", 70), (b"m", "oom", 71)],
)
def test_how_an_input_ends_is_in_the_exit_code_and_in_the_artifact(
    compiled: Callable[..., Path], run: Run, tmp_path: Path, data: bytes, kind: str, code: int
) -> None:
    ends = compiled("ends.c", "-fsanitize=fuzzer")
    limits = ("-timeout=2", "-rss_limit_mb=200")
    corpus = fill(tmp_path / "corpus", [b"g", data])
    done = run(ends, *limits, "-runs=0", "-artifact_prefix=found-", corpus)
    assert done.code == code
    artifact = tmp_path / f"found-{kind}-{name_of(data)}"
    assert artifact.read_bytes() == data
    assert f"Test unit written to {artifact.name}" in done.err
    assert run(ends, *limits, artifact).code == code


# ---- beside libFuzzer ----------------------------------------------------------------------------


def test_corpora_go_back_and_forth(
    rival: Path, named: Callable[[str], Target], run: Run, tmp_path: Path
) -> None:
    ours = named("packets-inner").path
    theirs_dir, ours_dir = fill(tmp_path / "theirs", []), fill(tmp_path / "ours", [])
    assert run(rival, "-runs=3000", "-seed=1", theirs_dir).code in (0, 77)
    theirs = {path.name for path in theirs_dir.iterdir()}
    assert theirs
    # Ours begins with theirs, and what is fresh of it goes into the first directory.
    done = run(ours, "-runs=0", ours_dir, theirs_dir)
    assert done.code == 0, done.err
    kept = {path.name for path in ours_dir.iterdir()}
    assert kept
    assert kept <= theirs
    done = run(rival, "-runs=0", ours_dir)
    assert done.code == 0, done.err
    merged = fill(tmp_path / "merged", [])
    done = run(rival, "-merge=1", merged, ours_dir)
    assert done.code == 0, done.err
    assert {path.name for path in merged.iterdir()} <= kept


def test_a_merge_takes_what_is_new_and_survives_what_crashes(
    rival: Path, named: Callable[[str], Target], run: Run, tmp_path: Path
) -> None:
    ours = named("packets-inner").path
    head = b"\xf5PK2"
    first, more = head + b"t\x01a", [head + b"t\x01b", head + b"n\x01\x05", head + b"c\x01\x00"]
    into = fill(tmp_path / "into", [first])
    done = run(ours, "-merge=1", into, fill(tmp_path / "from", [*more, BROKEN]))
    assert done.code == 0, done.err
    assert f"{name_of(BROKEN)} is left out: it ends in signal" in done.err
    assert "MERGE-OUTER: 2 new files" in done.err
    assert {path.read_bytes() for path in into.iterdir()} == {first, *more[1:]}
    # Nothing of it is news to libFuzzer's own merge, into the same.
    empty = fill(tmp_path / "empty", [])
    assert run(rival, "-merge=1", empty, into).code == 0
    assert {path.name for path in empty.iterdir()} == {path.name for path in into.iterdir()}


def test_a_crash_is_one_for_both_and_becomes_smaller(
    rival: Path, named: Callable[[str], Target], run: Run, tmp_path: Path
) -> None:
    ours = named("packets-inner").path
    crash = tmp_path / "crash"
    crash.write_bytes(BROKEN)
    assert [run(one, crash).code for one in (rival, ours)] == [77, 77]
    small = tmp_path / "small"
    done = run(ours, "-minimize_crash=1", "-runs=2000", f"-exact_artifact_path={small}", crash)
    assert done.code == 0, done.err
    assert f"CRASH_MIN: {crash} ({len(BROKEN)} bytes) has become {small}" in done.err
    assert len(small.read_bytes()) < len(BROKEN)
    assert [run(one, small).code for one in (rival, ours)] == [77, 77]
    done = run(ours, "-minimize_crash=1", fill(tmp_path / "good", [b"abc"]) / name_of(b"abc"))
    assert (done.code, "does not crash" in done.err) == (2, True)


# ---- harnesses -----------------------------------------------------------------------------------


def test_a_harness_with_fuzzed_data_provider_and_a_sanitizer(
    compiled: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    provider = compiled("provider.cc", "-fsanitize=fuzzer,address")
    # The last bytes are integers, as FuzzedDataProvider has it: kind 3, then one past the end.
    good, worse = tmp_path / "good", tmp_path / "worse"
    good.write_bytes(b"zbcdefghi\\n\x00\x03")
    worse.write_bytes(b"zbcdefghi\\n\x01\x03")
    done = run(provider, good)
    assert done.code == 0, done.err
    done = run(provider, worse)
    assert (done.code, "heap-buffer-overflow" in done.err) == (77, True)
    done = run(provider, "-runs=200", "-seed=1", fill(tmp_path / "corpus", []))
    assert (done.code, "Done " in done.out) == (0, True), done.err


def test_what_a_target_counts_itself_is_coverage(compiled: Callable[..., Path]) -> None:
    target = described(compiled("counters.c", "-fsanitize=fuzzer"))
    steps = [native.input_parse(bytes(5 * (k + 1) for k in range(n))) for n in range(7)]
    policy = Policy(strategy=Strategy.RANDOM, timelines=len(steps))
    records = explore(target, policy, inputs=steps).records
    # The steps differ in counters alone: the first one passes new edges besides.
    assert {len(record.recipe.tape or b"") for record in records if record.fresh} >= {1, 2, 3, 4, 5}
    assert [record.verdict for record in records][-1] is Verdict.SIGNAL


# ---- what lies beside a target -------------------------------------------------------------------


def beside(target: Path, folder: Path) -> Path:
    path = folder / "target"
    path.symlink_to(target)
    return path


def test_seeds_options_and_words_beside_a_target_are_used(
    compiled: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    target = beside(compiled("ends.c", "-fsanitize=fuzzer"), tmp_path)
    with zipfile.ZipFile(tmp_path / "target_seed_corpus.zip", "w") as archive:
        archive.writestr("../../../escaped", b"good")
        archive.writestr("large", bytes((1 << 20) + 1))
        archive.writestr("crashes", b"a")
    (tmp_path / "target.options").write_text(
        "[libfuzzer]\nmax_len = 100\nartifact_prefix = /etc/x\ndict = words\n[asan]\na=1\n"
    )
    (tmp_path / "words").write_text('"good"\nbad="x\n')
    done = run(PROGRAM, "libfuzzer", target, "-runs=0")
    assert done.code == 77
    assert (tmp_path / f"crash-{name_of(b'a')}").read_bytes() == b"a"
    assert "target_seed_corpus.zip: 'large' is larger than" in done.err
    assert "artifact_prefix = /etc/x changes nothing here" in done.err
    assert "words:2:7: the closing quote is missing" in done.err
    assert not (tmp_path.parent.parent.parent / "escaped").exists()


def test_run_takes_a_harness_and_the_seeds_beside_it(
    compiled: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    target = beside(compiled("ends.c", "-fsanitize=fuzzer"), tmp_path)
    with zipfile.ZipFile(tmp_path / "target_seed_corpus.zip", "w") as archive:
        archive.writestr("crashes", b"a")
    done = run(PROGRAM, "run", target, "--timelines", "100", "--jobs", "1", "--quiet")
    assert done.code == 77
    assert "sigabrt" in done.out


# ---- bad input -----------------------------------------------------------------------------------


def test_a_corpus_of_anything_is_gone_through(
    compiled: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    ends = compiled("ends.c", "-fsanitize=fuzzer")
    corpus = fill(tmp_path / "corpus", [b"good", b"better"])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(corpus / "socket"))
    os.mkfifo(corpus / "pipe")
    (corpus / "link").symlink_to("/dev/zero")
    (corpus / "nowhere").symlink_to(corpus / "gone")
    with (corpus / "huge").open("wb") as stream:
        stream.truncate(1 << 40)
    (corpus / "folder").mkdir()
    done = run(ends, "-runs=0", corpus)
    assert done.code == 0
    assert "Done 2 runs" in done.out
    for name in ("socket", "pipe", "link", "nowhere", "huge", "folder"):
        assert f"{corpus / name}" in done.err


def test_wrong_words_are_said(compiled: Callable[..., Path], run: Run, tmp_path: Path) -> None:
    ends = compiled("ends.c", "-fsanitize=fuzzer")
    done = run(ends, tmp_path / "none", "-runs=1", tmp_path)
    assert (done.code, "none: no such directory" in done.err) == (2, True)
    done = run(ends, "-runs=some", tmp_path)
    assert (done.code, "'some' is no whole number" in done.err) == (2, True)
    done = run(ends, "-no_such_flag=1", "-runs=1", fill(tmp_path / "corpus", [b"good"]))
    assert (done.code, "unrecognized flag '-no_such_flag=1'" in done.err) == (0, True)
    done = run(ends, "-dict=none", "-runs=1", tmp_path)
    assert (done.code, "no dictionary" in done.err) == (2, True)


def test_a_program_without_a_harness_is_told_so(run: Run, tmp_path: Path) -> None:
    source, program = tmp_path / "empty.c", tmp_path / "empty"
    source.write_text("int nothing(void);\nint nothing(void) { return 0; }\n")
    done = run(PROGRAM, "cc", "-fsanitize=fuzzer", source, "-o", program)
    assert done.code == 0, done.err
    done = run(program, "-runs=1")
    assert (done.code, "LLVMFuzzerTestOneInput" in done.err) == (2, True)
    done = run(PROGRAM, "libfuzzer", program, "-runs=1")
    assert (done.code, "LLVMFuzzerTestOneInput" in done.err) == (2, True)
