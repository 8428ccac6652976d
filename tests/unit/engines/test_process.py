from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fuzzverse.corpus import Corpus
from fuzzverse.engines.process import EngineProcess, options, starting_tapes, take_over
from fuzzverse.engines.wheel import Wheel
from fuzzverse.errors import EngineError
from fuzzverse.files import name_of


def engine(out: Path, inputs: tuple[bytes, ...] = ()) -> EngineProcess:
    return EngineProcess(Wheel(Path("/no/library.so"), "3.0.0"), out, 1, inputs, None)


def test_each_seed_has_its_own_beginning_and_zero_is_no_seed_of_libfuzzers() -> None:
    assert starting_tapes(1) == starting_tapes(1)
    assert not set(starting_tapes(1)) & set(starting_tapes(2))
    seeds = {options(seed, 0)[0] for seed in (0, 1, (1 << 64) - 1, (1 << 32) - 1)}
    assert all(0 < int(flag.removeprefix("-seed=")) < 1 << 32 for flag in seeds)


def test_the_longest_input_fits() -> None:
    assert "-max_len=16384" in options(1, 100)
    assert "-max_len=20000" in options(1, 20_000)


def test_inputs_come_in_their_order(tmp_path: Path) -> None:
    engine(tmp_path, (b"first", b"second"))
    listed = (tmp_path / "engine" / "list").read_text().split(",")
    assert [(tmp_path / "engine" / name).read_bytes() for name in listed] == [b"first", b"second"]


def test_what_an_earlier_run_left_is_taken_over(tmp_path: Path) -> None:
    kept = tmp_path / "engine" / "corpus"
    kept.mkdir(parents=True)
    (kept / "no input").touch()
    (kept / name_of(b"input")).write_bytes(b"input")
    take_over(tmp_path, Corpus(tmp_path / "corpus"))
    engine(tmp_path)
    assert list(kept.iterdir()) == []
    assert Corpus(tmp_path / "corpus").names() == (name_of(b"input"),)


def test_only_whole_files_with_the_right_name_are_kept(tmp_path: Path) -> None:
    process, corpus = engine(tmp_path), Corpus(tmp_path / "corpus")
    kept = tmp_path / "engine" / "corpus"
    (kept / name_of(b"good")).write_bytes(b"good")
    (kept / name_of(b"half of it")).write_bytes(b"half")
    (kept / "a name").write_bytes(b"good")
    (kept / name_of(b"link")).symlink_to("/dev/zero")
    process.collect(corpus)
    assert corpus.names() == (name_of(b"good"),)
    (kept / name_of(b"half of it")).write_bytes(b"half of it")
    process.collect(corpus)
    assert set(corpus.names()) == {name_of(b"good"), name_of(b"half of it")}


def test_an_end_is_told_with_the_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talker = tmp_path / "talker"
    talker.write_text("#!/bin/sh\necho INFO >&2\necho what went wrong >&2\nexit 3\n")
    talker.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(talker))
    process = engine(tmp_path)
    process.start(0)
    with pytest.raises(EngineError, match=r"exit code 3: INFO; what went wrong \(all of it is"):
        check_until_it_has_ended(process)
    assert "silent: INFO; what went wrong" in str(process.blame(EngineError("silent")))
    process.end()
    assert not (tmp_path / "engine").exists()


def check_until_it_has_ended(process: EngineProcess) -> None:
    while True:
        process.check()
