"""`fuzzverse nightly`."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from fuzzverse import native, resources
from fuzzverse.buckets import Buckets
from fuzzverse.catalogue import find
from fuzzverse.cli.exploring import explore
from fuzzverse.cli.inputs import earlier_in, resumed, starting_inputs
from fuzzverse.cli.opening import BuildRequest, Opened, open_target
from fuzzverse.cli.report import render_html
from fuzzverse.cli.sharing import Alone
from fuzzverse.cli.watching import say
from fuzzverse.dossier import collect
from fuzzverse.errors import ExitCode, InputError, UsageError
from fuzzverse.files import write_whole
from fuzzverse.interruption import Interruption
from fuzzverse.model import Policy, Recipe, Target, Verdict
from fuzzverse.nightly.file import Task, load, read
from fuzzverse.nightly.night import Night, Outcome, begin_or_go_on
from fuzzverse.nightly.state import StateFile
from fuzzverse.nightly.work import Interrupted
from fuzzverse.observer import Observer, Team
from fuzzverse.outcome import Bug, Snapshot, Summary
from fuzzverse.outdir import OutDirectory, held
from fuzzverse.report import nightly as nightly_report
from fuzzverse.symbolise import Places
from fuzzverse.toolchain import find_tool
from fuzzverse.triage import REPLAY_DEADLINE_MS

STEP_S: Final = 0.5
REPORT_NAME: Final = "report.html"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="[default: beside FILE, as FILE]")
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object on stdout.")
def nightly(file: Path, out: Path | None, as_json: bool) -> ExitCode:
    """Search many targets, as FILE.toml says: known bugs again first, then their futures.

    A night that was killed goes on where it was: give the same command. Exit codes: 0 nothing new
    (known bugs may be there still), 77 new bugs, 1 a target failed or the canary's bug was not
    found, 72 interrupted, 2 wrong usage.
    """
    directory = out or file.with_suffix("")
    text = load(file)
    if directory.resolve() == file.resolve():
        raise UsageError(f"{file} has no ending; say with --out where nights are kept")
    interruption = Interruption()
    with held(directory), interruption.listening():
        states = StateFile(directory)
        state, goes_on = begin_or_go_on(states, text, time.time())
        names = find(Path.cwd(), resources.installed().targets).names()
        # A night goes on as it was begun, but not with a file that has since become wrong.
        plan = read(file, text, names)
        if state.text != text:
            say(f"night {state.number} goes on with {file} as it was when it began")
            plan = read(file, state.text, names)
        elif goes_on:
            say(f"night {state.number} goes on where it was")
        night = Night(
            directory, plan, state, states, lambda task: Visit(task, interruption), say, time.time
        )
        try:
            outcome = night.run()
        except Interrupted:
            say("interrupted; the same command goes on with this night")
            return ExitCode.INTERRUPTED
    if as_json:
        click.echo(json.dumps(outcome.values(), indent=2))
    else:
        click.echo(nightly_report.render(outcome), nl=False)
    return _exit_code(outcome)


def _exit_code(outcome: Outcome) -> ExitCode:
    if outcome.is_blind:
        return ExitCode.ENGINE_FAILED
    if outcome.new or outcome.changed:
        return ExitCode.BUGS_FOUND
    return ExitCode.ENGINE_FAILED if outcome.failed else ExitCode.NOTHING_FOUND


class Teller:
    """Tells of bugs and troubles, a line each."""

    def __init__(self, key: str) -> None:
        self._key = key

    def moved(self, moment: Snapshot, discoveries: Sequence[object]) -> None:
        """Is not told: nobody looks."""

    def found(self, bug: Bug) -> None:
        """A bug, new to this campaign."""
        say(f"{self._key}: {bug.bucket}: {bug.message}")

    def noted(self, words: str) -> None:
        """What went wrong."""
        say(f"{self._key}: warning: {words}")


class Visit:
    """A task's target, built: what `work.Opened` asks of it."""

    def __init__(self, task: Task, interruption: Interruption) -> None:
        self._task = task
        self._interruption = interruption
        self._opened: Opened = open_target(task.argument, BuildRequest(task.sanitizers))

    @property
    def target(self) -> Target:
        """The build."""
        return self._opened.target

    def bucket_now(self, data: bytes) -> str:
        """Replays an input: the bucket that it ends in, "" when it ends well."""
        policy = self._task.policy
        with (
            Path(os.devnull).open("wb") as nowhere,
            Places(find_tool("llvm-symbolizer"), self.target) as places,
        ):
            replay = native.replay(
                self.target,
                native.input_parse(data),
                log_fd=nowhere.fileno(),
                deadline_ms=max(policy.deadline_ms, REPLAY_DEADLINE_MS),
                memory_mb=policy.memory_mb,
            )
            if replay.verdict is Verdict.LOST or not replay.verdict.is_bug:
                return ""
            return Buckets(self.target, places).bucket_of(replay)

    def explore(self, out: Path, home: Path) -> Summary:
        """A campaign into `out` that goes on from what `home` keeps."""
        task = self._task

        def beginning(directory: OutDirectory) -> tuple[tuple[Recipe, ...], int]:
            start = starting_inputs(self._opened.inputs, task.corpus)
            earlier = earlier_in(home, self.target.name)
            start = start if earlier is None else resumed(home, earlier, start)
            for words in start.skipped:
                say(f"{task.key}: warning: {words}")
            return start.inputs, start.first_root

        return explore(
            self._opened,
            task.policy,
            task.seconds,
            out,
            beginning,
            self._interruption,
            _alone,
            contextlib.nullcontext[Observer](Teller(task.key)),
        )

    def fresh(self, inputs: Sequence[bytes]) -> Iterable[bytes]:
        """Of inputs, run in this order, those that bring something which none before brought."""
        recipes = list(_recipes(inputs))
        if not recipes:
            return []
        policy = Policy(
            jobs=self._task.policy.jobs,
            timelines=len(recipes),
            isolation=self._task.policy.isolation,
            deadline_ms=self._task.policy.deadline_ms,
            memory_mb=self._task.policy.memory_mb,
        )
        fresh: list[bytes] = []
        with native.Campaign(self.target, policy, recipes) as campaign:
            finished = False
            while not finished:
                progress = campaign.step(STEP_S)
                finished = progress.finished
                fresh += [native.input_bytes(r.recipe) for r in progress.timelines if r.fresh]
                if self._interruption.asked:
                    raise Interrupted
        return fresh

    def replay_command(self, out: Path, bucket: str) -> str:
        """The line that replays a bug of an OUT."""
        return self._opened.replay_command(out)(bucket)

    def report(self, out: Path) -> str:
        """Writes the report of an OUT and returns the name of its file."""
        text = render_html(collect(out, find_tool("llvm-symbolizer")))
        write_whole(out / REPORT_NAME, text.encode())
        return REPORT_NAME


def _recipes(inputs: Sequence[bytes]) -> Iterator[Recipe]:
    for data in inputs:
        with contextlib.suppress(InputError):
            yield native.input_parse(data)


@contextlib.contextmanager
def _alone(out: Path, uid: str) -> Iterator[Team]:
    """Tonight's campaign is shared once it is kept, as a whole."""
    yield Alone()
