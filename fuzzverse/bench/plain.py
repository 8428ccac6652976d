"""The plain case: a harness of bytes, searched by libFuzzer and by us, with the same time.

Both are called as their users call them, one process tree each on one core; both leave a corpus.
The corpora are run through one build, ours, so that edges are counted by the same rule.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from fuzzverse import fetch, registry
from fuzzverse.bench.processes import ProcessGroup
from fuzzverse.distil import Features
from fuzzverse.errors import EngineError
from fuzzverse.model import Counted
from fuzzverse.targetfile import TargetFile, Variant
from fuzzverse.toolchain import Compiler

OURS: Final = "fuzzverse"
THEIRS: Final = "libfuzzer"
BUILD_TIMEOUT_S: Final = 600
# A fuzzer ends itself; one that does not is ended so long after.
LATE_S: Final = 30
_EXECUTIONS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_CLASSES: Final = 8  # of how often an edge was passed

# What each input of a corpus, given in order, has.
Census = Callable[[Sequence[bytes]], Iterator[Counted]]


@dataclass(frozen=True, slots=True)
class PlainRun:
    """One run: `executions`, and the edges and features of what it left in `inputs` files.

    `curve` has edges by seconds since the start, where these grew.
    """

    fuzzer: str
    seed: int
    seconds: float
    executions: int
    inputs: int
    edges: int
    features: int
    curve: tuple[tuple[float, int], ...]

    @property
    def rate(self) -> float:
        """Executions a second."""
        return self.executions / self.seconds


@dataclass(frozen=True, slots=True)
class PlainContest:
    """All runs on one target."""

    target: str
    seconds: float
    runs: tuple[PlainRun, ...]

    def of(self, fuzzer: str) -> tuple[PlainRun, ...]:
        """Those of one fuzzer."""
        return tuple(run for run in self.runs if run.fuzzer == fuzzer)


def build_rival(
    target: TargetFile, variant: Variant, compiler: Compiler, cache: Path, folder: Path
) -> Path:
    """The same sources with libFuzzer itself, as its documentation says: clang -fsanitize=fuzzer.

    Raises:
        EngineError: a fetch or clang failed.
    """
    fetched = target.fetch_of(variant)
    directory = fetch.fetched(fetched, cache, registry.download) if fetched else target.directory
    includes = [target.directory, *(target.directory / name for name in target.include)]
    includes += [directory, *(directory / name for name in (fetched.include if fetched else ()))]
    own = [target.directory / name for name in (*target.sources, *variant.sources)]
    others = [directory / name for name in (fetched.sources if fetched else ())]
    is_cxx = target.language == "c++"
    command = [str(compiler.cxx), "-std=c++17"] if is_cxx else [str(compiler.path), "-std=gnu11"]
    command += ["-O2", "-g", "-fno-omit-frame-pointer", "-fsanitize=fuzzer", *target.flags]
    command += [*(f"-I{path}" for path in includes), *(f"-D{one}" for one in variant.defines)]
    path = folder / f"{variant.name}-libfuzzer"
    command += [*(fetched.flags if fetched else ()), *map(str, (*own, *others)), "-lm"]
    done = subprocess.run(
        [*command, "-o", str(path)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=BUILD_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr)
        raise EngineError(f"libFuzzer's build of {variant.name} fails: {said.strip()}")
    return path


def run_plain(
    fuzzer: str, words: Sequence[str], seed: int, seconds: float, census: Census
) -> PlainRun:
    """One run of a fuzzer, whose command line begins with `words`, from an empty corpus.

    Raises:
        EngineError: it does not say how many inputs it ran.
    """
    with tempfile.TemporaryDirectory(prefix="fuzzverse-plain-") as name:
        folder = Path(name)
        (folder / "corpus").mkdir()
        flags = [f"-seed={seed}", f"-max_total_time={round(seconds)}", "-print_final_stats=1"]
        log = folder / "log"
        environment = {**os.environ, "TMPDIR": name}
        program = Path(shutil.which(words[0]) or words[0])
        start = log.parent.stat().st_mtime
        with ProcessGroup(program.parent / "none", folder, environment) as group:
            group.start([*words, *flags, "corpus"], log)
            late = _deadline(seconds + LATE_S)
            group.wait(late)
        said = log.read_text(errors="replace")
        executions = _EXECUTIONS.findall(said)
        if not executions:
            raise EngineError(f"{fuzzer} ended without its statistics: {said[-300:].strip()}")
        files = sorted((folder / "corpus").iterdir(), key=lambda path: path.stat().st_mtime)
        times = [path.stat().st_mtime - start for path in files]
        counted = list(census([path.read_bytes() for path in files]))
    curve = _curve(times, counted)
    features = _distinct(one.features for one in counted)
    return PlainRun(
        fuzzer=fuzzer,
        seed=seed,
        seconds=seconds,
        executions=int(executions[-1]),
        inputs=len(files),
        edges=len(np.unique(features // _CLASSES)),
        features=len(features),
        curve=curve,
    )


def _deadline(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _distinct(parts: Iterable[Features]) -> Features:
    every = list(parts)
    return np.unique(np.concatenate(every)) if every else np.zeros(0, dtype=np.uint32)


def _curve(times: Sequence[float], counted: Sequence[Counted]) -> tuple[tuple[float, int], ...]:
    seen: set[int] = set()
    curve: list[tuple[float, int]] = []
    for seconds, one in zip(times, counted, strict=True):
        before = len(seen)
        seen.update((one.features // _CLASSES).tolist())
        if len(seen) > before:
            curve.append((round(max(0.0, seconds), 3), len(seen)))
    return tuple(curve)
