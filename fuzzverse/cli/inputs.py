"""The inputs that a campaign starts from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzzverse import corpus, native
from fuzzverse.archive.queries import FILE_NAME
from fuzzverse.archive.writer import Archive, Earlier
from fuzzverse.errors import InputError, UsageError
from fuzzverse.foreign import load_foreign
from fuzzverse.model import Recipe
from fuzzverse.outdir import OutDirectory


@dataclass(frozen=True, slots=True)
class Start:
    """Where a campaign begins: inputs that run first, the next root's number, and warnings."""

    inputs: tuple[Recipe, ...]
    first_root: int
    skipped: tuple[str, ...]


def earlier_in(out: Path, target: str) -> Earlier | None:
    """What an OUT keeps of the campaigns of a target; None when there was none."""
    if not (out / FILE_NAME).exists():
        return None
    with Archive(out / FILE_NAME) as archive:
        return archive.earlier(target)


def resumed(out: Path, earlier: Earlier, start: Start) -> Start:
    """The same after all that OUT keeps of earlier campaigns, in the order that it was found.

    Entries are replayed, not believed: states, exemplars and the explored map come of what they
    do in this build of the target.
    """
    loaded = corpus.load(out / "corpus")
    entries, skipped = dict(loaded.entries), [*start.skipped, *loaded.skipped]
    recipes: dict[Recipe, None] = dict.fromkeys(start.inputs)
    for name in earlier.names:
        if name not in entries:
            skipped.append(f"{out / 'corpus' / name} is gone")
            continue
        try:
            recipes.setdefault(native.input_parse(entries[name]))
        except InputError as error:
            skipped.append(f"{out / 'corpus' / name}: {error}")
    return Start(tuple(recipes), start.first_root + earlier.roots, tuple(skipped))


def _load(place: Path) -> corpus.Loaded:
    """The inputs in a directory, or in a ZIP archive like those that OSS-Fuzz has."""
    if place.suffix == ".zip" and not place.is_dir():
        return load_foreign(place)
    return corpus.load(place)


def starting_inputs(committed: Path | None, directories: Sequence[Path]) -> Start:
    """The recipes of the committed inputs, then of each directory; and what was skipped."""
    recipes: dict[Recipe, None] = {}
    skipped: list[str] = []
    for directory in (*([committed] if committed else []), *directories):
        loaded = _load(directory)
        skipped += loaded.skipped
        for name, data in loaded.entries:
            try:
                recipes.setdefault(native.input_parse(data))
            except InputError as error:
                skipped.append(f"{directory / name}: {error}")
    return Start(tuple(recipes), 0, tuple(skipped))


def _resumed(out: Path, target: str, start: Start) -> Start:
    earlier = earlier_in(out, target)
    if earlier is None:
        raise UsageError(f"nothing to resume: {out} has no campaign of {target}")
    return resumed(out, earlier, start)


def starting(
    committed: Path | None,
    directories: Sequence[Path],
    resumes: str,
    warn: Callable[[str], None],
) -> Callable[[OutDirectory], tuple[tuple[Recipe, ...], int]]:
    """What gives the inputs and the first root of a run once its OUT is held.

    `resumes` names the target whose earlier campaigns in OUT are gone on with; "": none.
    """
    plain = starting_inputs(committed, directories)

    def start(out: OutDirectory) -> tuple[tuple[Recipe, ...], int]:
        found = _resumed(out.path, resumes, plain) if resumes else plain
        for words in found.skipped:
            warn(f"warning: {words}")
        return found.inputs, found.first_root

    return start
