from __future__ import annotations

import concurrent.futures
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.errors import EngineError, InputError
from fuzzverse.files import read_capped, sweep, sync_directory, write_group_whole, write_whole


@given(first=st.binary(max_size=100), second=st.binary(max_size=100))
def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(
    tmp_path_factory: pytest.TempPathFactory, first: bytes, second: bytes
) -> None:
    directory = tmp_path_factory.mktemp("files")
    path = directory / "name"
    write_whole(path, first)
    write_whole(path, second)
    assert path.read_bytes() == second
    assert [path.name for path in directory.iterdir()] == ["name"]


def test_a_write_that_fails_names_the_path_and_leaves_the_old_file(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"cannot write .*absent/name: No such file"):
        write_whole(tmp_path / "absent" / "name", b"x")
    taken = tmp_path / "directory"
    taken.mkdir()
    with pytest.raises(EngineError):
        write_whole(taken, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]


@given(files=st.dictionaries(st.text("abc", min_size=1, max_size=9), st.binary(), max_size=9))
def test_a_group_is_written_and_nothing_is_left_beside_it(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    directory = tmp_path_factory.mktemp("files")
    write_group_whole(directory, files)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == files


def test_a_group_that_fails_names_a_path_and_leaves_only_whole_files(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"cannot write .*absent/name: No such file"):
        write_group_whole(tmp_path / "absent", {"name": b"x"})
    (tmp_path / "taken").mkdir()
    with pytest.raises(EngineError, match=r"cannot write .*taken: Is a directory"):
        write_group_whole(tmp_path, {"first": b"x", "taken": b"y", "last": b"z"})
    assert {path.name for path in tmp_path.iterdir()} == {"first", "taken"}
    assert (tmp_path / "first").read_bytes() == b"x"


def test_threads_that_write_the_same_files_are_in_nobodys_way(tmp_path: Path) -> None:
    files = {f"name{i}": bytes(i) for i in range(20)}

    def write(_: int) -> None:
        for _ in range(20):
            write_group_whole(tmp_path, files)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_reading_is_capped(tmp_path: Path) -> None:
    path = tmp_path / "name"
    path.write_bytes(b"12345")
    assert read_capped(path, 5) == b"12345"
    with pytest.raises(InputError, match="larger than 4 bytes"):
        read_capped(path, 4)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    for name in ("fifo", "."):
        with pytest.raises(InputError, match="no regular file"):
            read_capped(tmp_path / name, 10)
    with pytest.raises(InputError, match="cannot read"):
        read_capped(tmp_path / "absent", 10)
    with pytest.raises(InputError, match="cannot read"):
        read_capped(tmp_path / "link", 10, follow=False)
    assert read_capped(tmp_path / "link", 10) == b"x"


def test_syncing_a_directory_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    sync_directory(tmp_path)
    sync_directory(tmp_path / "absent")
    assert [path.name for path in tmp_path.iterdir()] == []


def test_what_was_left_half_written_is_swept_away(tmp_path: Path) -> None:
    for name in (".a.123.part", ".kept", "b.part"):
        (tmp_path / name).write_text("")
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".kept", "b.part"}
    sweep(tmp_path / "absent")
