"""Getting to know a target: is it one of ours, of this version, and what does it say of itself.

A target is untrusted until its ABI marker was found, and what it says is checked after that.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from fuzzverse.errors import EngineError, InputError, UsageError
from fuzzverse.model import Compare, Mark, MarkKind, Target
from fuzzverse.symbolise import file_addresses

MARKER_PREFIX: Final = b"fuzzverse-target-abi:"
DESCRIBE_TIMEOUT_S: Final = 20.0
DESCRIPTION_SIZE_MAX: Final = 16 * 1024 * 1024
MARK_COUNT_MAX: Final = 65_536
MODULE_COUNT_MAX: Final = 4_096
EDGE_COUNT_MAX: Final = 1 << 24
TEXT_LENGTH_MAX: Final = 1_024
U32_MAX: Final = 0xFFFF_FFFF
# What a target may see of the environment: where its libraries are.
KEPT_VARIABLES: Final = ("LD_LIBRARY_PATH", "PATH", "LLVM_PROFILE_FILE")

_MARKER: Final = re.compile(re.escape(MARKER_PREFIX) + rb"([0-9]{4});")
_COMPILE_IT: Final = "compile your simulation with fuzzverse-cc"


def describe(
    path: Path,
    abi: int,
    environment: Mapping[str, str],
    timeout_s: float = DESCRIBE_TIMEOUT_S,
) -> Target:
    """What an executable says about itself, after checking that it is a target of this ABI.

    Raises:
        UsageError: the path is no executable, no fuzzverse build, or one of another ABI; or the
            target has no simulation, starts threads, or has more marks or modules than tables hold.
        EngineError: the target does not describe itself in time, or not in our words.
    """
    path = path.absolute()
    build_id = _check_file(path, abi)
    kept = {name: environment[name] for name in KEPT_VARIABLES if name in environment}
    answer = _ask(path, kept, timeout_s).decode(errors="replace")
    try:
        description = _Description(json.loads(answer))
        target = description.target(path, build_id)
        threads = description.number("threads", U32_MAX)
        simulation = description.text("simulation")
        marks_left_out = description.number("marks_left_out", U32_MAX, 0)
        modules_left_out = description.number("modules_left_out", U32_MAX, 0)
    except (ValueError, RecursionError, InputError) as error:
        raise EngineError(
            f"{path} describes itself in words that make no sense ({error}); "
            "rebuild it with fuzzverse-cc"
        ) from error
    if target.abi != abi:
        raise UsageError(_other_abi(path, {target.abi}, abi))
    if simulation == "none":
        raise UsageError(
            f"{path} has nothing to run: define FV_TARGET(name) {{...}}, or a harness "
            'int LLVMFuzzerTestOneInput(const uint8_t *, size_t), in C++ extern "C"'
        )
    if threads > 1:
        raise UsageError(
            f"{path} runs {threads} threads before its simulation starts, and threads make "
            "timelines differ; start none in constructors, simulate them with draws instead"
        )
    if marks_left_out or modules_left_out:
        raise UsageError(
            f"{path} has {marks_left_out} marks and {modules_left_out} modules more than the "
            f"tables hold ({len(target.marks)} marks, {len(target.modules)} modules); make the "
            "target smaller, or give several places one mark"
        )
    return target


def edge_addresses(
    target: Target, environment: Mapping[str, str], timeout_s: float = DESCRIBE_TIMEOUT_S
) -> tuple[int, ...]:
    """The address of each edge of a described target, 0 where it is not known.

    Raises:
        EngineError: the target does not say, in time or in our words.
    """
    kept = {name: environment[name] for name in KEPT_VARIABLES if name in environment}
    lines = _ask(target.path, kept, timeout_s, "--fuzzverse-edges").split()
    try:
        found = tuple(int(line, 16) for line in lines)
    except ValueError:
        found = ()
    if len(found) != target.edges or not all(0 <= one < 1 << 64 for one in found):
        raise EngineError(f"{target.path} does not say where its {target.edges} edges are")
    return found


def edge_places(target: Target, environment: Mapping[str, str]) -> tuple[int, ...]:
    """The same in the target's file, 0 where it is not known; none when the target does not say."""
    try:
        addresses = edge_addresses(target, environment)
        return tuple(place or 0 for place in file_addresses(target, addresses))
    except (EngineError, OSError):
        return ()


