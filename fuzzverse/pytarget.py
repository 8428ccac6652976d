"""Loads and runs a simulation written in Python, inside of a target's process.

Called by what pybuild.py links. Code below the target's folder is instrumented by atheris; the
counters are ours.
"""

from __future__ import annotations

import _thread
import gc
import importlib.abc
import importlib.machinery
import itertools
import os
import random
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any, Final, NoReturn

import fuzzverse._target as _target
from fuzzverse import sdk

ENTRY: Final = "target"
# How many of the innermost calls in the user's files tell exceptions apart.
CALLS_TOLD: Final = 3

# What an instruction of atheris keeps its number as.
_NUMBER: Final = "fuzzverse_number"

_Instrument = Callable[[CodeType], CodeType]


def load(path: str, source: bytes) -> Callable[[], None]:
    """What runs one timeline of the simulation in `source`, whose file is `path`. Says why not, and
    leaves the process, when there is none."""
    sdk.Timeline.folder = str(Path(path).parent)
    sys.argv = [path]
    sys.path.insert(0, sdk.Timeline.folder)
    _refuse_threads()
    instrument = _instrumenter()
    finder = _Finder(Path(sdk.Timeline.folder), instrument)
    sys.meta_path.insert(0, finder)
    module = ModuleType(Path(path).stem)
    module.__file__ = path
    sys.modules.setdefault(module.__name__, module)
    try:
        exec(instrument(compile(source, path, "exec", dont_inherit=True)), module.__dict__)
    except BaseException as error:  # noqa: BLE001
        _leave(f"{path} cannot be loaded:\n{_told(error)}")
    sys.meta_path.remove(finder)
    body = getattr(module, ENTRY, None)
    if not callable(body):
        _leave(f"{path} has no simulation: define `def {ENTRY}() -> None:` in it")
    _take_luck()
    gc.collect()
    gc.freeze()
    return _runner(body)


def _runner(body: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        sdk.Timeline.running = True
        try:
            body()
        except BaseException as error:  # noqa: BLE001
            _target.bug(sdk.c_text(identity_of(error)), sdk.c_text(message_of(error)))

    return run


def identity_of(error: BaseException) -> str:
    """What tells exceptions apart: the type, and the innermost lines in the user's files."""
    return " at ".join([type(error).__name__, *_places(error.__traceback__)])


def message_of(error: BaseException) -> str:
    """One line for people."""
    words = str(error).partition("\n")[0]
    place = "".join(f" at {place}" for place in _places(error.__traceback__)[:1])
    return f"{type(error).__name__}{place}" + (f": {words}" if words else "")


def _places(trace: TracebackType | None) -> list[str]:
    """The innermost lines first."""
    calls = [
        f"{sdk.relative(code.co_filename)}:{line} in {code.co_name}"
        for frame, line in traceback.walk_tb(trace)
        if Path((code := frame.f_code).co_filename).is_relative_to(sdk.Timeline.folder)
    ]
    return calls[::-1][:CALLS_TOLD]


def _told(error: BaseException) -> str:
    """An error of loading, without the frames that lead to the user's file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return "".join(traceback.format_exception(error.with_traceback(trace))).rstrip()


def _leave(why: str) -> NoReturn:
    os.write(2, f"{why}\n".encode(errors="backslashreplace"))
    os._exit(1)


def _refuse_threads() -> None:
    """Who runs first would be the machine's choice."""

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "a target runs no threads: they make timelines differ; simulate them with draws"
        )

    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        if hasattr(_thread, name):
            setattr(_thread, name, refuse)
    # Imported here or there, this is what it starts threads with.
    if "threading" in sys.modules:
        for name in ("_start_new_thread", "_start_joinable_thread"):
            if hasattr(sys.modules["threading"], name):
                setattr(sys.modules["threading"], name, refuse)


def _take_luck() -> None:
    """What Python has of random numbers are draws from now on."""
    luck = sdk.Random()
    for name in dir(luck):
        if not name.startswith("_") and getattr(random, name, None) is not None:
            value = getattr(random, name)
            if getattr(value, "__self__", None) is random._inst:
                setattr(random, name, getattr(luck, name))
    random._inst.__class__ = sdk.Random
    os.urandom = sdk.bytes


def _instrumenter() -> _Instrument:
    """atheris' rewriting of bytecode; what the result calls is ours."""
    import atheris  # type: ignore[import-untyped]
    from atheris.instrument_bytecode import (  # type: ignore[import-untyped]
        Instruction,
    )

    numbers = itertools.count()

    def numbered(instruction: Any) -> int:
        """In the place of an address, which would give edges another order elsewhere."""
        own: dict[str, int] = instruction.__dict__
        if _NUMBER not in own:
            own[_NUMBER] = next(numbers)
        return own[_NUMBER]

    Instruction.__hash__ = numbered
    atheris._reserve_counter = _target.reserve
    atheris._trace_branch = _target.count

    def instrument(code: CodeType) -> CodeType:
        sdk.Timeline.names[code.co_filename] = sdk.relative(code.co_filename)
        patched: CodeType = atheris.patch_code(code, trace_dataflow=False)
        return patched

    return instrument


class _Loader(importlib.machinery.SourceFileLoader):
    """Modules beside the target: compiled anew, and instrumented."""

    def __init__(self, name: str, path: str, instrument: _Instrument) -> None:
        super().__init__(name, path)
        self._instrument = instrument

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self._instrument(compile(self.get_data(path), path, "exec", dont_inherit=True))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules below the target's folder."""

    def __init__(self, folder: Path, instrument: _Instrument) -> None:
        self._folder = folder
        self._instrument = instrument

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        if not Path(spec.loader.path).is_relative_to(self._folder) or _is_installed(spec.loader):
            return None
        spec.loader = _Loader(spec.loader.name, spec.loader.path, self._instrument)
        return spec


def _is_installed(loader: importlib.machinery.SourceFileLoader) -> bool:
    """Whether it is no source of the user's, though a .venv lies in his folder."""
    return "site-packages" in Path(loader.path).parts
