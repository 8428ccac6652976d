"""An engine's process: started beside a campaign, watched, and asked for what it has kept."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fuzzverse import native
from fuzzverse.corpus import Corpus, load
from fuzzverse.engines.wheel import Wheel
from fuzzverse.errors import EngineError, InputError, UsageError
from fuzzverse.files import disk_errors, name_of, read_capped

FOLDER: Final = "engine"
KEPT: Final = "corpus"  # in it
END_S: Final = 5.0
WORDS_MAX: Final = 600
LOG_SIZE_MAX: Final = 1 << 26
LOG_READ_MAX: Final = 1 << 16
INPUT_LENGTH: Final = 1 << 14
SEED_MAX: Final = (1 << 32) - 1
TAPE_WORDS: Final = (1, 2, 4, 8)


class EngineProcess:
    """libFuzzer at work in OUT/engine, whose folder `corpus` holds what it keeps.

    Args:
        wheel: which libFuzzer.
        out: OUT.
        seed: of the campaign.
        inputs: what it begins with, in this order.
        dictionary: words for its mutators, in AFL's and libFuzzer's format (None: none).
    """

    def __init__(
        self,
        wheel: Wheel,
        out: Path,
        seed: int,
        inputs: Sequence[bytes],
        dictionary: Path | None,
    ) -> None:
        self._wheel = wheel
        self._folder = out / FOLDER
        self._log = self._folder / "log"
        self._kept = self._folder / KEPT
        self._process: subprocess.Popen[bytes] | None = None
        with disk_errors(self._folder, "write"):
            shutil.rmtree(self._folder, ignore_errors=True)
            self._kept.mkdir(parents=True)
            begin = inputs or starting_tapes(seed)
            self._write_inputs(begin)
        self._input_count = len(begin)
        self._options = [
            *options(seed, max((len(one) for one in inputs), default=0)),
            *([f"-dict={dictionary.absolute()}"] if dictionary else []),
            self._kept.name,
        ]

    def _write_inputs(self, inputs: Sequence[bytes]) -> None:
        """By a list, because libFuzzer takes the files of a folder in any order."""
        folder = self._folder / "inputs"
        folder.mkdir()
        names = [f"inputs/{number:06}" for number in range(len(inputs))]
        for name, data in zip(names, inputs, strict=True):
            (self._folder / name).write_bytes(data)
        (self._folder / "list").write_text(",".join(names))

    def start(self, memory: int) -> None:
        """Starts it on the memory of a campaign; the caller's thread outlives it."""
        command = [sys.executable, "-P", "-m", "fuzzverse.engines.driver", str(memory)]
        with disk_errors(self._log, "write"), self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, str(self._wheel.path), str(self._input_count), *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=_environment(os.environ),
                pass_fds=(memory,),
                start_new_session=True,
            )

    def pids(self) -> tuple[int, ...]:
        """The process, once it has been started."""
        return (self._process.pid,) if self._process else ()

    def check(self) -> None:
        """Raises EngineError when the process has ended by itself."""
        code = self._process.poll() if self._process else None
        if code is not None:
            how = f"died of {_signal(-code)}" if code < 0 else f"ended with exit code {code}"
            raise EngineError(f"the engine (atheris {self._wheel.version}) {how}{self._words()}")

    def blame(self, error: EngineError) -> EngineError:
        """The same error with what the engine said last."""
        return EngineError(f"{error}{self._words()}")

    def _words(self) -> str:
        """The end of its log."""
        try:
            lines = read_capped(self._log, LOG_SIZE_MAX).decode(errors="replace")[-LOG_READ_MAX:]
        except InputError:
            return ""
        words = "; ".join(line.strip() for line in lines.splitlines()[-8:] if line.strip())
        return f": {words[-WORDS_MAX:]} (all of it is in {self._log})" if words else ""

    def collect(self, corpus: Corpus) -> None:
        """Moves there what it has kept; EngineError when the disk refuses."""
        _move(self._kept, corpus)

    def end(self) -> None:
        """Waits for a process that was asked to end, or kills it; what is left of it goes."""
        if self._process is None:
            return
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Ends it now; its log stays."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def take_over(out: Path, corpus: Corpus) -> None:
    """Moves there what an engine has kept in OUT whose controller was killed; EngineError when the
    disk refuses."""
    _move(out / FOLDER / KEPT, corpus)


def starting_tapes(seed: int) -> tuple[bytes, ...]:
    """What a campaign without inputs begins with: libFuzzer's own first input is the same for every
    seed, and a tape's first tree may well be most of a campaign."""
    words = [native.root_seed(seed, i).to_bytes(8, "little") for i in range(max(TAPE_WORDS))]
    return tuple(b"".join(words[:n]) for n in TAPE_WORDS)


def options(seed: int, longest: int) -> list[str]:
    """libFuzzer's flags: one order of events for one seed, no clock, and nothing done about crashes
    and time, which are the target's and not those of its process. `longest` input in bytes."""
    return [
        f"-seed={1 + seed % SEED_MAX}",
        f"-max_len={max(INPUT_LENGTH, longest)}",
        "-seed_inputs=@list",
        "-reload=0",
        "-timeout=0",
        "-report_slow_units=1000000000",
        "-rss_limit_mb=0",
        "-malloc_limit_mb=0",
        "-detect_leaks=0",
        "-verbosity=0",
        "-print_final_stats=0",
        "-artifact_prefix=./",
        "-runs=-1",
    ]


def _environment(environment: os._Environ[str]) -> dict[str, str]:
    """Without what would change the engine from outside."""
    return {name: value for name, value in environment.items() if not name.endswith("SAN_OPTIONS")}


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _move(kept: Path, corpus: Corpus) -> None:
    """A file that is not whole, or not what its name says, stays behind."""
    if not kept.is_dir():
        return
    try:
        entries = load(kept).entries
    except UsageError as error:
        raise EngineError(str(error)) from error
    whole = {name: data for name, data in entries if name_of(data) == name}
    corpus.add_group(whole.values())
    for name in whole:
        with disk_errors(kept / name, "remove"):
            (kept / name).unlink(missing_ok=True)
