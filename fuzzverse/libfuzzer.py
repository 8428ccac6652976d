"""The command line of libFuzzer: its flags, what it calls artifacts, and its dictionaries.

Source: https://llvm.org/docs/LibFuzzer.html and FuzzerFlags.def of compiler-rt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from fuzzverse.errors import ExitCode, InputError, UsageError
from fuzzverse.files import name_of, read_capped
from fuzzverse.model import INPUT_SIZE_MAX, WORD_COUNT_MAX, WORD_SIZE_MAX, Recipe, Verdict

DICTIONARY_SIZE_MAX: Final = 4 * 1024 * 1024
LENGTH_DEFAULT: Final = 4_096
EXIT_TIMEOUT: Final = 70
EXIT_MEMORY: Final = 71
_NUMBER: Final = re.compile(r"-?\d{1,18}")
_FLAG: Final = re.compile(r"-([a-z0-9_]+)=(.*)", re.DOTALL)
_LEVEL: Final = re.compile(r"\s*(?:[A-Za-z0-9_.-]+(?:@(\d+))?\s*=)?\s*\"")
_ESCAPES: Final = {"\\": b"\\", '"': b'"', "n": b"\n", "r": b"\r", "t": b"\t"}
# What libFuzzer has besides, and what has no part in how a multiverse is searched.
_OTHERS: Final = """
    analyze_dict check_input_sha1 close_fd_mask collect_data_flow cross_over create_missing_dirs
    cross_over_uniform_dist custom_input_mutator data_flow_trace detect_leaks dump_coverage
    entropic entropic_feature_frequency_threshold entropic_number_of_rarest_features
    entropic_scale_per_exec_time experimental_len_control features_dir focus_function
    handle_abrt handle_bus handle_fpe handle_ill handle_int handle_segv handle_term handle_trap
    handle_usr1 handle_usr2 handle_winexit handle_xfsz ignore_ooms
    ignore_remaining_args ignore_timeouts interval job keep_seed lazy_counters len_control
    malloc_limit_mb max_corpus_size mutate_depth mutation_graph_file only_ascii prefer_small
    print_corpus_stats print_coverage print_full_coverage print_funcs print_new print_pcs
    purge_allocator_interval reduce_depth reduce_inputs reload report_slow_units seed_inputs
    set_cover_merge shrink shuffle stop_file strip_before_merge trace_malloc use_clang_coverage
    use_cmp use_counters use_memmem use_value_profile verbosity
"""
IGNORED: Final = frozenset(_OTHERS.split())


@dataclass(frozen=True, slots=True)
class Flags:
    """What the flags ask for, by libFuzzer's names and with its defaults; times are in seconds."""

    runs: int = -1
    max_total_time: int = 0
    timeout: int = 1_200
    rss_limit_mb: int = 2_048
    max_len: int = 0
    seed: int = 0
    workers: int = 0
    jobs: int = 0
    fork: int = 0
    merge: int = 0
    minimize_crash: int = 0
    ignore_crashes: int = 0
    print_final_stats: int = 0
    help: int = 0
    dict: str = ""
    artifact_prefix: str = "./"
    exact_artifact_path: str = ""
    merge_control_file: str = ""

    @property
    def parallel(self) -> int:
        """How many workers are asked for; libFuzzer has three flags for that."""
        return max(self.workers, self.fork, self.jobs, 1)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A parsed command line; `warnings` are about flags that do nothing."""

    flags: Flags
    paths: tuple[Path, ...]
    warnings: tuple[str, ...]


def parse(words: Sequence[str]) -> Invocation:
    """Reads the words after the target.

    Raises:
        UsageError: a number is none.
    """
    values: dict[str, Any] = {}
    paths, warnings = [], []
    known = {field.name: field.type for field in fields(Flags)}
    for word in words:
        match = _FLAG.fullmatch(word)
        if not word.startswith("-") or word == "-":
            paths.append(Path(word))
        elif match is None or match.group(1) not in {*known, *IGNORED}:
            warnings.append(f"unrecognized flag {word!r}; -help=1 lists the flags")
        elif match.group(1) in IGNORED:
            warnings.append(f"-{match.group(1)} changes nothing here")
        else:
            name, value = match.groups()
            values[name] = value if known[name] == "str" else _number(name, value)
    return Invocation(Flags(**values), tuple(paths), tuple(warnings))


def _number(name: str, value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise UsageError(f"-{name}={value}: {value!r} is no whole number")
    return int(value)


# ---- artifacts -----------------------------------------------------------------------------------


def artifact_kind(verdict: Verdict) -> tuple[str, int]:
    """How the name of an artifact begins, and the exit code that goes with it."""
    if verdict is Verdict.TIMEOUT:
        return "timeout", EXIT_TIMEOUT
    if verdict is Verdict.OUT_OF_MEMORY:
        return "oom", EXIT_MEMORY
    return "crash", int(ExitCode.BUGS_FOUND)


def artifact_path(flags: Flags, verdict: Verdict, data: bytes) -> Path:
    """Where the input that ended so goes."""
    if flags.exact_artifact_path:
        return Path(flags.exact_artifact_path)
    return Path(f"{flags.artifact_prefix}{artifact_kind(verdict)[0]}-{name_of(data)}")


# ---- dictionaries --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Words worth trying, and what was left out and why."""

    words: tuple[bytes, ...]
    skipped: tuple[str, ...]


