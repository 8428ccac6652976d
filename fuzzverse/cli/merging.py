"""What `corpus merge`, `minimize` and `import` have in common, and libFuzzer's -merge=1."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse import native
from fuzzverse.census import census
from fuzzverse.cli.watching import say
from fuzzverse.corpus import Corpus, load
from fuzzverse.errors import CommandError, ExitCode, InputError
from fuzzverse.files import name_of
from fuzzverse.foreign import load_foreign
from fuzzverse.interruption import Interruption
from fuzzverse.journal import Journal
from fuzzverse.merge import Merged, merge
from fuzzverse.model import Counted, Policy, Target

JOURNAL: Final = ".fuzzverse-merge"


@dataclass(frozen=True, slots=True)
class Merging:
    """One merge: the target, how its inputs run, and the journal's place (None: in `into`)."""

    target: Target
    limits: Policy
    into: Path
    journal: Path | None = None

    def run(self, there: Mapping[str, bytes], offered: Mapping[str, bytes]) -> Merged:
        """Chooses among `offered`, and adds what was chosen to `into`.

        Raises:
            CommandError: it was interrupted; the same again goes on.
        """
        interruption = Interruption()
        place = self.journal or self.into / JOURNAL
        everything = {**offered, **there}
        corpus = Corpus(self.into)
        with interruption.listening(), Journal(place, self.target.build_id) as journal:
            found = merge(
                list(there),
                {name: len(data) for name, data in offered.items()},
                lambda names: self._counted(names, everything, interruption),
                journal,
            )
            if not found.is_whole:
                raise CommandError(
                    f"interrupted; the same command goes on from {place}", ExitCode.INTERRUPTED
                )
            corpus.add_group(offered[name] for name in found.kept)
            journal.done()
        return found

    def _counted(
        self, names: Sequence[str], inputs: Mapping[str, bytes], interruption: Interruption
    ) -> Iterator[tuple[str, Counted]]:
        recipes = [native.input_parse(inputs[name]) for name in names]
        opened = functools.partial(native.Campaign, self.target)
        for one in census(opened, recipes, self.limits, lambda: not interruption.asked):
            yield names[one.index], one


def inputs_in(directories: Iterable[Path], *, foreign: bool = True) -> dict[str, bytes]:
    """The inputs of directories by the SHA-1 of their bytes; what is none is left out and said."""
    found: dict[str, bytes] = {}
    for directory in directories:
        loaded = load_foreign(directory) if foreign else load(directory)
        skipped = list(loaded.skipped)
        for name, data in loaded.entries:
            try:
                native.input_parse(data)
            except InputError as error:
                skipped.append(f"{directory / name}: {error}")
            else:
                found[name_of(data)] = data
        for words in skipped:
            say(f"skipped: {words}")
    return found


def offered_to(into: Path, sources: Iterable[Path]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The inputs that are in `into`, if there is one, and those that `sources` have besides."""
    there = inputs_in([into], foreign=False) if into.is_dir() else {}
    return there, {name: data for name, data in inputs_in(sources).items() if name not in there}


def keep_aside(directory: Path, found: Merged, inputs: Mapping[str, bytes]) -> None:
    """Puts the inputs that end badly into a directory of their own."""
    Corpus(directory).add_group(inputs[name] for name, _ in found.bad if name in inputs)
