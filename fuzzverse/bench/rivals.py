"""libFuzzer and AFL++ on a target's simulation: what they get, and how their finds are counted.

Each is set up as its documentation advises, and where that leaves a choice, as measured best on
`maze`. Sources: https://llvm.org/docs/LibFuzzer.html and AFL++'s docs/fuzzing_in_depth.md.
"""

from __future__ import annotations

import re
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final, Protocol

from fuzzverse.bench.harness import HarnessKind, RivalMissing, bug_of, build, check_target
from fuzzverse.bench.processes import ProcessGroup, cpu_seconds
from fuzzverse.bench.search import Interrupted, Limits, Run
from fuzzverse.errors import EngineError
from fuzzverse.resources import Resources
from fuzzverse.targetfile import TargetFile, Variant
from fuzzverse.toolchain import Compiler, Which

# Who looks at what is compared with what pays for it with executions: each comes in both ways.
RIVALS: Final = ("libfuzzer", "libfuzzer-cmp", "afl", "afl-cmplog")
INPUT_BYTES_MAX: Final = 4_096
# Both begin with one random input: growing a first one byte by byte costs them seconds.
FIRST_INPUT_BYTES: Final = 1_024
# A rival that ends itself does so a little after it would be ended.
OWN_END_S: Final = 10
# An artifact is seen when it is created; by then it is written.
ARTIFACT_WRITTEN_S: Final = 0.05
LAST_WORDS_MAX: Final = 300


class Fuzzer(Protocol):
    """How one rival is called and read. Folders: `corpus` has the first input, `found` is empty."""

    def commands(self, harness: Path, seed: int, limits: Limits) -> Iterable[Sequence[str]]:
        """One command a process, to be started in the folder that has both."""

    def artifacts(self, folder: Path) -> Iterable[Path]:
        """Inputs that crashed the harness."""

    def executions(self, folder: Path) -> int:
        """How many inputs were run, by what the fuzzer wrote."""


class LibFuzzer:
    """As many processes as there are jobs, on one corpus folder that all read again each second.

    That is how libFuzzer's `-jobs` works; on maze it got further than `-fork`, which spends its
    time on starting processes and merging. `libfuzzer-cmp` compiles the target as libFuzzer's
    documentation says, `libfuzzer` without `trace-cmp`: where a target compares what it drew with
    small constants alone, tracing that costs three quarters of the time and brings nothing.
    """

    def commands(self, harness: Path, seed: int, limits: Limits) -> Iterable[Sequence[str]]:
        """Seed 0 would mean the time of day, so seeds are numbered from 1."""
        for job in range(limits.jobs):
            yield (
                str(harness),
                f"-seed={(seed * limits.jobs + job) % 0xFFFF_FFFF + 1}",
                f"-max_total_time={int(limits.seconds) + OWN_END_S}",
                f"-max_len={INPUT_BYTES_MAX}",
                "-len_control=0",
                "-reload=1",
                "-use_value_profile=0",
                "-print_final_stats=1",
                "-artifact_prefix=found/",
                "corpus",
            )

    def artifacts(self, folder: Path) -> Iterable[Path]:
        """Slow and oversized inputs are kept under other names and do not count."""
        return (folder / "found").glob("crash-*")

    def executions(self, folder: Path) -> int:
        """The final statistics; of a process that did not come to write them, the last pulse."""
        return sum(_executions(log.read_text(errors="replace")) for log in folder.glob("*.log"))


def _executions(log: str) -> int:
    final = re.findall(r"stat::number_of_executed_units:\s*(\d+)", log)
    pulses = re.findall(r"^#(\d+)\s", log, re.MULTILINE)
    return int((final or pulses or ["0"])[-1])


@dataclass(frozen=True, slots=True)
class AflPlusPlus:
    """A main instance and a secondary one a further job, in persistent mode, synchronised often.

    With `cmplog`, a harness built for it, the last instance looks at comparisons (`-c`); more than
    one is not advised.
    """

    cmplog: Path | None = None

    def commands(self, harness: Path, seed: int, limits: Limits) -> Iterable[Sequence[str]]:
        """The names of instances are what AFL++'s documentation calls them."""
        for job in range(limits.jobs):
            yield (
                "afl-fuzz",
                *("-s", str(seed * limits.jobs + job)),
                *("-V", str(int(limits.seconds) + OWN_END_S)),
                *("-G", str(INPUT_BYTES_MAX)),
                *("-i", "corpus", "-o", "found"),
                *(("-M", "main") if job == 0 else ("-S", f"secondary{job}")),
                *(("-c", str(self.cmplog)) if self.cmplog and job == limits.jobs - 1 else ()),
                *("--", str(harness)),
            )

    def artifacts(self, folder: Path) -> Iterable[Path]:
        """Beside the inputs, AFL++ leaves a README."""
        return (folder / "found").glob("*/crashes/id*")

    def executions(self, folder: Path) -> int:
        """Instances write their statistics when they are asked to end."""
        texts = [path.read_text() for path in (folder / "found").glob("*/fuzzer_stats")]
        found = [re.search(r"execs_done\s*:\s*(\d+)", text) for text in texts]
        return sum(int(match.group(1)) for match in found if match)


AFL_ENVIRONMENT: Final = {
    "AFL_SKIP_CPUFREQ": "1",
    "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
    "AFL_BENCH_UNTIL_CRASH": "1",
    "AFL_NO_UI": "1",
    "AFL_TRY_AFFINITY": "1",
    "AFL_SYNC_TIME": "1",
    "AFL_FAST_CAL": "1",
}