def _check_file(path: Path, abi: int) -> str:
    """The build id of a file that is an executable ELF with our ABI marker."""
    try:
        with path.open("rb") as stream:
            if not path.is_file():
                raise UsageError(f"{path} is no file; give the path of an executable")
            if stream.read(4) != b"\x7fELF":
                raise UsageError(f"{path} is no ELF executable; {_COMPILE_IT}")
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                versions = {int(found) for found in _MARKER.findall(content)}
                build_id = hashlib.sha256(content).hexdigest()[:16]
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; build it first, or check the path") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if not versions:
        raise UsageError(f"{path} is no fuzzverse build: compile it with fuzzverse-cc")
    if abi not in versions:
        raise UsageError(_other_abi(path, versions, abi))
    if not os.access(path, os.X_OK):
        raise UsageError(f"{path} is not executable; run `chmod +x {path}`")
    return build_id


def _other_abi(path: Path, found: set[int], wanted: int) -> str:
    shown = ", ".join(str(version) for version in sorted(found))
    return (
        f"{path} was built for fuzzverse target ABI {shown}, this is ABI {wanted}; rebuild it "
        "with `fuzzverse build NAME` or fuzzverse-cc"
    )


def _ask(
    path: Path,
    environment: Mapping[str, str],
    timeout_s: float,
    option: str = "--fuzzverse-describe",
) -> bytes:
    """What a target prints when it is asked for something of itself: in a clean environment, with
    time and size capped."""
    try:
        process = subprocess.Popen(
            [path, option],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(f"cannot execute {path}: {error.strerror}") from error
    try:
        answer = _read_until(process, timeout_s)
        status = process.wait(timeout=timeout_s)
    except (TimeoutError, subprocess.TimeoutExpired):
        raise EngineError(
            f"{path} did not describe itself within {timeout_s:g} s; "
            "does a constructor of it wait for something?"
        ) from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout:
            process.stdout.close()
    if status != 0:
        how = f"signal {-status}" if status < 0 else f"exit code {status}"
        raise EngineError(f"{path} {option} ended with {how}; does it run on this machine?")
    return answer


def _read_until(
    process: subprocess.Popen[bytes],
    timeout_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    assert process.stdout is not None
    handle = process.stdout.fileno()
    deadline = clock() + timeout_s
    answer = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        while len(answer) <= DESCRIPTION_SIZE_MAX:
            if not selector.select(max(0.0, deadline - clock())):
                raise TimeoutError
            chunk = os.read(handle, 1 << 16)
            if not chunk:
                return bytes(answer)
            answer += chunk
    raise EngineError(f"the description is larger than {DESCRIPTION_SIZE_MAX} bytes")


class _Description:
    """The parsed JSON of a target, every value checked for type and size."""

    def __init__(self, values: object, place: str = "") -> None:
        if not isinstance(values, dict):
            raise InputError(f"{place or 'the description'} is no object")
        self._values = values
        self._place = place

    def number(self, key: str, most: int, default: int | None = None) -> int:
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise InputError(f"{self._place}{key} is no whole number up to {most}")
        return value

    def text(self, key: str) -> str:
        value = self._values.get(key)
        if not isinstance(value, str):
            raise InputError(f"{self._place}{key} is no string")
        return value[:TEXT_LENGTH_MAX]

    def flag(self, key: str) -> bool:
        value = self._values.get(key)
        if not isinstance(value, bool):
            raise InputError(f"{self._place}{key} is not true or false")
        return value

    def items(self, key: str, most: int) -> list[object]:
        value = self._values.get(key)
        if not isinstance(value, list) or len(value) > most:
            raise InputError(f"{self._place}{key} is no list of at most {most}")
        return value

    def target(self, path: Path, build_id: str) -> Target:
        modules = tuple(
            _Description({"edges": edges}, f"modules[{i}]: ").number("edges", EDGE_COUNT_MAX)
            for i, edges in enumerate(self.items("modules", MODULE_COUNT_MAX))
        )
        edges = self.number("edges", EDGE_COUNT_MAX)
        if sum(modules) != edges:
            raise InputError(f"modules have {sum(modules)} edges together, not {edges}")
        marks = self.items("marks", MARK_COUNT_MAX)
        return Target(
            path=path,
            name=self.text("name"),
            abi=self.number("abi", 9_999),
            build_id=build_id,
            edges=edges,
            modules=modules,
            marks=tuple(_Description(v, f"marks[{i}]: ").mark(i) for i, v in enumerate(marks)),
            sanitizer=self.text("sanitizer"),
            fixed_addresses=self.flag("fixed_addresses"),
            is_harness=self.text("simulation") == "harness",
        )

    def mark(self, index: int) -> Mark:
        return Mark(
            index=index,
            kind=MarkKind(self.number("kind", max(MarkKind))),
            compare=Compare(self.number("compare", max(Compare))),
            message=self.text("message"),
            file=self.text("file"),
            line=self.number("line", U32_MAX),
        )
