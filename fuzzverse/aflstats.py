"""OUT/fuzzer_stats and OUT/plot_data: what afl-whatsup and afl-plot read, while a run goes on.

The words are AFL++'s; docs of its `fuzzer_stats` say what each is. afl-whatsup has a shell read the
file, so nothing of the user's gets into it but letters, digits and a few signs.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse.files import disk_errors
from fuzzverse.model import Verdict
from fuzzverse.outcome import Snapshot

PLOT_HEADER: Final = (
    "# relative_time, cycles_done, cur_item, corpus_count, pending_total, pending_favs, map_size, "
    "saved_crashes, saved_hangs, max_depth, execs_per_sec, total_execs, edges_found\n"
)
# The end of plot_data, to find its last line.
TAIL_BYTES: Final = 512
SPEED_SPAN_S: Final = 60.0
NAME_LENGTH_MAX: Final = 64
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class _Past:
    """A moment some time ago, to tell the speed of late from."""

    seconds: float
    timelines: int


class AflStats:
    """Keeps both files of a run up to date.

    Args:
        out: the directory.
        name: the target's.
        started: seconds since the epoch.
    """

    def __init__(self, out: Path, name: str, started: float) -> None:
        self._stats = out / "fuzzer_stats"
        self._plot = out / "plot_data"
        self._name = _UNSAFE.sub("_", name)[:NAME_LENGTH_MAX] or "target"
        self._started = started
        self._base = _last_second(self._plot)
        self._past = _Past(0.0, 0)
        self._recent = _Past(0.0, 0)
        self._crashed = self._hung = 0
        self._last_crash = self._last_hang = 0.0
        self._execs_at_crash = 0
        if not self._plot.exists():
            self._append(PLOT_HEADER)

    def write(self, moment: Snapshot) -> None:
        """Puts down where the campaign is.

        Raises:
            EngineError: the disk is full, or OUT has gone.
        """
        self._notice(moment)
        values = self._values(moment)
        lines = "".join(f"{name:<18}: {value}\n" for name, value in values.items())
        # Written once a second, and worth nothing after a power loss: whole, but not synced.
        beside = self._stats.with_name(f".{self._stats.name}.{os.getpid()}.part")
        with disk_errors(self._stats, "write"):
            beside.write_text(lines, encoding="ascii")
            beside.rename(self._stats)
        self._add_point(moment, values)

    def _notice(self, moment: Snapshot) -> None:
        """When there was another bug, and how fast it has been of late."""
        hangs = sum(bug.verdict is Verdict.TIMEOUT for bug in moment.bugs)
        crashes = len(moment.bugs) - hangs
        if crashes > self._crashed:
            self._last_crash = self._started + moment.seconds
            self._execs_at_crash = moment.totals.timelines
        if hangs > self._hung:
            self._last_hang = self._started + moment.seconds
        self._crashed, self._hung = crashes, hangs
        if moment.seconds - self._recent.seconds >= SPEED_SPAN_S / 2:
            self._past, self._recent = self._recent, _Past(moment.seconds, moment.totals.timelines)

    def _speed(self, moment: Snapshot) -> float:
        span = moment.seconds - self._past.seconds
        return (moment.totals.timelines - self._past.timelines) / span if span > 0 else 0.0

    def _values(self, moment: Snapshot) -> Mapping[str, object]:
        t = moment.totals
        seconds = moment.seconds
        found = moment.last_discovery
        coverage = 100 * t.edges_found / max(1, t.edges_total)
        return {
            "start_time": int(self._started),
            "last_update": int(self._started + seconds),
            "run_time": int(seconds),
            "fuzzer_pid": os.getpid(),
            "cycles_done": 0,
            "cycles_wo_finds": 0,
            "time_wo_finds": int(seconds - found),
            "execs_done": max(1, t.timelines),
            "execs_per_sec": f"{t.timelines / seconds if seconds > 0 else 0.0:.2f}",
            "execs_ps_last_min": f"{self._speed(moment):.2f}",
            "corpus_count": max(1, moment.corpus),
            "corpus_favored": t.states,
            "corpus_found": moment.corpus,
            "corpus_imported": 0,
            "corpus_variable": 0,
            "max_depth": t.splitpoints,
            "cur_item": max(0, moment.corpus - 1),
            "pending_favs": t.states,
            "pending_total": t.places,
            "stability": "100.00%" if not moment.unfit else "0.00%",
            "bitmap_cvg": f"{coverage:.2f}%",
            "saved_crashes": self._crashed,
            "saved_hangs": self._hung,
            "last_find": int(self._started + found),
            "last_crash": int(self._last_crash),
            "last_hang": int(self._last_hang),
            "execs_since_crash": t.timelines - self._execs_at_crash,
            "exec_timeout": moment.policy.deadline_ms,
            "slowest_exec_ms": 0,
            "edges_found": t.edges_found,
            "total_edges": t.edges_total,
            "var_byte_count": 0,
            "afl_banner": self._name,
            "afl_version": "fuzzverse",
            "target_mode": t.isolation.name.lower(),
        }

    def _add_point(self, moment: Snapshot, values: Mapping[str, object]) -> None:
        named = (
            *("cycles_done", "cur_item", "corpus_count", "pending_total", "pending_favs"),
            *("bitmap_cvg", "saved_crashes", "saved_hangs", "max_depth", "execs_ps_last_min"),
            *("execs_done", "edges_found"),
        )
        second = self._base + int(moment.seconds)
        self._append(", ".join(map(str, (second, *(values[name] for name in named)))) + "\n")

    def _append(self, text: str) -> None:
        with disk_errors(self._plot, "write"), self._plot.open("a", encoding="ascii") as stream:
            stream.write(text)


def _last_second(plot: Path) -> int:
    """Where an earlier run in this directory has ended, so that --resume goes on from there."""
    with contextlib.suppress(OSError, ValueError), plot.open("rb") as stream:
        stream.seek(max(0, plot.stat().st_size - TAIL_BYTES))
        return int(stream.read(TAIL_BYTES).splitlines()[-1].partition(b",")[0])
    return 0
