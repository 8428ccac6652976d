"""What OSS-Fuzz keeps beside a fuzz target: NAME_seed_corpus.zip, NAME.dict and NAME.options.

Source: https://google.github.io/oss-fuzz/getting-started/new-project-guide/ (seeds, dictionaries),
https://google.github.io/clusterfuzz/setting-up-fuzzing/libfuzzer-and-afl/ (options).
"""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzverse.errors import InputError
from fuzzverse.files import read_capped

SEEDS_END: Final = "_seed_corpus.zip"
OPTIONS_SIZE_MAX: Final = 64 * 1024
# What a file that came with a target may say; where artifacts go, and the like, is the user's.
_ALLOWED: Final = frozenset(
    ("max_len", "timeout", "rss_limit_mb", "runs", "max_total_time", "seed", "print_final_stats")
)


@dataclass(frozen=True, slots=True)
class Beside:
    """The files beside a target; None: there is none."""

    seeds: Path | None = None
    dictionary: Path | None = None
    options: Path | None = None

    @property
    def corpora(self) -> tuple[Path, ...]:
        """Where starting inputs are."""
        return () if self.seeds is None else (self.seeds,)

    @property
    def dictionaries(self) -> tuple[Path, ...]:
        """Where words are."""
        return () if self.dictionary is None else (self.dictionary,)


NOTHING_BESIDE: Final = Beside()


def beside(executable: Path) -> Beside:
    """What lies beside an executable; nothing is read yet."""

    def there(ending: str) -> Path | None:
        path = executable.with_name(executable.name + ending)
        return path if path.is_file() else None

    return Beside(there(SEEDS_END), there(".dict"), there(".options"))


# ---- options -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Options:
    """Flags in libFuzzer's words, `-max_len=10`; the dictionary; and what was skipped and why."""

    flags: tuple[str, ...] = ()
    dictionary: Path | None = None
    skipped: tuple[str, ...] = ()


def load_options(found: Beside) -> Options:
    """The flags that are given beside a target, where there are any; the dictionary likewise.

    A file that names a dictionary means one beside it, wherever else it points to.
    """
    if found.options is None:
        return Options(dictionary=found.dictionary)
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    try:
        parser.read_string(read_capped(found.options, OPTIONS_SIZE_MAX).decode("utf-8", "replace"))
    except InputError as error:
        return Options((), found.dictionary, (str(error),))
    except configparser.Error as error:
        return Options((), found.dictionary, (f"{found.options}: {_line(error)}",))
    flags, skipped, dictionary = [], [], found.dictionary
    for section in parser.sections():
        if section != "libfuzzer":
            skipped.append(f"{found.options}: [{section}] is not for libFuzzer")
            continue
        for name, value in parser.items(section):
            if name == "dict" and (named := found.options.with_name(Path(value).name)).is_file():
                dictionary = named
            elif name in _ALLOWED:
                flags.append(f"-{name}={value}")
            else:
                skipped.append(f"{found.options}: {name} = {value} changes nothing here")
    return Options(tuple(flags), dictionary, tuple(skipped))


def _line(error: configparser.Error) -> str:
    return str(error).replace("'<string>'", "", 1).replace("\n", " ")
