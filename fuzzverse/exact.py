"""Exact lines: an executable that was built to count them replays what a campaign kept.

Source: https://clang.llvm.org/docs/SourceBasedCodeCoverage.html. Counters are in a file that the
process maps (continuous mode, %c), so what crashes or ends by `_exit` is counted too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse.errors import EngineError
from fuzzverse.sources import Sources, from_lcov

INPUTS_MAX: Final = 50_000
GROUP: Final = 50
GROUP_TIMEOUT_S: Final = 60
BUG_TIMEOUT_S: Final = 10
TOOL_TIMEOUT_S: Final = 300
_WORDS_MAX: Final = 400


@dataclass(frozen=True, slots=True)
class Tools:
    """llvm-profdata and llvm-cov, as old as the compiler; llvm-cxxfilt where there is one."""

    profdata: Path
    cov: Path
    cxxfilt: Path | None


def count_lines(
    executable: Path,
    inputs: Sequence[Path],
    bugs: Sequence[Path],
    tools: Tools,
    directory: Path,
    environment: Mapping[str, str],
) -> Sources:
    """Replays inputs, and those of bugs one by one, and counts lines. `directory` is empty, and
    holds what comes of it.

    Raises:
        EngineError: the executable counts nothing, or a tool of LLVM refuses what it counted.
    """
    groups = [inputs[at : at + GROUP] for at in range(0, len(inputs), GROUP)]
    for number, group in enumerate((*groups, *([bug] for bug in bugs))):
        seconds = GROUP_TIMEOUT_S if number < len(groups) else BUG_TIMEOUT_S
        profile = {"LLVM_PROFILE_FILE": f"{directory.absolute()}/{number}%c.profraw"}
        command = [str(executable.absolute()), *(str(path.absolute()) for path in group)]
        _replay(command, directory, {**environment, **profile}, seconds)
    counted = sorted(directory.glob("*.profraw"))
    if not counted:
        raise EngineError(
            f"{executable} counts no lines; build it with -fprofile-instr-generate "
            "-fcoverage-mapping -mllvm -runtime-counter-relocation, or give --exact the name of a "
            "target"
        )
    merged = directory / "merged.profdata"
    listed = directory / "counted"
    listed.write_text("".join(f"{path}\n" for path in counted))
    _run([tools.profdata, "merge", "-sparse", f"-input-files={listed}", "-o", merged])
    text = _run(
        [tools.cov, "export", "-format=lcov", "-ignore-filename-regex=/include/fuzzverse/",
         f"-instr-profile={merged}", executable]
    )  # fmt: skip
    if tools.cxxfilt is not None:
        text = _run([tools.cxxfilt], text)
    return Sources(from_lcov(text), is_exact=True, inputs=len(inputs) + len(bugs))


def _replay(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], seconds: float
) -> None:
    """Runs inputs one after the other; what hangs is ended, and has been counted."""
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _run(command: Sequence[Path | str], text: str | None = None) -> str:
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TOOL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineError(f"cannot run {words[0]}: {error}") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[:_WORDS_MAX]
        raise EngineError(f"{words[0]} failed (is it as old as clang?): {said}")
    return done.stdout
