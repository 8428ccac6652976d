from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.errors import UsageError
from fuzzverse.files import name_of
from fuzzverse.libfuzzer import Flags, artifact_path, load_dictionary, parse
from fuzzverse.model import Verdict


def test_flags_files_and_directories_are_told_apart() -> None:
    asked = parse(["corpus", "-runs=100", "-dict=a.dict", "-artifact_prefix=/tmp/x-", "more"])
    assert asked.flags == Flags(runs=100, dict="a.dict", artifact_prefix="/tmp/x-")
    assert asked.paths == (Path("corpus"), Path("more"))
    assert asked.warnings == ()


def test_flags_that_do_nothing_are_told() -> None:
    asked = parse(["-use_value_profile=1", "-no_such=1", "--runs=3", "-runs"])
    assert asked.flags == Flags()
    assert asked.warnings == (
        "-use_value_profile changes nothing here",
        "unrecognized flag '-no_such=1'; -help=1 lists the flags",
        "unrecognized flag '--runs=3'; -help=1 lists the flags",
        "unrecognized flag '-runs'; -help=1 lists the flags",
    )


@pytest.mark.parametrize("word", ["-runs=many", "-timeout=", "-seed=1e9"])
def test_a_number_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="no whole number"):
        parse([word])


def test_the_most_that_any_flag_asks_for_is_how_many_work() -> None:
    assert parse(["-jobs=4", "-workers=2"]).flags.parallel == 4
    assert parse([]).flags.parallel == 1


@pytest.mark.parametrize(
    ("verdict", "name"),
    [
        (Verdict.SIGNAL, "./crash-"),
        (Verdict.ASSERTION, "./crash-"),
        (Verdict.TIMEOUT, "./timeout-"),
        (Verdict.OUT_OF_MEMORY, "./oom-"),
    ],
)
def test_artifacts_have_libfuzzers_names(verdict: Verdict, name: str) -> None:
    assert artifact_path(Flags(), verdict, b"abc") == Path(name + name_of(b"abc"))
    exact = Flags(exact_artifact_path="/tmp/exact")
    assert artifact_path(exact, verdict, b"abc") == Path("/tmp/exact")


def test_a_dictionary_has_names_levels_comments_and_escapes(tmp_path: Path) -> None:
    path = tmp_path / "a.dict"
    path.write_text(
        '# words\n\nkw1="blah"\n"\\"ac\\\\dc\\""\nkw2@1="\\xF7\\xf8" # more\n kw1 = "blah"\n'
    )
    assert load_dictionary(path).words == (b"blah", b'"ac\\dc"', b"\xf7\xf8")
    assert load_dictionary(path).skipped == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("blah", '1: not name="value"'),
        ('a="b', "5: the closing quote is missing"),
        ('a="\\q"', '4: a backslash is followed by \\, ", n, r, t or xAB'),
        ('a="\\xg1"', '4: a backslash is followed by \\, ", n, r, t or xAB'),
        ('a="b" c', "6: something follows the closing quote"),
        ('a=""', "3: a word has 1 to 127 bytes"),
    ],
)
def test_a_line_that_is_no_word_is_said_with_its_place(
    tmp_path: Path, line: str, words: str
) -> None:
    path = tmp_path / "a.dict"
    path.write_text(f'"good"\n{line}\n"better"\n')
    assert load_dictionary(path).words == (b"good", b"better")
    assert load_dictionary(path).skipped == (f"{path}:2:{words}",)


def test_no_dictionary_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no dictionary"):
        load_dictionary(tmp_path / "none")


@given(st.binary(min_size=1, max_size=127))
def test_any_bytes_can_be_a_word(word: bytes) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as file:
        file.write('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n')
        file.flush()
        assert load_dictionary(Path(file.name)).words == (word,)
