from __future__ import annotations

import pytest

from fuzzverse import resources
from fuzzverse.build import COMPARE_FLAGS, COVERAGE_FLAGS, PREEMPT_FLAGS, link_flags
from fuzzverse.cli import cc

LINK = list(link_flags(resources.installed(), is_c=True))


@pytest.mark.parametrize(
    ("arguments", "links"),
    [
        (["coin.c"], True),
        (["-O2", "coin.o", "-o", "coin"], True),
        (["-c", "coin.c"], False),
        (["-shared", "coin.o"], False),
        (["-E", "coin.c"], False),
        (["--version"], False),
        ([], False),
    ],
)
def test_the_runtime_is_added_where_an_executable_is_linked(
    arguments: list[str], links: bool
) -> None:
    command = cc.wrapped(arguments, resources.installed())
    assert (command[-len(LINK) :] == LINK) is links
    cxx = cc.wrapped(arguments, resources.installed(), is_c=False)
    assert cxx == [word for word in command if word != "-static-libgcc"]
    assert [word for word in command if word in arguments] == arguments
    compiles = any(not word.startswith("-") for word in arguments)
    assert all((flag in command) is compiles for flag in (*COVERAGE_FLAGS, *COMPARE_FLAGS))


@pytest.mark.parametrize("main", [cc.main_c, cc.main_cxx])
def test_without_a_compiler_it_says_how_to_get_one(
    main: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(main)
    monkeypatch.setenv("FUZZVERSE_CC", "no-such-clang")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "apt-get install clang" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "is_sanitized"),
    [(["coin.c"], False), (["-fsanitize=address", "coin.c"], True)],
)
def test_clang_adds_its_runtime_for_sanitizers_alone(
    arguments: list[str], is_sanitized: bool
) -> None:
    command = cc.wrapped(arguments, resources.installed())
    assert ("-fno-sanitize-link-runtime" in command) is not is_sanitized


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("-fsanitize=fuzzer", []),
        ("-fsanitize=fuzzer-no-link", []),
        ("-fsanitize=fuzzer,address", ["-fsanitize=address"]),
        ("-fsanitize=undefined,fuzzer,address", ["-fsanitize=undefined,address"]),
        ("-fno-sanitize=fuzzer", ["-fno-sanitize=fuzzer"]),
    ],
)
def test_the_runtime_is_in_the_place_of_libfuzzer(asked: str, left: list[str]) -> None:
    command = cc.wrapped([asked, "harness.c"], resources.installed())
    assert [word for word in command if "sanitize=" in word and "link" not in word] == left


@pytest.mark.parametrize("links", [True, False])
def test_threads_and_preemption_are_flags_of_ours(links: bool) -> None:
    data = resources.installed()
    words = ["--fv-threads", "--fv-preempt", *([] if links else ["-c"]), "coin.c"]
    command = cc.wrapped(words, data)
    assert not [word for word in command if word.startswith("--fv-")]
    assert set(PREEMPT_FLAGS) < set(command)
    assert (str(data.threads) in command) is links
    assert str(data.threads) not in cc.wrapped(["coin.c"], data)
