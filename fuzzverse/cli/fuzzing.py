"""What libFuzzer's command line asks for: exploring into a corpus, and smaller artifacts."""

from __future__ import annotations

import functools
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import click

from fuzzverse import bugstore, native
from fuzzverse.cli.exploring import explore
from fuzzverse.cli.inputs import starting_inputs
from fuzzverse.cli.merging import Merging, offered_to
from fuzzverse.cli.opening import Opened
from fuzzverse.cli.sharing import shared
from fuzzverse.cli.watching import rss_mb, say
from fuzzverse.errors import ExitCode, InputError, UsageError
from fuzzverse.files import disk_errors, name_of, read_capped, write_whole
from fuzzverse.interruption import Interruption
from fuzzverse.libfuzzer import Dictionary, Flags, artifact_kind, artifact_path, load_dictionary
from fuzzverse.model import INPUT_SIZE_MAX, Isolation, Policy, Verdict
from fuzzverse.outcome import Bug, StopReason
from fuzzverse.report import libfuzzer as report
from fuzzverse.report.lines import Lines
from fuzzverse.smaller import smaller

MEMORY_MB_MAX: Final = 1 << 20
DEADLINE_MS_MAX: Final = 1_000_000_000


def policy_of(flags: Flags, inputs: int) -> Policy:
    """The policy that the flags come to; libFuzzer ends with its first bug.

    Args:
        flags: what was asked for; -runs=0 means the inputs that are there, and no others.
        inputs: how many are there.
    """
    return Policy(
        campaign_seed=flags.seed or secrets.randbits(32),
        jobs=flags.parallel,
        timelines=None if flags.runs < 0 else flags.runs or max(1, inputs),
        deadline_ms=_deadline_ms(flags),
        memory_mb=_memory_mb(flags),
        isolation=Isolation.REWIND,
        stop_on_bug=not flags.ignore_crashes,
        length_max=min(flags.max_len, INPUT_SIZE_MAX) if flags.max_len > 0 else None,
        suits_target=True,
    )


def _deadline_ms(flags: Flags) -> int:
    return min(flags.timeout * 1_000, DEADLINE_MS_MAX) if flags.timeout > 0 else DEADLINE_MS_MAX


def _memory_mb(flags: Flags) -> int:
    is_limited = 0 < flags.rss_limit_mb < MEMORY_MB_MAX
    return flags.rss_limit_mb if is_limited else MEMORY_MB_MAX


@contextmanager
def _out_beside(corpus: Path | None) -> Iterator[Path]:
    """A directory of the run's own, which ends with it; its corpus is the user's."""
    with tempfile.TemporaryDirectory(prefix="fuzzverse-") as name:
        out = Path(name)
        if corpus is not None:
            (out / "corpus").symlink_to(corpus.resolve(), target_is_directory=True)
        yield out


def fuzz(opened: Opened, flags: Flags, directories: Sequence[Path]) -> int:
    """Explores from the inputs of all directories; what is new goes to the first. The exit code."""
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(f"{directory}: no such directory; make it, or give another")
    dictionary = load_dictionary(Path(flags.dict)) if flags.dict else Dictionary((), ())
    start = starting_inputs(None, (*opened.beside.corpora, *directories))
    for warning in (*dictionary.skipped, *start.skipped):
        say(f"WARNING: {warning}")
    interruption = Interruption()
    with _out_beside(directories[0] if directories else None) as out:
        lines = _Artifacts(flags, out / "bugs")
        policy = policy_of(flags, len(start.inputs))
        say(f"INFO: Seed: {policy.campaign_seed}")
        summary = explore(
            opened,
            policy,
            flags.max_total_time or None,
            out,
            lambda _: (start.inputs, start.first_root),
            interruption,
            functools.partial(shared, None),
            nullcontext(lines),
            dictionary.words,
        )
    click.echo(report.ending(summary, rss_mb(), with_stats=flags.print_final_stats > 0), nl=False)
    if summary.stopped is StopReason.INTERRUPT and not lines.code:
        return int(ExitCode.INTERRUPTED)
    return lines.code


class _Artifacts(Lines):
    """What a run has to say, and an artifact of every bug; `code` is that of the first."""

    def __init__(self, flags: Flags, bugs: Path) -> None:
        super().__init__(say, rss_mb)
        self._flags, self._bugs = flags, bugs
        self.code = int(ExitCode.NOTHING_FOUND)

    def found(self, bug: Bug) -> None:
        """Writes the artifact at once, and says where it is."""
        data = bugstore.read_part(self._bugs, bug.bucket, "input")
        code = _keep(self._flags, bug, data)
        self.code = self.code or code


def _keep(flags: Flags, bug: Bug, data: bytes) -> int:
    """Writes an artifact; the exit code that goes with it."""
    path = artifact_path(flags, bug.verdict, data)
    with disk_errors(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data)
    say(report.artifact(bug, flags.artifact_prefix, path, data))
    return artifact_kind(bug.verdict)[1]


def merge(opened: Opened, flags: Flags, directories: Sequence[Path]) -> int:
    """Adds to the first directory what the others add to it; the exit code."""
    if len(directories) < 2:
        raise UsageError("-merge=1 takes the directory to merge into, and those to merge from")
    into, *sources = directories
    if not into.is_dir():
        raise UsageError(f"cannot read the corpus {into}: it is no directory")
    there, offered = offered_to(into, sources)
    journal = Path(flags.merge_control_file) if flags.merge_control_file else None
    found = Merging(opened.target, policy_of(flags, 0), into, journal).run(there, offered)
    for name, verdict in found.bad:
        say(f"WARNING: {name} is left out: it ends in {verdict.name.lower()}")
    say(report.merged(found))
    return int(ExitCode.NOTHING_FOUND)


# ---- smaller -------------------------------------------------------------------------------------


def minimize(opened: Opened, flags: Flags, path: Path) -> int:
    """Makes an input that ends badly smaller, for as long as the flags allow; the exit code."""
    try:
        data = read_capped(path, INPUT_SIZE_MAX, follow=True)
    except InputError as error:
        raise UsageError(str(error)) from error
    null = os.open(os.devnull, os.O_WRONLY)
    verdict = _verdict(opened, flags, data, null)
    if not verdict.is_bug:
        raise UsageError(f"{path} does not crash {opened.target.name}, so there is nothing to keep")
    deadline = time.monotonic() + (flags.max_total_time or float("inf"))
    most = flags.runs if flags.runs >= 0 else float("inf")
    found = smaller(
        data,
        lambda candidate: _verdict(opened, flags, candidate, null) is verdict,
        lambda tries: tries < most and time.monotonic() < deadline,
    )
    os.close(null)
    to = Path(flags.exact_artifact_path or f"{flags.artifact_prefix}minimized-from-{name_of(data)}")
    write_whole(to, found.data)
    say(report.minimized(path, data, to, found))
    return int(ExitCode.NOTHING_FOUND)


def _verdict(opened: Opened, flags: Flags, data: bytes, log_fd: int) -> Verdict:
    return native.replay(
        opened.target,
        native.input_parse(data),
        log_fd=log_fd,
        deadline_ms=_deadline_ms(flags),
        memory_mb=_memory_mb(flags),
    ).verdict
