from __future__ import annotations

import pytest

from fuzzverse.cli.watching import Nobody, rss_mb, watching
from fuzzverse.report.lines import Lines


def test_lines_go_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with watching("coin", quiet=False) as observer:
        assert isinstance(observer, Lines)
        observer.noted("a worker died")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "warning: a worker died\n")


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with watching("coin", quiet=True) as observer:
        assert isinstance(observer, Nobody)
        observer.noted("a worker died")
    assert capsys.readouterr().err == ""


def test_memory_is_in_mebibytes() -> None:
    assert 5 < rss_mb() < 5_000
