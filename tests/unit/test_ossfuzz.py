from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.ossfuzz import NOTHING_BESIDE, OPTIONS_SIZE_MAX, Beside, beside, load_options


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


def options(target: Path, text: str) -> Beside:
    target.with_name("target.options").write_text(text)
    return beside(target)


def test_what_lies_beside_is_found_by_the_name_of_the_target(target: Path) -> None:
    assert beside(target) == NOTHING_BESIDE
    assert load_options(beside(target)).flags == ()
    for name in ("target_seed_corpus.zip", "target.dict", "other.options"):
        target.with_name(name).write_bytes(b"")
    target.with_name("target.options").mkdir()
    found = beside(target)
    assert found.corpora == (target.with_name("target_seed_corpus.zip"),)
    assert found.dictionaries == (target.with_name("target.dict"),)
    assert found.options is None
    assert load_options(found).dictionary == found.dictionary


def test_options_become_flags_and_the_rest_is_told(target: Path) -> None:
    found = options(
        target,
        "# made by hand\n[libfuzzer]\nmax_len = 100\ntimeout=5\nfork = 8\n[asan]\ndetect_leaks=0\n",
    )
    loaded = load_options(found)
    assert loaded.flags == ("-max_len=100", "-timeout=5")
    assert loaded.skipped == (
        f"{found.options}: fork = 8 changes nothing here",
        f"{found.options}: [asan] is not for libFuzzer",
    )


@pytest.mark.parametrize("named", ["words", "/etc/words", "../../words"])
def test_a_dictionary_that_options_name_is_one_beside(target: Path, named: str) -> None:
    found = options(target, f"[libfuzzer]\ndict = {named}\n")
    assert load_options(found).dictionary is None
    target.with_name("words").write_text('"word"\n')
    assert load_options(found).dictionary == target.with_name("words")


@pytest.mark.parametrize("flag", ["artifact_prefix", "exact_artifact_path", "merge", "workers"])
def test_what_is_the_users_to_say_is_not_taken_from_a_file(target: Path, flag: str) -> None:
    loaded = load_options(options(target, f"[libfuzzer]\n{flag} = 1\n"))
    assert loaded.flags == ()
    assert len(loaded.skipped) == 1


@pytest.mark.parametrize("text", ["max_len = 1\n", "[libfuzzer\n", "[libfuzzer]\nmax_len\n"])
def test_options_that_make_no_sense_are_told_with_their_file(target: Path, text: str) -> None:
    found = options(target, text)
    loaded = load_options(found)
    assert loaded.flags == ()
    assert [str(found.options) in words for words in loaded.skipped] == [True]


def test_options_are_not_read_without_an_end(target: Path) -> None:
    loaded = load_options(options(target, "[libfuzzer]\n" + "#" * OPTIONS_SIZE_MAX))
    assert loaded.flags == ()
    assert "larger than" in loaded.skipped[0]
