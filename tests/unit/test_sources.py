from __future__ import annotations

from fuzzverse.sources import FileLines, FunctionLines, by_file

NAMES = {
    8: "open at /far/game/door.c:10:3",
    16: "open at /far/game/door.c:12:0",
    24: "open at /far/game/door.c:12:9",
    32: "shut at /far/game/door.c:30",
    40: "main at /away/game/main.c:5:1",
    48: "lost at /away/game/main.c:0:0",
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
    names = {1: "f at /x/one/src/a.c:1", 2: "g at /x/two/src/a.c:1", 3: "h at /x/two/src/b.c:1"}
    files = by_file(bytes(3), [1, 2, 3], names)
    assert [file.name for file in files] == ["one/src/a.c", "two/src/a.c", "src/b.c"]


def test_nothing_is_known_without_names() -> None:
    assert by_file(bytes(2), [1, 2], {}) == ()
