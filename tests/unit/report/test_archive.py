from __future__ import annotations

from collections.abc import Callable

from fuzzverse.archive.queries import Held, SeenBug
from fuzzverse.report import archive

BUG = SeenBug(
    target="dungeon",
    bucket="treasure-on-floor-d-1f00ba2c",
    kind="bug",
    message="treasure on floor 8",
    first=1_700_000_000.0,
    last=1_700_086_400.0,
    timeline=12_300,
    bad_build="0123456789abcdef",
    good_build="",
    campaigns=1,
    sightings=45,
    reproduced=3,
    replays=3,
)
FLAKY = SeenBug(
    target="maze\x1b[2J",
    bucket="sigsegv-00000000",
    kind="sigsegv",
    message="\x1b[2Jkilled",
    first=1_700_000_000.0,
    last=1_700_000_000.0,
    timeline=7,
    bad_build="89ab",
    good_build="4567",
    campaigns=1_234,
    sightings=1_000_000,
    reproduced=5,
    replays=6,
)
HELD = Held("dungeon", "always", "health", "dungeon.c:40", 1_700_000_000.0, "01", 9_000, 1, 2, None)
NUMERIC = Held("dungeon", "sometimes", "deep", "d.c:7", 1_700_000_000.0, "01", 9, 1_000, 0, -3)
LATER = Held("dungeon", "always", "health", "dungeon.c:40", 1_700_086_400.0, "23", 9, 1, 0, None)


def test_bugs_across_campaigns(golden: Callable[[str, str], None]) -> None:
    golden("archive_bugs.txt", archive.render_bugs([BUG, FLAKY]) + "\n")
    assert archive.render_bugs([]) == "no bugs"


def test_properties(golden: Callable[[str, str], None]) -> None:
    golden("archive_properties.txt", archive.render_properties([HELD, LATER, NUMERIC]) + "\n")
    assert archive.render_properties([]) == "no such property"
