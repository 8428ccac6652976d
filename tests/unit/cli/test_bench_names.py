from __future__ import annotations

import pytest

from fuzzverse.cli.bench.names import parse_baseline, parse_names
from fuzzverse.errors import UsageError


def test_contenders_are_named_once_in_the_order_given() -> None:
    assert parse_names(" random,libfuzzer, random,afl-cmplog") == (
        "random",
        "libfuzzer",
        "afl-cmplog",
    )


@pytest.mark.parametrize("text", ["", ",", "random,luck"])
def test_wrong_names_are_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError, match=r"known are .*depth-first.*libfuzzer"):
        parse_names(text)


def test_the_baseline_competes() -> None:
    assert parse_baseline(None, ("depth-first", "random", "afl")) == "random"
    assert parse_baseline(None, ("depth-first", "afl")) == "afl"
    assert parse_baseline("depth-first", ("depth-first", "afl")) == "depth-first"
    with pytest.raises(UsageError, match="does not compete"):
        parse_baseline("random", ("depth-first", "afl"))
