from __future__ import annotations

import hashlib
import os
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.corpus import GROUP_MAX, Corpus, CorpusWriter, load
from fuzzverse.errors import EngineError, UsageError
from fuzzverse.files import name_of
from fuzzverse.model import INPUT_SIZE_MAX


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_what_is_added_is_loaded_once_each_under_its_sha1(
    tmp_path_factory: pytest.TempPathFactory, inputs: list[bytes]
) -> None:
    directory = tmp_path_factory.mktemp("corpus")
    corpus = Corpus(directory)
    names = [corpus.add(data) for data in inputs]
    assert names == [hashlib.sha1(data, usedforsecurity=False).hexdigest() for data in inputs]
    assert dict(load(directory).entries) == dict(zip(names, inputs, strict=True))
    assert corpus.names() == tuple(sorted(set(names)))


def test_a_group_may_be_larger_than_the_limit_of_open_files(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    inputs = [i.to_bytes(4, "little") for i in range(2 * GROUP_MAX + 40)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 2 * GROUP_MAX), hard))
    try:
        Corpus(tmp_path).add_group(inputs)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert {data for _, data in load(tmp_path).entries} == set(inputs)


def test_loading_skips_odd_files_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"x")
    (tmp_path / "large").write_bytes(b"x" * (INPUT_SIZE_MAX + 1))
    (tmp_path / "link").symlink_to("good")
    (tmp_path / "directory").mkdir()
    (tmp_path / ".hidden.part").write_bytes(b"x")
    os.mkfifo(tmp_path / "fifo")
    loaded = load(tmp_path)
    assert loaded.entries == (("good", b"x"),)
    assert len(loaded.skipped) == 4


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the corpus .*absent"):
        load(tmp_path / "absent")


def test_the_writer_has_written_everything_when_its_context_ends(tmp_path: Path) -> None:
    inputs = [str(number).encode() for number in range(200)]
    with CorpusWriter(Corpus(tmp_path)) as writer:
        names = {writer.add(data) for data in inputs}
    assert {path.name for path in tmp_path.iterdir()} == names == set(map(name_of, inputs))


def test_what_was_added_is_written_while_the_writer_goes_on(tmp_path: Path) -> None:
    with CorpusWriter(Corpus(tmp_path)) as writer:
        for number in range(GROUP_MAX):
            writer.add(str(number).encode())
        last = tmp_path / writer.add(b"last")
        deadline = time.monotonic() + 20
        while not last.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(list(tmp_path.iterdir())) == GROUP_MAX + 1


def test_what_goes_wrong_while_writing_is_raised(tmp_path: Path) -> None:
    directory = tmp_path / "corpus"
    writer = CorpusWriter(Corpus(directory))
    directory.rmdir()

    def add_and_leave() -> None:
        with writer:
            writer.add(b"x")

    with pytest.raises(EngineError, match="cannot write"):
        add_and_leave()


def test_an_error_of_the_body_is_not_masked(tmp_path: Path) -> None:
    def fail() -> None:
        with CorpusWriter(Corpus(tmp_path)) as writer:
            writer.add(b"kept")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (tmp_path / name_of(b"kept")).read_bytes() == b"kept"
