from __future__ import annotations

from fuzzverse.sources import FileLines, FunctionLines, by_file, from_lcov
from fuzzverse.symbolise import Frame

DOOR, MAIN = "/far/game/door.c", "/away/game/main.c"
NAMES = {
    8: Frame("open", DOOR, 10, 9),
    16: Frame("open", DOOR, 12, 9),
    24: Frame("open", DOOR, 12, 9),
    32: Frame("shut", DOOR, 30, 30),
    40: Frame("main", MAIN, 5, 5),
    48: Frame("lost", MAIN, 0, 0),
}


def test_lines_are_reached_when_one_of_their_edges_was() -> None:
    files = by_file(bytes([1, 0, 4, 0, 0, 1, 1]), [8, 16, 24, 32, 40, 48, 0], NAMES)
    assert files == (
        FileLines("game/main.c", (FunctionLines("main", 5, 1, (5,)),)),
        FileLines(
            "game/door.c", (FunctionLines("open", 10, 2, ()), FunctionLines("shut", 30, 1, (30,)))
        ),
    )
    assert (files[1].lines, files[1].reached) == (3, 2)


def test_names_of_files_tell_them_apart() -> None:
    files = ("/x/one/src/a.c", "/x/two/src/a.c", "/x/two/src/b.c")
    names = {number: Frame("f", file, 1, 1) for number, file in enumerate(files, 1)}
    told = by_file(bytes(3), [1, 2, 3], names)
    assert [file.name for file in told] == ["one/src/a.c", "two/src/a.c", "src/b.c"]


def test_nothing_is_known_without_names() -> None:
    assert by_file(bytes(2), [1, 2], {}) == ()


LCOV = """\
SF:/far/game/door.c
FN:10,door.c:open
FN:20,shut
FNDA:3,door.c:open
DA:5,1
DA:10,3
DA:12,0
DA:20,18446744073709551615
DA:21,0
BRF:0
LF:5
end_of_record
SF:/far/game/empty.h
DA:1,1
end_of_record
"""


def test_what_llvm_cov_counted() -> None:
    assert from_lcov(LCOV) == (
        FileLines(
            "game/door.c",
            (FunctionLines("open", 10, 2, (12,)), FunctionLines("shut", 20, 2, (21,))),
        ),
    )
    assert from_lcov("words\nDA:x,y\nFN:\n") == ()