def load_dictionary(path: Path) -> Dictionary:
    """Reads a dictionary as AFL and libFuzzer have it: `name="value"`, with \\xAB, \\\\ and \\".

    Lines that are none are left out, and said with their place.

    Raises:
        UsageError: it cannot be read, or is too large.
    """
    try:
        text = read_capped(path, DICTIONARY_SIZE_MAX, follow=True).decode("latin-1")
    except InputError as error:
        raise UsageError(f"no dictionary: {error}") from error
    words: dict[bytes, None] = {}
    skipped = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            words.setdefault(_word(line))
        except InputError as error:
            skipped.append(f"{path}:{number}:{error}")
    if len(words) > WORD_COUNT_MAX:
        skipped.append(f"{path}: more than {WORD_COUNT_MAX} words; the rest is left")
    return Dictionary(tuple(words)[:WORD_COUNT_MAX], tuple(skipped))


def dictionary_text(words: Iterable[bytes]) -> str:
    """These words as a dictionary that every tool reads."""
    return "".join(f'"{_escaped(word)}"\n' for word in words)


def _escaped(word: bytes) -> str:
    return "".join(rf"\x{byte:02x}" for byte in word)


def _word(line: str) -> bytes:
    """The value of a line; InputError begins with the column, from 1."""
    start = _LEVEL.match(line)
    if start is None:
        raise InputError('1: not name="value"')
    value, at = bytearray(), start.end()
    while at < len(line) and line[at] != '"':
        if line[at] != "\\":
            value += line[at].encode("latin-1")
            at += 1
        elif line[at + 1 : at + 2] in _ESCAPES:
            value += _ESCAPES[line[at + 1]]
            at += 2
        elif re.fullmatch(r"\\x[0-9a-fA-F]{2}", line[at : at + 4]):
            value.append(int(line[at + 2 : at + 4], 16))
            at += 4
        else:
            raise InputError(f'{at + 1}: a backslash is followed by \\, ", n, r, t or xAB')
    if at == len(line):
        raise InputError(f"{at + 1}: the closing quote is missing")
    rest = line[at + 1 :].strip()
    if rest and not rest.startswith("#"):
        raise InputError(f"{at + 2}: something follows the closing quote")
    if not 0 < len(value) <= WORD_SIZE_MAX:
        raise InputError(f"{start.end()}: a word has 1 to {WORD_SIZE_MAX} bytes")
    return bytes(value)


def no_word(word: bytes) -> str:
    """Why a campaign does not take a word of a dictionary."""
    if 1 <= len(word) <= WORD_SIZE_MAX:
        return f"the dictionary has more than {WORD_COUNT_MAX} words"
    return f"a word of the dictionary has {len(word)} bytes: 1 to {WORD_SIZE_MAX} are allowed"


def length_max(inputs: Iterable[Recipe]) -> int:
    """The longest input that mutation makes where the policy does not say: as libFuzzer, what the
    longest of `inputs` has, and no less than LENGTH_DEFAULT."""
    longest = max((len(recipe.tape) for recipe in inputs if recipe.tape is not None), default=0)
    return min(max(longest, LENGTH_DEFAULT), INPUT_SIZE_MAX)
