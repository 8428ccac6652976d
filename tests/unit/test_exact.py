from __future__ import annotations

import os
from pathlib import Path

import pytest

from fuzzverse.errors import EngineError
from fuzzverse.exact import GROUP, Tools, count_lines
from fuzzverse.sources import FileLines, FunctionLines, Sources

# Counts in a file whose name comes from the environment, as LLVM's runtime does.
TARGET = """\
#!/bin/sh
echo "$@" > "$LLVM_PROFILE_FILE"
"""
HANGS = TARGET + "case $1 in *bug) sleep 600;; esac\n"
MERGE = """\
#!/bin/sh
for last in "$@"; do :; done
cat $(cat "${3#-input-files=}") > "$last"
"""
EXPORT = """\
#!/bin/sh
echo SF:/far/game/door.c
echo FN:1,_open
for number in $(seq "$(wc -l < "${4#-instr-profile=}")"); do echo "DA:$number,1"; done
echo end_of_record
"""


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(script(tmp_path / "merge", MERGE), script(tmp_path / "export", EXPORT), None)


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def count(tmp_path: Path, tools: Tools, target: str, inputs: int) -> Sources:
    directory = tmp_path / "counted"
    directory.mkdir()
    files = [tmp_path / f"input-{number}" for number in range(inputs)]
    executable = script(tmp_path / "target", target)
    return count_lines(executable, files, [tmp_path / "bug"], tools, directory, os.environ)


def test_inputs_are_replayed_in_groups_and_bugs_alone(tmp_path: Path, tools: Tools) -> None:
    counted = count(tmp_path, tools, TARGET, GROUP + 1)
    # The stub tells a line a process: two groups and the bug.
    lines = FileLines("game/door.c", (FunctionLines("_open", 1, 3, ()),))
    assert counted == Sources((lines,), is_exact=True, inputs=GROUP + 2)


def test_what_hangs_has_been_counted(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fuzzverse.exact.BUG_TIMEOUT_S", 0.5)
    (file,) = count(tmp_path, tools, HANGS, 1).files
    assert file.lines == 2


def test_names_of_cplusplus_are_made_readable(tmp_path: Path, tools: Tools) -> None:
    readable = script(tmp_path / "cxxfilt", "#!/bin/sh\nsed s/_open/door::open/\n")
    counted = count(tmp_path, Tools(tools.profdata, tools.cov, readable), TARGET, 1)
    assert counted.files[0].functions[0].name == "door::open"


def test_a_target_that_counts_nothing_is_told(tmp_path: Path, tools: Tools) -> None:
    with pytest.raises(EngineError, match="counts no lines; build it with"):
        count(tmp_path, tools, "#!/bin/sh\n", 1)


def test_tools_that_refuse_are_told(tmp_path: Path, tools: Tools) -> None:
    refuses = script(tmp_path / "refuses", "#!/bin/sh\necho too old >&2; exit 1\n")
    with pytest.raises(EngineError, match=r"refuses failed .*: too old"):
        count(tmp_path, Tools(refuses, tools.cov, None), TARGET, 1)
    (tmp_path / "again").mkdir()
    with pytest.raises(EngineError, match="cannot run"):
        count(tmp_path / "again", Tools(tmp_path / "nothing", tools.cov, None), TARGET, 1)
