"""`fuzzverse replay`."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import click

from fuzzverse import bugstore, native
from fuzzverse.buckets import Buckets
from fuzzverse.bundle import Bundle
from fuzzverse.capture import LogFilter
from fuzzverse.cli.bundles import is_bundle, other_build, read_bundle, request_of, target_of
from fuzzverse.cli.opening import BuildRequest, default_out, is_name, open_target
from fuzzverse.cli.options import U64_MAX, Duration, build_options
from fuzzverse.cli.watching import say
from fuzzverse.errors import CommandError, EngineError, ExitCode, InputError, UsageError
from fuzzverse.files import read_capped
from fuzzverse.model import Recipe, Replay, Target
from fuzzverse.report import replay as replay_report
from fuzzverse.symbolise import LoggedStacks, Places
from fuzzverse.toolchain import find_tool

STDOUT_FD: Final = 1
STDERR_FD: Final = 2


@click.command()
@click.argument("target")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--bug", metavar="BUCKET", help="Replay a bug that a run left.")
@click.option("--out", type=click.Path(path_type=Path), help="[default: fuzzverse-out/TARGET]")
@click.option("--root", type=click.IntRange(0, U64_MAX), help="Replay a root seed.")
@click.option("--recipe", "text", metavar="TEXT", help="Its segments: '151@42 -> 80@7'.")
@click.option("--draws", is_flag=True, help="Print every draw.")
@click.option("--times", type=click.IntRange(1, 1_000_000), default=1, help="Replay so often.")
@click.option("--deadline", type=Duration(), default="10s", show_default=True)
@click.option("--gdb", is_flag=True, help="Start the debugger on it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; the log goes to stderr.")
@build_options
def replay(
    target: str,
    file: Path | None,
    bug: str | None,
    out: Path | None,
    root: int | None,
    text: str | None,
    draws: bool,
    times: int,
    deadline: float,
    gdb: bool,
    as_json: bool,
    request: BuildRequest,
) -> ExitCode:
    """Replay one timeline of TARGET: --bug BUCKET, --root N [--recipe TEXT], or an input FILE.

    FILE may be a bundle of `fuzzverse bugs export`, which needs no TARGET where that has a name.
    Prints its log, the marks that it reached, and its verdict. Exit codes: 0 it ended well, 77 it
    is a bug, 1 replays differ.
    """
    bundle, target, file = _bundle(target, file)
    if bundle is not None and request == BuildRequest():
        request = request_of(bundle.saved)
    recipe = _recipe(file, bug, out or default_out(target), root, text, bundle)
    opened = open_target(target, request)
    if bundle is not None and opened.target.build_id != bundle.saved.build_id:
        say(f"warning: {other_build(bundle.saved)}")
    if gdb:
        _debug(opened.target, recipe)
    deadline_ms = max(1, round(deadline * 1_000))
    shown_fd = STDERR_FD if as_json else STDOUT_FD
    with Places(find_tool("llvm-symbolizer"), opened.target) as places:
        with LogFilter(shown_fd, LoggedStacks(places).named) as log:
            first = native.replay(
                opened.target, recipe, log_fd=log.fd, draws=draws, deadline_ms=deadline_ms
            )
        # The filter asks for places on a thread of its own, so this waits for its end.
        bucket = Buckets(opened.target, places).bucket_of(first)
    _repeat(opened.target, recipe, first, times - 1, deadline_ms)
    if bundle is not None and bucket != bundle.saved.bug.bucket:
        say(f"warning: this replay did not end in {bundle.saved.bug.bucket}")
    if as_json:
        click.echo(replay_report.render_json(opened.target, first, times), nl=False)
    else:
        click.echo(replay_report.render(opened.target, first, times), nl=False)
    return ExitCode.BUGS_FOUND if first.verdict.is_bug else ExitCode.NOTHING_FOUND


def _bundle(target: str, file: Path | None) -> tuple[Bundle | None, str, Path | None]:
    """The bundle that is to be replayed, if any; the target, and the input file if that is one."""
    if is_bundle(file):
        assert file is not None
        return read_bundle(file), target, None
    if file is not None or not is_bundle(target):
        return None, target, file
    found = read_bundle(Path(target))
    argument = target_of(found.saved)
    if not is_name(argument):
        raise UsageError(
            f"{target} is of {found.saved.target}, which was built by other means than "
            "`fuzzverse build`; give its executable: fuzzverse replay PATH BUNDLE"
        )
    return found, argument, None


def _repeat(target: Target, recipe: Recipe, first: Replay, times: int, deadline_ms: int) -> None:
    """Replays so many times more; EngineError at the first one that differs."""
    with Path(os.devnull).open("wb") as nowhere:
        for number in range(times):
            log_fd = nowhere.fileno()
            other = native.replay(target, recipe, log_fd=log_fd, deadline_ms=deadline_ms)
            if other.digest != first.digest:
                raise EngineError(
                    f"replay {number + 2} differs from the first: digest {other.digest:016x} after "
                    f"{other.draws} draws ({other.verdict.name.lower()}) instead of "
                    f"{first.digest:016x} after {first.draws} ({first.verdict.name.lower()}); "
                    "the target takes decisions that it does not draw from fuzzverse"
                )


def _recipe(
    file: Path | None,
    bug: str | None,
    out: Path,
    root: int | None,
    text: str | None,
    bundle: Bundle | None,
) -> Recipe:
    """The recipe that exactly one of the four ways names."""
    if sum(way is not None for way in (file, bug, root, bundle)) != 1:
        raise UsageError(
            "say what to replay, one of: --bug BUCKET, --root N, an input FILE, a bundle"
        )
    try:
        if bundle is not None:
            return native.input_parse(bundle.evidence.input)
        if root is not None:
            return native.recipe_parse(root, text or "")
        if text is not None:
            raise UsageError("--recipe continues a root seed; give it with --root N")
        if bug is not None:
            bugstore.load(out / "bugs", bug)
            return native.input_parse(bugstore.read_part(out / "bugs", bug, "input"))
        assert file is not None
        return native.input_parse(read_capped(file, bugstore.INPUT_SIZE_MAX))
    except InputError as error:
        raise UsageError(f"cannot replay: {error}") from error


def _debug(target: Target, recipe: Recipe) -> None:
    """Becomes gdb on the target alone: one process, no forks."""
    gdb = shutil.which("gdb")
    if gdb is None:
        raise CommandError("gdb is not installed; get it with `apt-get install gdb`")
    handle, path = tempfile.mkstemp(prefix="fuzzverse-input-")
    with open(handle, "wb") as stream:
        stream.write(native.input_bytes(recipe))
    os.execv(gdb, [gdb, "-q", "--args", str(target.path), path])