@dataclass(frozen=True, slots=True)
class RivalContender:
    """A rival with its harness for one target; each run has a temporary folder of its own."""

    name: str
    fuzzer: Fuzzer
    harness: Path
    bug: str
    limits: Limits
    environment: Mapping[str, str]
    clock: Callable[[], float] = time.monotonic

    def run(self, seed: int, interrupted: Interrupted) -> Run | None:
        """Starts its processes and waits for the first artifact, the limit, or the user.

        Raises EngineError, with its last words, when it did not run a single input.
        """
        children = cpu_seconds(resource.RUSAGE_CHILDREN)
        with tempfile.TemporaryDirectory(prefix="fuzzverse-rival-") as name:
            folder = Path(name)
            (folder / "corpus").mkdir()
            (folder / "found").mkdir()
            (folder / "corpus" / "first").write_bytes(Random(seed).randbytes(FIRST_INPUT_BYTES))
            seconds = self._search(folder, seed, interrupted)
            artifact = next(iter(sorted(self.fuzzer.artifacts(folder))), None)
            if artifact is None and interrupted():
                return None
            bug = bug_of(self.harness, artifact) if artifact else ""
            executions = self.fuzzer.executions(folder)
            if artifact is None and executions == 0:
                raise EngineError(
                    f"{self.name} ran nothing on {self.harness.name}; {_said(folder)}"
                )
        return Run(
            strategy=self.name,
            seed=seed,
            found=artifact is not None and self.bug in bug,
            bug=bug,
            timelines=executions,
            draws=None,
            seconds=seconds,
            opening_s=0.0,
            rate=executions / seconds,
            controller_cpu_s=None,
            children_cpu_s=cpu_seconds(resource.RUSAGE_CHILDREN) - children,
        )

    def _search(self, folder: Path, seed: int, interrupted: Interrupted) -> float:
        """Seconds until the first artifact, or until the end."""
        start = self.clock()

        def is_over() -> bool:
            late = self.clock() - start >= self.limits.seconds
            return late or interrupted() or any(True for _ in self.fuzzer.artifacts(folder))

        with ProcessGroup(self.harness.parent, folder, self.environment) as processes:
            for number, command in enumerate(self.fuzzer.commands(self.harness, seed, self.limits)):
                processes.start(command, folder / f"{number}.log")
            processes.wait(is_over)
            seconds = self.clock() - start
            time.sleep(ARTIFACT_WRITTEN_S)
            return seconds


def _said(folder: Path) -> str:
    """The last words of the processes of a run."""
    words = "\n".join(log.read_text(errors="replace") for log in sorted(folder.glob("*.log")))
    return f"its last words: {' '.join(words[-LAST_WORDS_MAX:].split())!r}"


# A fuzzer, its harness, and what it finds in its environment.
_Made = tuple[Fuzzer, Path, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Workshop:
    """Builds rivals for targets: what it needs of the machine comes in here."""

    compiler: Compiler
    resources: Resources
    environment: Mapping[str, str]
    which: Which = shutil.which

    def contender(
        self, name: str, target: TargetFile, variant: Variant, limits: Limits, folder: Path
    ) -> RivalContender:
        """One of RIVALS with its harness in `folder`.

        Raises RivalMissing: it is not installed (says what to install), or not for this target.
        """
        check_target(target)
        make = self._libfuzzer if name.startswith("libfuzzer") else self._afl
        fuzzer, harness, environment = make(name, target, variant, folder)
        return RivalContender(
            name, fuzzer, harness, variant.bug, limits, {**self.environment, **environment}
        )

    def _libfuzzer(self, name: str, target: TargetFile, variant: Variant, folder: Path) -> _Made:
        counters = "-fsanitize-coverage=inline-8bit-counters,pc-table"
        kind = HarnessKind(
            c=str(self.compiler.path),
            cxx=str(self.compiler.cxx),
            flags=("-fsanitize=fuzzer-no-link",) if name == "libfuzzer-cmp" else (counters,),
            link=("-fsanitize=fuzzer",),
            counters="extra.c",
            install=f"install libFuzzer: apt-get install libclang-rt-{self.compiler.major}-dev",
        )
        return LibFuzzer(), self._build(kind, target, variant, folder), {}

    def _afl(self, name: str, target: TargetFile, variant: Variant, folder: Path) -> _Made:
        if not all(self.which(tool) for tool in ("afl-fuzz", "afl-clang-fast", "afl-clang-fast++")):
            raise RivalMissing("afl-fuzz or afl-clang-fast is missing: apt-get install afl++")
        kind = HarnessKind(
            c="afl-clang-fast",
            cxx="afl-clang-fast++",
            flags=(),
            link=("-fsanitize=fuzzer",),
            counters="guards.c",
            install="reinstall AFL++: apt-get install afl++",
        )
        harness, cmplog = self._build(kind, target, variant, folder), None
        if name == "afl-cmplog":
            kind = replace(kind, environment={"AFL_LLVM_CMPLOG": "1"})
            cmplog = self._build(kind, target, variant, folder / "cmplog")
        return AflPlusPlus(cmplog), harness, AFL_ENVIRONMENT

    def _build(self, kind: HarnessKind, target: TargetFile, variant: Variant, folder: Path) -> Path:
        return build(kind, self.compiler, self.resources, target, variant, folder)
