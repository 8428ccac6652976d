"""Compiles and links targets; objects are cached by what went into them.

Source: https://clang.llvm.org/docs/SanitizerCoverage.html (inline-8bit-counters, pc-table,
trace-cmp).
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse import fetch, registry
from fuzzverse.errors import EngineError, UsageError
from fuzzverse.files import disk_errors, write_whole
from fuzzverse.resources import Resources
from fuzzverse.targetfile import HEADER_SUFFIXES, Fetch, TargetFile, Variant
from fuzzverse.toolchain import Compiler

COVERAGE_FLAGS: Final = ("-fsanitize-coverage=inline-8bit-counters,pc-table",)
# Tells what drawn values are compared with. Costs a call for every comparison: what has no time for
# that is compiled with -fno-sanitize-coverage=trace-cmp.
COMPARE_FLAGS: Final = ("-fsanitize-coverage=trace-cmp",)
# Harnesses as clang makes them for libFuzzer, with the same edges, and comparisons of texts that
# are calls; without what nobody reads here.
FUZZER_FLAGS: Final = (
    "-fsanitize=fuzzer-no-link",
    "-fno-sanitize-coverage=stack-depth,indirect-calls",
)
# Takes these calls from the heap's archive, unless a sanitizer has them.
TEXTS_FLAG: Final = "-Wl,-u,memcmp"
HARNESS_NAME: Final = b"LLVMFuzzerTestOneInput"
# Every load and store is a call into the simulation kit, which may run another task there.
PREEMPT_FLAGS: Final = ("-fsanitize-coverage=trace-loads,trace-stores",)
# clang announces accesses only where it instruments something: here functions, with no counter.
PREEMPT_ALONE_FLAGS: Final = ("-fsanitize-coverage=func", "-w")
PREEMPT_HEADER: Final = "fuzzverse/sim/preempt.h"
# Counts lines for llvm-cov, into a file that is mapped: %c in LLVM_PROFILE_FILE.
PROFILE_FLAGS: Final = (
    *("-fprofile-instr-generate", "-fcoverage-mapping"),
    *("-mllvm", "-runtime-counter-relocation"),
)
DEBUG_FLAGS: Final = ("-g", "-fno-omit-frame-pointer")
SYSTEM_LIBRARIES: Final = ("-lm", "-ldl", "-lpthread")
SANITIZERS: Final = ("address", "undefined")
COMPILE_TIMEOUT_S: Final = 600
ERROR_LINES_MAX: Final = 40
_CXX_SUFFIXES: Final = (".cc", ".cpp", ".cxx", ".C")


def sanitizer_flags(sanitizers: Sequence[str]) -> tuple[str, ...]:
    """The flags of a choice of sanitizers; UsageError when one is unknown."""
    for name in sanitizers:
        if name not in SANITIZERS:
            raise UsageError(f"--sanitize {name}: known are {', '.join(SANITIZERS)}")
    if not sanitizers:
        return ()
    return (f"-fsanitize={','.join(sorted(set(sanitizers)))}", "-fno-sanitize-recover=all")


def preempt_flags(resources: Resources) -> tuple[str, ...]:
    """What lets tasks be preempted where a source touches shared memory."""
    return (*PREEMPT_FLAGS, "-include", str(resources.include / PREEMPT_HEADER))


def link_flags(
    resources: Resources, *, threads: bool = False, is_c: bool = False
) -> tuple[str, ...]:
    """What links the runtime, whole, into a target, and the heap where nothing else brings one.

    With `threads`, POSIX threads are tasks of the simulation kit. Sanitizers have a malloc of their
    own, and clang puts them first: the linker takes the heap out of its archive only where malloc
    is still missing. The runtime walks stacks with libgcc's unwinder, which must be in a process
    but once: C++ has it as a library; with `is_c` there is none, and it is linked in, for a library
    has memory of its own, to be looked through after every timeline.
    """
    return (
        "-Wl,--whole-archive",
        str(resources.runtime),
        *((str(resources.threads),) if threads else ()),
        "-Wl,--no-whole-archive",
        "-Wl,-u,malloc",
        str(resources.heap),
        *SYSTEM_LIBRARIES,
        *(("-static-libgcc",) if is_c else ()),
    )


def cache_directory(environment: Mapping[str, str], home: Path) -> Path:
    """Where objects and third-party source are cached: $XDG_CACHE_HOME or ~/.cache."""
    base = environment.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else home / ".cache") / "fuzzverse"


@dataclass(frozen=True, slots=True)
class _Source:
    """One source file with the command that compiles it, up to `-o`."""

    path: Path
    command: tuple[str, ...]
    directories: tuple[Path, ...]


class Builder:
    """Builds targets into a cache directory.

    Args:
        resources: the packaged runtime and headers.
        cache: directory for objects, executables and third-party source.
        compiler: the clang to compile with.
        jobs: how many compilers run at once.
        replacements: directories that replace fetches, by their parameter's name.
        download: how a fetch gets its archive.
    """

    def __init__(
        self,
        resources: Resources,
        cache: Path,
        compiler: Compiler,
        *,
        jobs: int | None = None,
        replacements: Mapping[str, Path] | None = None,
        download: registry.Download = registry.download,
    ) -> None:
        self._resources = resources
        self._cache = cache
        self._compiler = compiler
        self._jobs = jobs or os.cpu_count() or 1
        self._replacements = dict(replacements or {})
        self._download = download

    def build(
        self,
        target: TargetFile,
        variant: Variant,
        sanitizers: Sequence[str] = (),
        *,
        is_profiled: bool = False,
    ) -> Path:
        """Compiles and links one variant and returns the path of its executable; one that
        `is_profiled` counts lines for llvm-cov.

        Nothing is compiled that is in the cache already.

        Raises:
            UsageError: a source is missing, a parameter or sanitizer unknown.
            EngineError: a fetch, the compiler or the linker failed; shows the command.
        """
        fetched = target.fetch_of(variant)
        self._check_replacements(target, fetched)
        extra = sanitizer_flags(sanitizers) + (PROFILE_FLAGS if is_profiled else ())
        sources = self._sources(target, variant, fetched, extra)
        with concurrent.futures.ThreadPoolExecutor(self._jobs) as pool:
            objects = list(pool.map(self._object, sources))
        return self._link(target, variant, objects, extra)

    def _check_replacements(self, target: TargetFile, fetched: Fetch | None) -> None:
        known = {fetched.parameter} if fetched else set()
        for name in self._replacements.keys() - known:
            raise UsageError(
                f"--with {name}: {target.name} has no such parameter"
                + (f"; it has {', '.join(sorted(known))}" if known else "")
            )

    def _third_party(self, fetched: Fetch) -> Path:
        directory = self._replacements.get(fetched.parameter)
        if directory is not None:
            return fetch.given(fetched, directory)
        return fetch.fetched(fetched, self._cache, self._download)

    def _sources(
        self,
        target: TargetFile,
        variant: Variant,
        fetched: Fetch | None,
        extra: tuple[str, ...],
    ) -> list[_Source]:
        directories = [target.directory, *(target.directory / name for name in target.include)]
        if fetched:
            third_party = self._third_party(fetched)
            directories += [third_party, *(third_party / name for name in fetched.include)]
        edges = variant.edges
        flags = ["-O2", *DEBUG_FLAGS, *(COVERAGE_FLAGS if edges else ()), *extra]
        is_harness = edges and _is_harness(target, variant)
        flags += FUZZER_FLAGS if is_harness else ()
        flags += [f"-I{directory}" for directory in (*directories, self._resources.include)]
        # Marks are told apart by their file, so it must not depend on where the source lies.
        flags += [f"-fmacro-prefix-map={target.directory}/="]
        # What is fetched is the same in all variants, and compiled once.
        compares = COMPARE_FLAGS if edges else ()
        own_flags = (*(f"-D{define}" for define in variant.defines), *compares, *target.flags)
        own = (*target.sources, *variant.sources)
        chosen = [(target.directory, name, own_flags) for name in own]
        if fetched:  # the engine under the simulation: hot, and sees no draw
            chosen += [(third_party, name, fetched.flags) for name in fetched.sources]
        preempted = (*self._preempt_flags(target), *(() if edges else PREEMPT_ALONE_FLAGS))
        sources = []
        for directory, name, own_or_fetched in chosen:
            source = directory / name
            command = (*self._driver(target, source), *flags, *own_or_fetched)
            if name in target.preempt or name in variant.preempt:
                command = (*command, *preempted)
            sources.append(_Source(source, command, tuple(directories)))
        return sources

    def _preempt_flags(self, target: TargetFile) -> tuple[str, ...]:
        """The flags of sources that are preempted; a list of functions is a file for clang.

        The list restricts all of a source's coverage: other functions have no edges either.
        """
        flags = preempt_flags(self._resources)
        if not target.preempt_functions:
            return flags
        text = "src:*\n" + "".join(f"fun:{name}\n" for name in target.preempt_functions)
        name = hashlib.sha256(text.encode()).hexdigest()[:32]
        path = self._cache / "allowlists" / f"{name}.txt"
        with disk_errors(path, "write"):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
        return (*flags, f"-fsanitize-coverage-allowlist={path}")

    def _driver(self, target: TargetFile, source: Path) -> tuple[str, ...]:
        if source.suffix in _CXX_SUFFIXES or (source.suffix != ".c" and target.language == "c++"):
            return (str(self._compiler.cxx), "-std=c++17")
        return (str(self._compiler.path), "-std=gnu11")

    def _object(self, source: _Source) -> Path:
        if not source.path.is_file():
            raise UsageError(f"the source {source.path} does not exist")
        path = self._cache / "objects" / f"{self._key(source)}.o"
        if not path.exists():
            compile_whole((*source.command, "-c", str(source.path)), path, source.path.name)
        return path

    def _key(self, source: _Source) -> str:
        """A hash of everything that the object depends on, headers by their content."""
        key = hashlib.sha256(self._compiler.version.encode())
        key.update("\0".join((*source.command, str(source.path))).encode())
        headers = {
            path
            for directory in (*source.directories, self._resources.include)
            for path in directory.rglob("*")
            if path.suffix in HEADER_SUFFIXES and path.is_file()
        }
        for path in (source.path, *sorted(headers)):
            key.update(f"\0{path}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
        return key.hexdigest()[:32]

    def _link(
        self,
        target: TargetFile,
        variant: Variant,
        objects: Sequence[Path],
        extra: tuple[str, ...],
    ) -> Path:
        own = (*target.sources, *variant.sources)
        is_cxx = target.language == "c++" or any(Path(name).suffix != ".c" for name in own)
        driver = self._compiler.cxx if is_cxx else self._compiler.path
        command = (str(driver), *extra, *map(str, objects))
        command += (TEXTS_FLAG,) if _is_harness(target, variant) else ()
        command += link_flags(self._resources, threads=target.threads, is_c=not is_cxx)
        key = hashlib.sha256("\0".join((*command, self._compiler.version)).encode())
        key.update(self._resources.runtime.read_bytes() + self._resources.heap.read_bytes())
        if target.threads:
            key.update(self._resources.threads.read_bytes())
        path = self._cache / "targets" / f"{variant.name}-{key.hexdigest()[:16]}" / variant.name
        if not path.exists():
            compile_whole(command, path, variant.name)
        return path


def compile_whole(command: Sequence[str], path: Path, what: str) -> None:
    """Runs a compiler so that its result appears whole at `path`, or raises EngineError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with disk_errors(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
    shown = shlex.join((*command, "-o", str(path)))
    try:
        answer = subprocess.run(
            (*command, "-o", str(beside)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMPILE_TIMEOUT_S,
            check=False,
        )
        if answer.returncode != 0:
            raise EngineError(f"cannot build {what}:\n{shown}\n{_first_lines(answer.stderr)}")
        with disk_errors(path, "write"):
            beside.rename(path)
    except subprocess.TimeoutExpired:
        words = f"cannot build {what}: took longer than {COMPILE_TIMEOUT_S} s:\n{shown}"
        raise EngineError(words) from None
    finally:
        beside.unlink(missing_ok=True)


def _is_harness(target: TargetFile, variant: Variant) -> bool:
    """Whether one of its own sources defines a harness, or at least names it."""
    paths = (target.directory / name for name in (*target.sources, *variant.sources))
    return any(HARNESS_NAME in path.read_bytes() for path in paths if path.is_file())


def _first_lines(output: str) -> str:
    """The first lines of what a compiler said: its first error is the one that matters."""
    lines = output.splitlines()
    rest = len(lines) - ERROR_LINES_MAX
    return "\n".join([*lines[:ERROR_LINES_MAX], *([f"... {rest} more lines"] if rest > 0 else [])])
