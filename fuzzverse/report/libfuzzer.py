"""What libFuzzer says, where others read it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Final

from fuzzverse.libfuzzer import Flags
from fuzzverse.merge import Merged
from fuzzverse.outcome import Bug, Summary
from fuzzverse.report.text import printable
from fuzzverse.smaller import Smaller

_WORDS: Final = {
    "runs": "inputs to run; -1: no end",
    "max_total_time": "seconds to explore; 0: no end",
    "timeout": "seconds that one input may take; 0: any",
    "rss_limit_mb": "memory that one input may take, in MiB; 0: any",
    "max_len": "largest input that is made; 0: that of the corpus, or 4096",
    "seed": "seed of all decisions; 0: another one every time",
    "workers": "workers beside each other",
    "jobs": "the same",
    "fork": "the same",
    "merge": "1: keep in the first directory what the others add to it",
    "minimize_crash": "1: make an input that crashes smaller; -runs and -max_total_time bound it",
    "ignore_crashes": "1: go on after the first crash",
    "print_final_stats": "1: print totals at the end",
    "help": "1: this",
    "dict": "file of words worth trying",
    "artifact_prefix": "what the paths of crash-, timeout- and oom- files begin with",
    "exact_artifact_path": "the path of such a file",
    "merge_control_file": "where -merge=1 keeps how far it has come",
}


def usage(target: str) -> str:
    """The flags and their defaults."""
    lines = [f"Usage: {target} [-flag=value ...] [CORPUS_DIR ...], or FILE ... to run these again"]
    lines += [
        f"  {field.name:<22} {field.default!s:<6} {_WORDS[field.name]}" for field in fields(Flags)
    ]
    return "\n".join(lines) + "\n"


def artifact(bug: Bug, prefix: str, path: Path, data: bytes) -> str:
    """The line that says where an input went, as tools look for it."""
    shown = f"\n{data!r}" if len(data) <= 64 else ""
    return (
        f"==ERROR: {printable(bug.kind)}: {printable(bug.message)}\n"
        f"SUMMARY: fuzzverse: {printable(bug.bucket)}\n"
        f"artifact_prefix='{prefix}'; Test unit written to {path}{shown}"
    )


def minimized(path: Path, data: bytes, to: Path, found: Smaller) -> str:
    """What became of an input that was to be smaller."""
    how = "no byte of it can go" if found.is_irreducible else "stopped by -runs or -max_total_time"
    return (
        f"CRASH_MIN: {path} ({len(data)} bytes) has become {to} ({len(found.data)} bytes) in "
        f"{found.tries} runs; {how}"
    )


def merged(found: Merged) -> str:
    """What a merge came to."""
    bad = f"; {len(found.bad)} end badly and are left out" if found.bad else ""
    fresh = found.features_after - found.features_before
    return f"MERGE-OUTER: {len(found.kept)} new files with {fresh} new features added{bad}"


def ending(summary: Summary, rss_mb: int, *, with_stats: bool) -> str:
    """The last lines of a run."""
    t, seconds = summary.totals, round(summary.seconds)
    lines = [f"Done {t.timelines} runs in {seconds} second(s)"]
    if with_stats:
        lines += [
            f"stat::number_of_executed_units: {t.timelines}",
            f"stat::average_exec_per_sec:     {round(summary.timelines_per_second)}",
            f"stat::new_units_added:          {summary.corpus}",
            f"stat::peak_rss_mb:              {rss_mb}",
        ]
    return "\n".join(lines) + "\n"
