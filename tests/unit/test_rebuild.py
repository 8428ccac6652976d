from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuzzverse.errors import InputError
from fuzzverse.rebuild import Rebuild, facts, parse
from fuzzverse.targetfile import load

TARGET = """
name = "coin"
sources = ["coin.c"]
flags = ["-Wall"]
[[variant]]
name = "coin-biased"
defines = ["BIAS=1"]
"""


def coin(directory: Path) -> Path:
    directory.mkdir()
    (directory / "target.toml").write_text(TARGET)
    (directory / "coin.c").write_text("int main;")
    return directory


def told(directory: Path) -> Rebuild:
    target = load(directory / "target.toml")
    return facts(target, target.default, ("address",), ("sqlite",), "clang 14")


def test_what_a_build_is_made_of_does_not_depend_on_where_it_lies(tmp_path: Path) -> None:
    here, there = told(coin(tmp_path / "a")), told(coin(tmp_path / "b"))
    assert here == there
    assert (here.argument, here.defines, here.flags) == ("coin-biased", ("BIAS=1",), ("-Wall",))
    assert here.command == "fuzzverse build coin-biased --sanitize address --with sqlite=DIR"
    (tmp_path / "a" / "coin.h").write_text("int other;")
    assert told(tmp_path / "a").sources != there.sources


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    here = told(coin(tmp_path / "a"))
    assert parse(json.loads(here.to_json())) == here
    assert parse(json.loads(Rebuild().to_json())) == Rebuild()
    assert Rebuild().command == ""


@pytest.mark.parametrize(
    "changes",
    [{"argument": 1}, {"flags": "x"}, {"flags": [1]}, {"compiler": "x" * 5_000}, {"sources": None}],
)
def test_what_is_no_such_thing_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError, match="of how it was built is no"):
        parse({**json.loads(Rebuild().to_json()), **changes})
    others: tuple[object, ...] = (None, [], "x")
    for other in others:
        with pytest.raises(InputError, match="how it was built is no"):
            parse(other)
