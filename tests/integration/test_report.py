"""The report in a real browser: what a reader gets, on a screen, on a phone, offline."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.archives import ENTRIES, STATES, write_large, write_old
from support.browser import Page, browser, open_page
from support.commands import Fuzzverse
from support.dossiers import hostile

from fuzzverse.archive.writer import Archive, Start
from fuzzverse.cli.report import render_html

MAKE_SECONDS_MAX = 20.0
OPEN_SECONDS_MAX = 2.0
PAGE_BYTES_MAX = 5_000_000
DESK, PHONE = 1_200, 390
SECTIONS = (
    *("verdict", "bugs", "properties", "curves", "multiverse"),
    *("frontier", "energy", "sources", "about"),
)
BUG = "the-treasure-is-found-31b88211"


@pytest.fixture
def page() -> Iterator[Page]:
    with browser() as pipe:
        yield open_page(pipe)


@pytest.fixture
def out(fuzzverse: Fuzzverse, tmp_path: Path) -> Path:
    """What two runs on the dungeon leave, the bug explained."""
    out = tmp_path / "dungeon"
    budget = ("--timelines", "20000", "--jobs", "1", "--keep-going", "--quiet")
    for _ in range(2):
        assert fuzzverse("run", "dungeon", *budget, "--out", str(out)).code == 77
    short = ("--jobs", "1", "--out", str(out), "--futures", "8")
    assert fuzzverse("bugs", "why", BUG, *short).code == 0
    return out


def wide_elements(page: Page) -> object:
    """Whatever makes the page scroll sideways."""
    return page.value(
        "[...document.querySelectorAll('main *')].filter(one => !one.closest('.wide, pre') &&"
        " one.getBoundingClientRect().right > innerWidth + 1)"
        ".map(one => one.tagName + '.' + one.className).slice(0, 9).join(' ')"
    )


def test_a_run_becomes_a_page_that_works(fuzzverse: Fuzzverse, out: Path, page: Page) -> None:
    done = fuzzverse("report", str(out))
    assert done.code == 0
    path = out / "report.html"
    assert done.out.strip() == str(path)
    page.open(path, DESK)
    found = page.value("[...document.querySelectorAll('section')].map(s => s.id).join(' ')")
    assert found == " ".join(SECTIONS)
    assert page.value("document.querySelector('#verdict .badge').textContent") == "1 bug"
    assert page.value("document.querySelector('#verdict td .badge').textContent") == "ongoing"
    assert page.value(f"document.querySelector('#bug-{BUG} pre.command').textContent.length > 20")
    assert page.value("document.querySelectorAll('#bugs .curve').length") == 2
    assert page.value("document.querySelectorAll('#sources details').length") == 1
    assert page.value("document.querySelectorAll('#energy tbody tr').length > 3")
    assert page.requests == [path.resolve().as_uri()]
    assert page.complaints == []


def test_tables_sort_and_filter(fuzzverse: Fuzzverse, out: Path, page: Page) -> None:
    fuzzverse("report", str(out))
    page.open(out / "report.html", DESK)
    cells = (
        "[...document.querySelectorAll('#frontier tbody tr')].map(row => +row.cells[3].dataset.k)"
    )
    assert page.value("document.querySelectorAll('#frontier th')[3].click()") is None
    visits = page.value(cells)
    assert isinstance(visits, list)
    assert visits == sorted(visits, reverse=True)
    page.value("document.querySelectorAll('#frontier th')[3].click()")
    assert page.value(cells) == sorted(visits)
    page.value(
        "const box = document.querySelector('#frontier input'); box.value = 'margin';"
        "box.dispatchEvent(new Event('input'))"
    )
    shown = page.value(
        "[...document.querySelectorAll('#frontier tbody tr')].filter(row => !row.hidden)"
        ".every(row => row.textContent.includes('margin'))"
    )
    assert shown is True
    assert page.complaints == []


def test_the_map_zooms(fuzzverse: Fuzzverse, out: Path, page: Page) -> None:
    fuzzverse("report", str(out))
    page.open(out / "report.html", DESK)
    words = "document.getElementById('map-words').textContent"
    assert str(page.value(words)).startswith("all timelines")
    page.value("[...document.querySelectorAll('#map-tools button')].at(-1).click()")
    assert f"leads to {BUG}" in str(page.value(words))
    page.value("document.querySelectorAll('#map-tools button')[0].click()")
    assert str(page.value(words)).startswith("all timelines")
    page.value(
        "document.getElementById('map').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ArrowDown'}))"
    )
    assert str(page.value(words)).startswith("root ")
    assert page.complaints == []


def test_a_phone_scrolls_one_way(fuzzverse: Fuzzverse, out: Path, page: Page) -> None:
    fuzzverse("report", str(out))
    page.open(out / "report.html", PHONE)
    assert page.value("document.documentElement.scrollWidth") == PHONE
    assert wide_elements(page) == ""
    assert page.complaints == []


def test_the_other_formats(fuzzverse: Fuzzverse, out: Path, tmp_path: Path) -> None:
    assert f"ONGOING  {BUG}" in fuzzverse("report", str(out), "--format", "text").out
    values = fuzzverse("report", str(out), "--format", "json").json
    assert values["bugs"][0]["bucket"] == BUG
    assert values["states"] > 50
    assert [file["file"] for file in values["sources"]["files"]] == ["dungeon/dungeon.c"]
    to = tmp_path / "junit.xml"
    assert fuzzverse("report", str(out), "--format", "junit", "-o", str(to)).code == 0
    assert ET.parse(to).getroot().tag == "testsuites"
    told = json.loads(fuzzverse("report", str(out), "--format", "sarif").out)
    assert told["version"] == "2.1.0"
    (place,) = next(r for r in told["runs"][0]["results"] if r["ruleId"] == "bug")["locations"]
    uri = place["physicalLocation"]["artifactLocation"]["uri"]
    line = place["physicalLocation"]["region"]["startLine"]
    assert uri.endswith("dungeon/dungeon.c")
    (said,) = (
        number
        for number, text in enumerate(Path("targets/dungeon/dungeon.c").read_text().split("\n"), 1)
        if "fv_bug(" in text
    )
    assert line == said
    words = fuzzverse("report", str(out), "--format", "github").out
    assert f"dungeon/dungeon.c,line={line},title=bug {BUG}::" in words


def test_a_hostile_target_does_nothing_to_the_reader(tmp_path: Path, page: Page) -> None:
    path = tmp_path / "report.html"
    path.write_text(render_html(hostile()))
    page.open(path, PHONE)
    assert page.value("document.images.length") == 0
    assert page.value("document.scripts.length") == 2
    assert wide_elements(page) == ""
    assert page.requests == [path.resolve().as_uri()]
    assert page.complaints == []


def test_paper_shows_all_bugs_and_both_axes(fuzzverse: Fuzzverse, out: Path, page: Page) -> None:
    fuzzverse("report", str(out))
    page.open(out / "report.html", DESK)
    page.value("document.querySelector('details.bug').open = false")
    assert len(str(page.call("Page.printToPDF")["data"])) > 20_000
    assert page.value("document.querySelector('details.bug').open") is True
    page.call("Emulation.setEmulatedMedia", media="print")
    shown = "getComputedStyle(document.querySelector('.over.timelines')).display"
    assert page.value(shown) == "grid"
    assert page.complaints == []


def test_a_run_under_way_has_a_page(fuzzverse: Fuzzverse, tmp_path: Path, page: Page) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        archive.begin(Start("t", "b", "frontier", 1, "{}", 1e9, "0" * 32, "{}"))
        assert fuzzverse("report", str(tmp_path)).code == 0
    page.open(tmp_path / "report.html", DESK)
    assert page.value("document.querySelector('#verdict .badge').textContent") == "no bugs"
    assert "was killed" in str(page.value("document.querySelector('#verdict').textContent"))
    assert page.complaints == []


def test_an_archive_of_an_older_fuzzverse_makes_a_report(
    fuzzverse: Fuzzverse, tmp_path: Path
) -> None:
    write_old(tmp_path / "archive.db", 1)
    done = fuzzverse("report", str(tmp_path))
    assert done.code == 0, done.err
    assert "old-1" in (tmp_path / "report.html").read_text()
    told = fuzzverse("report", str(tmp_path), "--format", "json").json
    assert [bug["bucket"] for bug in told["bugs"]] == ["old-1"]


def test_exact_lines_are_those_of_llvm_cov(fuzzverse: Fuzzverse, out: Path, tmp_path: Path) -> None:
    asked = ("report", str(out), "--format", "json")
    (by_edges,) = fuzzverse(*asked).json["sources"]["files"]
    (exact,) = fuzzverse(*asked, "--exact", "dungeon").json["sources"]["files"]
    assert exact["file"] == by_edges["file"] == "dungeon/dungeon.c"
    assert exact["lines"] > 2 * by_edges["lines"]
    assert exact["lines"] * 0.8 < exact["reached"] <= exact["lines"]
    assert list(tmp_path.glob("*.profraw")) == []


def test_an_executable_that_counts_nothing_is_told(
    fuzzverse: Fuzzverse, out: Path, compiled: Callable[..., Path]
) -> None:
    done = fuzzverse("report", str(out), "--exact", str(compiled("coin.c")))
    assert done.code == 1
    assert "counts no lines; build it with -fprofile-instr-generate" in done.err


def test_what_is_no_out_is_told_in_one_line(fuzzverse: Fuzzverse, tmp_path: Path) -> None:
    done = fuzzverse("report", str(tmp_path))
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "holds no archive.db; give what `fuzzverse run` left" in done.err


def test_a_large_campaign_is_soon_made_and_soon_open(
    fuzzverse: Fuzzverse, tmp_path: Path, page: Page
) -> None:
    write_large(tmp_path / "archive.db")
    start = time.monotonic()
    assert fuzzverse("report", str(tmp_path)).code == 0
    assert time.monotonic() - start < MAKE_SECONDS_MAX
    path = tmp_path / "report.html"
    assert path.stat().st_size < PAGE_BYTES_MAX
    # The first page of a browser pays for its start.
    page.open(path, DESK)
    assert page.open(path, DESK) < OPEN_SECONDS_MAX
    text = path.read_text()
    assert f"{STATES:,} states" in text
    assert f"{ENTRIES:,} timelines brought something new" in text
    page.resize(PHONE, 800)
    assert page.value("document.documentElement.scrollWidth") == PHONE
    assert wide_elements(page) == ""
    assert page.complaints == []
