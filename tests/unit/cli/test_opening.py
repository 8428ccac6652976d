from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.catalogue import find
from fuzzverse.cli.opening import (
    BuildRequest,
    Opened,
    default_out,
    is_path,
    known_variant,
    open_target,
    program,
)
from fuzzverse.errors import UsageError
from fuzzverse.model import Target
from fuzzverse.rebuild import Rebuild


def test_the_program_is_called_as_the_user_called_it(tmp_path: Path) -> None:
    installed = tmp_path / "fuzzverse"
    installed.write_text("")
    assert program(str(installed), lambda name: str(installed)) == ["fuzzverse"]
    assert program(".venv/bin/fuzzverse", lambda name: None) == [".venv/bin/fuzzverse"]
    assert program(".venv/bin/fuzzverse", lambda name: str(installed)) == [".venv/bin/fuzzverse"]
    assert program("/x/fuzzverse/__main__.py") == ["python3", "-m", "fuzzverse"]


def test_a_replay_asks_for_the_same_build_again(target: Target) -> None:
    request = BuildRequest(("address",), (("sqlite", Path("/my sources")),))
    opened = Opened(target, "sqlite", request, None, Rebuild())
    command = opened.replay_command(Path("out dir"))("b-1")
    assert command.endswith(
        "replay sqlite --sanitize address --with 'sqlite=/my sources' --bug b-1 --out 'out dir'"
    )


def test_what_a_run_leaves_is_named_after_its_target() -> None:
    assert default_out("dungeon") == default_out("./build/dungeon") == Path("fuzzverse-out/dungeon")


def test_names_come_before_files_and_a_slash_means_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "targets" / "coin"
    directory.mkdir(parents=True)
    (directory / "target.toml").write_text('name = "coin"\nsources = ["x.c"]\n')
    for name in ("coin", "other"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    catalogue = find(tmp_path, tmp_path / "absent")
    is_file = {name: is_path(name, catalogue) for name in ("coin", "./coin", "other", "nothing")}
    assert is_file == {"coin": False, "./coin": True, "other": True, "nothing": False}


def test_an_executable_is_not_built_again(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="are for named targets"):
        open_target(f"{tmp_path}/coin", BuildRequest(("address",)))


def test_a_folder_with_a_target_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "coin"
    folder.mkdir()
    (folder / "target.toml").write_text(
        'name = "toss"\nsources = ["x.c"]\n[[variant]]\nname = "toss-a"\n'
        '[[variant]]\nname = "toss-b"\ndefault = true\n'
    )
    monkeypatch.chdir(tmp_path)
    for argument in ("coin", "./coin", str(folder)):
        known = known_variant(argument)
        assert known is not None
        assert (known[0].directory, known[1].name) == (folder.resolve(), "toss-b")
        assert default_out(argument) == Path("fuzzverse-out/coin")
    with pytest.raises(UsageError, match=r"cannot read .*target\.toml"):
        known_variant("./")
    monkeypatch.chdir(folder)
    names = [known_variant(argument) for argument in ("toss-a", "toss", ".")]
    assert [known and known[1].name for known in names] == ["toss-a", "toss-b", "toss-b"]
    assert default_out(".") == Path("fuzzverse-out/coin")
