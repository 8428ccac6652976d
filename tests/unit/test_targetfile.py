from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.errors import UsageError
from fuzzverse.targetfile import Fetch, Variant, load

FULL = """
name = "store"
summary = "a store"
language = "c"
sources = ["store.c", "disk.c"]
include = ["include"]
flags = ["-Wall"]
preempt = ["disk.c", "engine.c"]
preempt_functions = ["disk_*"]
threads = true

[[variant]]
name = "store"
default = true
seconds = 60

[[variant]]
name = "store-lying"
defines = ["LYING=1"]
expect = "bug"
bug = "lost commit"
timelines = 1000
sources = ["liar.c"]
fetch = "newer"
preempt = ["liar.c"]
edges = false

[fetches.newer]
registry = "crates"
package = "engine-sys"
version = "1.3"
sha256 = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
members = { "c/engine.c" = "engine.c" }
parameter = "engine"
sources = ["engine.c"]

[fetch]
package = "engine"
version = "1.2"
sha256 = "abababababababababababababababababababababababababababababababab"
members = { "src/engine.c" = "engine.c" }
parameter = "engine"
sources = ["engine.c"]
flags = ["-w"]
"""


def write(directory: Path, text: str) -> Path:
    path = directory / "target.toml"
    path.write_text(text)
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    target = load(write(tmp_path, FULL))
    assert (target.name, target.directory) == ("store", tmp_path)
    assert target.sources == ("store.c", "disk.c")
    assert target.preempt == ("disk.c", "engine.c")
    assert target.preempt_functions == ("disk_*",)
    assert target.threads
    assert target.variants == (
        Variant("store", seconds=60, default=True),
        Variant(
            "store-lying",
            ("LYING=1",),
            "bug",
            "lost commit",
            timelines=1000,
            sources=("liar.c",),
            preempt=("liar.c",),
            edges=False,
            fetch="newer",
        ),
    )
    newer = Fetch(
        package="engine-sys",
        version="1.3",
        sha256="cd" * 32,
        members=(("c/engine.c", "engine.c"),),
        parameter="engine",
        sources=("engine.c",),
        flags=(),
        registry="crates",
    )
    assert target.fetches == (("newer", newer),)
    assert target.fetch_of(target.variants[0]) == target.fetch
    assert target.fetch_of(target.variants[1]) == newer
    assert target.fetch == Fetch(
        package="engine",
        version="1.2",
        sha256="ab" * 32,
        members=(("src/engine.c", "engine.c"),),
        parameter="engine",
        sources=("engine.c",),
        flags=("-w",),
    )


def test_a_fetch_may_list_what_keeps_its_place(tmp_path: Path) -> None:
    listed = 'registry = "debian"\ninclude = ["inc"]\nmembers = ["db/a.cc", "inc/db/a.h"]'
    target = load(
        write(tmp_path, FULL.replace('members = { "src/engine.c" = "engine.c" }', listed))
    )
    assert target.fetch is not None
    assert target.fetch.members == (("db/a.cc", "db/a.cc"), ("inc/db/a.h", "inc/db/a.h"))
    assert (target.fetch.registry, target.fetch.include) == ("debian", ("inc",))


def test_a_target_without_variants_is_its_own(tmp_path: Path) -> None:
    target = load(write(tmp_path, 'name = "coin"\nsources = ["coin.c"]\n'))
    assert target.variants == (Variant("coin", default=True),)
    assert target.fetch is None
    assert not target.threads


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "store"\nsummary', 'name = "../up"\nsummary', "`name` is"),
        ('sources = ["store.c", "disk.c"]', "", "`sources` must name"),
        ('sources = ["store.c", "disk.c"]', "sources = 3", "`sources` must be a list"),
        ('language = "c"', 'language = "cobol"', "must be one of c, c"),
        ('flags = ["-Wall"]', 'flagz = ["-Wall"]', "unknown key `flagz`"),
        ('preempt = ["disk.c"', 'preempt = ["dusk.c"', "names 'dusk.c', which is none of"),
        ('preempt = ["liar.c"', 'preempt = ["dusk.c"', "names 'dusk.c', which is none of"),
        ("threads = true", 'threads = "yes"', "`threads` must be true or false"),
        ("seconds = 60", "seconds = 0", r"\[\[variant\]\] `seconds` must be a positive"),
        ('"store-lying"', '"store"', "two variants share a name"),
        ("default = true", "default = 1", "must be true or false"),
        ('"engine.c" }', '"../../engine.c" }', "plain file names"),
        ('"engine.c" }', '"/etc/engine.c" }', "plain file names"),
        ('{ "src/engine.c" = "engine.c" }', '["src/../engine.c"]', "plain file names"),
        ('{ "src/engine.c" = "engine.c" }', "[3]", "or list them"),
        ('version = "1.2"', 'version = "1.2"\nregistry = "cvs"', "must be one of pypi, debian"),
        ("ababab", "ABABAB", "`sha256` is"),
        ('fetch = "newer"', 'fetch = "older"', r"store-lying names \[fetches\.older\], which is"),
        ("fetches.newer", "fetches.Newer", r"\[fetches\] the name 'Newer' does not match"),
        ('version = "1.3"', "", r"\[fetches\.newer\] `version` must be a string"),
        ('registry = "crates"', 'registry = "attic"', "must be one of pypi, debian, crates"),
        ("[fetch]", "[fetch", "TOML|Expected|Invalid|Unclosed"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in FULL
    path = write(tmp_path, FULL.replace(old, new, 1))
    with pytest.raises(UsageError, match=words) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_functions_restrict_what_is_preempted(tmp_path: Path) -> None:
    text = 'name = "coin"\nsources = ["coin.c"]\npreempt_functions = ["toss"]\n'
    with pytest.raises(UsageError, match="restricts `preempt`, which is missing"):
        load(write(tmp_path, text))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(UsageError, match=r"target\.toml"):
        load(path)
