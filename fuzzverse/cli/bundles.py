"""`fuzzverse bugs export` and `fuzzverse bugs import`."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from fuzzverse import bugstore, bundle
from fuzzverse.bugstore import Evidence, SavedBug
from fuzzverse.build import SANITIZERS
from fuzzverse.bundle import Bundle, Kept
from fuzzverse.cli.opening import BuildRequest, default_out
from fuzzverse.cli.trying import OUT_OPTION, find_bug
from fuzzverse.cli.watching import say
from fuzzverse.errors import InputError, UsageError
from fuzzverse.files import write_whole
from fuzzverse.outdir import OutDirectory
from fuzzverse.report.text import printable

ARCHIVE_OPTION: Final = click.option(
    "--archive",
    metavar="OUT|URL",
    help="Ask an archive: a team's at postgresql://USER@HOST/DATABASE, or that of an OUT.",
)
_WORDS: Final = {
    Kept.NEW: "imported into {}",
    Kept.BETTER: "its recipe is better than the one in {}, and took its place",
    Kept.KNOWN: "{} has it already, with a recipe that is as good",
    Kept.OTHER_BUILD: "{} has it of another build, which stays; import it elsewhere with --out",
}


def is_bundle(name: str | Path | None) -> bool:
    """Whether a file is called as bundles are."""
    return str(name).endswith(bundle.SUFFIX)


def read_bundle(path: Path) -> Bundle:
    """The bundle in a file; UsageError when it is none."""
    try:
        return bundle.read(path)
    except InputError as error:
        raise UsageError(printable(str(error))) from error


def target_of(saved: SavedBug) -> str:
    """What the user who found a bug called its target, if that means something elsewhere."""
    return saved.rebuild.argument or f"./{saved.target}"


def request_of(saved: SavedBug) -> BuildRequest:
    """The sanitizers that a bug was found with, as far as they are known here."""
    return BuildRequest(tuple(name for name in saved.rebuild.sanitizers if name in SANITIZERS))


def other_build(saved: SavedBug) -> str:
    """What to say when a bug is of another build than the one at hand."""
    told = "".join(
        f"\n  {printable(line)}" for line in saved.rebuild.words(saved.build_id).splitlines()
    )
    return f"the bug was found in another build, and may not show here; that one:{told}"


@click.command("export")
@click.argument("bucket")
@OUT_OPTION
@ARCHIVE_OPTION
@click.option(
    "-o", "output", type=click.Path(path_type=Path), help="[default: BUCKET.fvbug.tar.zst]"
)
def export_bug(bucket: str, out: Path, archive: str | None, output: Path | None) -> None:
    """Write a bug into one file, to be replayed or imported on another machine.

    It holds recipe, input, log and stack, and how the target was built; no paths of this machine
    but those in the log.
    """
    found = _in_out(bucket, out) if archive is None else _in_archive(bucket, archive)
    path = output or Path(f"{bucket}{bundle.SUFFIX}")
    write_whole(path, bundle.pack(found))
    click.echo(path)


def _in_out(bucket: str, out: Path) -> Bundle:
    place = find_bug(bucket, out)
    saved = bugstore.load(place, bucket)
    parts = {
        part: bugstore.read_part(place, bucket, part) if (place / bucket / part).exists() else b""
        for part in ("input", "log", "stack", "original", "why.json")
    }
    evidence = Evidence(parts["input"], parts["log"], parts["stack"])
    return Bundle(saved, evidence, parts["original"], parts["why.json"])


def _in_archive(bucket: str, place: str) -> Bundle:
    # Imported here because the archive takes longer to load than everything else.
    from fuzzverse.archive.queries import kept_bug, open_existing

    with open_existing(place) as database:
        kept = kept_bug(database, bucket)
    saved = SavedBug(kept.bug, kept.target, kept.build_id, kept.rebuild)
    return Bundle(saved, Evidence(**kept.parts))


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="[default: fuzzverse-out/TARGET]")
def import_bugs(files: tuple[Path, ...], out: Path | None) -> None:
    """Take in bugs that `fuzzverse bugs export` wrote, from wherever they came."""
    for path in files:
        found = read_bundle(path)
        saved = found.saved
        with OutDirectory(out or default_out(saved.target), time.monotonic) as directory:
            command = _replay_command(saved, directory.path)
            bug = replace(saved.bug, command=command)
            kept = bundle.keep(directory.bugs, replace(found, saved=replace(saved, bug=bug)))
            click.echo(f"{bug.bucket}: {_WORDS[kept].format(directory.path)}")
        if kept in (Kept.NEW, Kept.BETTER):
            say(f"  replay  {command}")


def _replay_command(saved: SavedBug, out: Path) -> str:
    words = ["fuzzverse", "replay", target_of(saved), *request_of(saved).arguments()]
    return shlex.join([*words, "--bug", saved.bug.bucket, "--out", str(out)])
