"""The values that move between the rooms of fuzzverse: frozen, slotted, without behaviour."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from fuzzverse.kinds import Compare as Compare
from fuzzverse.kinds import MarkKind as MarkKind

# Of an input, in bytes, and of a dictionary; the core refuses what is longer or more.
INPUT_SIZE_MAX: Final = 1 << 20
WORD_SIZE_MAX: Final = 127
WORD_COUNT_MAX: Final = 1 << 14


class Verdict(enum.IntEnum):
    """How a timeline ended. The numbers are those of `enum fv_verdict`."""

    OK = 0
    ASSERTION = 1
    SIGNAL = 2
    SANITIZER = 3
    TIMEOUT = 4
    OUT_OF_MEMORY = 5
    EXIT = 6
    LOST = 7

    @property
    def is_bug(self) -> bool:
        """Whether a timeline that ended so is a bug of the target."""
        return self not in (Verdict.OK, Verdict.LOST)


class Strategy(enum.IntEnum):
    """What chooses the next timeline."""

    RANDOM = 0
    DEPTH_FIRST = 1
    FRONTIER = 2
    TRIALS = 3  # whoever holds the campaign says what runs; not for `run`
    MUTATION = 4
    CENSUS = 5  # inputs alone, to see what each has; not for `run`

    @property
    def explores(self) -> bool:
        """Whether a run may have it."""
        return self not in (Strategy.TRIALS, Strategy.CENSUS)


# Those that a run may have, by the names that users know them by, the youngest first.
STRATEGIES: Final = {
    one.name.lower().replace("_", "-"): one for one in reversed(Strategy) if one.explores
}


class Engine(enum.StrEnum):
    """Who chooses the inputs of a campaign in place of the strategy's own roots."""

    NONE = "none"
    ATHERIS = "atheris"


class Isolation(enum.IntEnum):
    """What keeps a timeline from its siblings. The numbers are those of `enum fv_isolation`."""

    FORK = 0
    REWIND = 1


class IsolationChoice(enum.StrEnum):
    """The isolation that a user asks for. AUTO rewinds and falls back to fork where that will not
    do; REWIND never falls back: where timelines cannot be rewound, the campaign ends."""

    AUTO = "auto"
    REWIND = "rewind"
    FORK = "fork"

    @property
    def isolation(self) -> Isolation:
        """What a campaign begins with."""
        return Isolation.FORK if self is IsolationChoice.FORK else Isolation.REWIND


class SegmentKind(enum.IntEnum):
    """What a segment does. The numbers are those of `enum fv_segment_kind`."""

    RESEED = 0
    ANSWER = 1
    NUDGE = 2
    WILD = 3
    PLAIN = 4


class Maker(enum.IntEnum):
    """How the frontier makes children of a splitpoint. The numbers are those of `enum fv_maker`."""

    RESEED = 0
    EXTREME = 1
    EDIT = 2
    NUDGE = 3
    COMPARE = 4
    LATER = 5
    SPLICE = 6
    WILD = 7
    REPEAT = 8
    MUTATE = 9


@dataclass(frozen=True, slots=True)
class Mark:
    """One assertion site; its identity is kind, message and place."""

    index: int
    kind: MarkKind
    compare: Compare
    message: str
    file: str
    line: int
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class MarkTally:
    """What a campaign saw of one mark.

    `watermark` is left - right of the best comparison so far (None before the first), `width` and
    `condition_count` belong to SometimesAll, `bucket_count` to SometimesEach; `first_timeline` is
    the ordinal of the timeline that first passed it (None: never).
    """

    mark: Mark
    passes: int
    failures: int
    watermark: int | None
    width: int
    condition_count: int
    bucket_count: int
    first_timeline: int | None

    @property
    def never_reached(self) -> bool:
        """Whether no timeline ever evaluated the mark."""
        return self.passes == 0 and self.failures == 0

    @property
    def missing(self) -> bool:
        """Whether the mark must be hit and was not."""
        return self.mark.kind.must_hit and self.passes == 0


@dataclass(frozen=True, slots=True)
class StateTally:
    """A state of the frontier: of which mark, `keys` in words, how many draws the best way there
    takes, how many timelines went on from it (`tries`) and how many of those brought something
    (`hits`). Not `is_open`: every way there ends there."""

    mark: int
    keys: str
    draws: int
    tries: int
    hits: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Effort:
    """Timelines spent on going on from the places of a mark (None: those that only edges speak
    for); as in StateTally."""

    mark: int | None
    places: int
    tries: int
    hits: int


@dataclass(frozen=True, slots=True)
class Survey:
    """Where a campaign has been. `states` are in the order in which they were found (none for
    strategies without); `edges` has the hit-count classes that each edge was seen in (0: never)."""

    states: tuple[StateTally, ...]
    entries: Effort
    edges: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """What happens at draw `count` of the current segment.

    RESEED: `seed` drives a new one, from its draw number `offset` on. WILD: the same, with one draw
    in so many at an extreme of its bound: that number, shifted left by 20 bits, is added to
    `offset`. ANSWER: this draw is `seed` (or the
    largest that it can be); NUDGE: `seed`, modulo 2^64, is added to what it would be. PLAIN: from
    here on draws answer their simplest values, and chances say no.
    """

    count: int
    seed: int
    kind: SegmentKind = SegmentKind.RESEED
    offset: int = 0


SEGMENT: Final = struct.Struct("<QQII")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What replays a timeline: a root seed, or a tape whose hash is the root seed, and segments.

    Deep timelines have hundreds of segments and most are only passed on, so `path` holds them as
    the core has them (u64 count, u64 seed, u32 kind, u32 offset, little-endian).
    """

    root: int
    path: bytes = b""
    tape: bytes | None = None

    @classmethod
    def of(cls, root: int, *segments: Segment, tape: bytes | None = None) -> Recipe:
        """The recipe with these segments."""
        packed = (SEGMENT.pack(s.count, s.seed, s.kind, s.offset) for s in segments)
        return cls(root, b"".join(packed), tape)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, unpacked."""
        return tuple(
            Segment(count, seed, SegmentKind(kind % len(SegmentKind)), offset)
            for count, seed, kind, offset in SEGMENT.iter_unpack(self.path)
        )

    @property
    def segment_count(self) -> int:
        """How many there are."""
        return len(self.path) // SEGMENT.size


@dataclass(frozen=True, slots=True)
class TimelineRecord:
    """A timeline worth telling: productive, a bug, or lost. Totals and hashes are of all of it.

    `mark` is the index of the failed mark (None for other verdicts and for `fv_bug`); `identity`
    is the text that tells bugs of one kind apart (the format of `fv_bug`, the place of a signal).
    """

    ordinal: int
    verdict: Verdict
    signal: int
    exit_code: int
    mark: int | None
    message: str
    identity: str
    recipe: Recipe
    draws: int
    fresh: int
    digest: int


@dataclass(frozen=True, slots=True)
class Trial:
    """How a timeline ended that was asked for by `native.Campaign.add_trials`: child number `child`
    of order number `order` of job number `job`. Else as in TimelineRecord."""

    job: int
    order: int
    child: int
    verdict: Verdict
    signal: int
    exit_code: int
    mark: int | None
    message: str
    identity: str
    draws: int


@dataclass(frozen=True, slots=True)
class TrialOrder:
    """Timelines that share what comes before draw `count` of the last segment of `path` (packed as
    in Recipe), and go on with `tails`. `has_tape`: the tape of the campaign's first input."""

    root: int
    path: bytes
    count: int
    tails: tuple[bytes, ...]
    has_tape: bool = False


@dataclass(frozen=True, slots=True)
class Discovery:
    """A mark told something that the campaign did not know: where, and what.

    `recipe` leads there (None: it is that of the timeline `ordinal`, up to draw number `draws`).
    """

    ordinal: int
    mark: int
    detail: str
    recipe: Recipe | None
    draws: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides a campaign, besides the target build and its inputs.

    Energies and batch sizes count timelines; `timelines` and `roots` are budgets (None: no
    limit); `window` is how many jobs may be under way at once, whatever the number of workers.
    `checkpoints` and `checkpoint_mb` bound what each worker keeps frozen at splitpoints that take
    more than `checkpoint_us` microseconds to reach; they change nothing but the speed.
    `isolation` falls back to fork, for good, where rewinding will not do, unless `must_rewind` is
    set: then the campaign fails. One timeline in `canary` (0: none) is run again by a fresh
    process, and must come out the same. None of that changes what is found.
    An `engine` offers the inputs that are run, each the root of a tree, with a `window` of 1; under
    the frontier it mutates answers instead.
    `until_fresh` ends the campaign when for so many timelines nothing was fresh, and less than one
    in so many is expected to be. `length_max` is how long inputs may be that mutation makes (None:
    4,096, or the longest that it begins with). While `suits_target` is set the strategy is not
    decided yet: whoever opens the target does.
    """

    strategy: Strategy = Strategy.FRONTIER
    engine: Engine = Engine.NONE
    campaign_seed: int = 1
    jobs: int = 1
    window: int = 8
    timelines: int | None = None
    roots: int | None = None
    root_energy: int = 20_000
    mark_energy: int = 1_000
    batch_size: int = 8
    timelines_min: int = 8
    timelines_max: int = 64
    warm_timelines_min: int = 4
    depth_max: int = 60
    deadline_ms: int = 1_000
    memory_mb: int = 2_048
    until_stable: int | None = None
    until_fresh: int | None = None
    isolation: Isolation = Isolation.REWIND
    must_rewind: bool = False
    canary: int = 1_000
    checkpoints: int = 24
    checkpoint_mb: int = 512
    checkpoint_us: int = 10_000
    stop_on_bug: bool = False
    dynamic_marks_max: int = 256
    length_max: int | None = None
    suits_target: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """A campaign at one moment. `verdicts` is indexed by Verdict; `energy` sums what the running
    roots may still spend; `overflows` counts what could not be recorded (records, buckets,
    dynamic marks, states); `stable_roots` how many roots in a row brought nothing fresh; `once` and
    `twice` how many features just one timeline had, and just two; `places` and `nodes` what the
    frontier's archive holds; `unreached` the splitpoints that a replay did not reach; `isolation`
    is the one that jobs have now, `parted` counts the timelines that a runner gave a process of
    their own for a system call (`parted_by`: of the last), `checked` those that canaries checked,
    `jobs_forked` the jobs that began again under fork; `makers` is indexed by Maker: tries and
    yields."""

    timelines: int
    roots: int
    splitpoints: int
    draws: int
    verdicts: tuple[int, ...]
    features: int
    edges_found: int
    edges_total: int
    buckets: int
    alive: int
    energy: int
    productive: int
    fork_failures: int
    overflows: int
    worker_deaths: int
    stable_roots: int
    digest: int
    states: int
    places: int
    nodes: int
    once: int
    twice: int
    unreached: int
    isolation: Isolation
    parted: int
    parted_by: str
    checked: int
    runners: int
    jobs_forked: int
    makers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class RewindProbe:
    """What rewinding asks of the kernel, tried out on this machine.

    Of each, 0 (it works), the errno that came back, or None: not tried, as it needs another that
    failed. `write_protection` is userfaultfd's asynchronous one, `parent_memory` what a process
    may read of its parent.
    """

    userfaultfd: int | None
    write_protection: int | None
    pagemap_scan: int | None
    parent_memory: int | None
    seccomp: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What an input of a census has: number `index`, of `inputs` as the campaign was given them.

    `features` is a uint32 array, in ascending order but for dynamic marks, of at most 200,000.
    `work` says how many edges the timeline passed at least, which stands for the time that it takes
    and does not depend on the machine.
    """

    index: int
    verdict: Verdict
    work: int
    features: npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step of a campaign brought, in campaign order."""

    timelines: tuple[TimelineRecord, ...]
    discoveries: tuple[Discovery, ...]
    finished: bool
    trials: tuple[Trial, ...] = ()
    counted: tuple[Counted, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """One timeline replayed alone. `digest` names its draws, features and verdict; `address` is
    where a signal struck (0: none); `passes`/`failures` are indexed by mark index; `edges` has, of
    each edge, the class of how often it was reached, as one bit (0: never)."""

    verdict: Verdict
    signal: int
    exit_code: int
    mark: int | None
    message: str
    identity: str
    draws: int
    digest: int
    address: int
    passes: tuple[int, ...]
    failures: tuple[int, ...]
    edges: bytes = b""


@dataclass(frozen=True, slots=True)
class Target:
    """A built target as it describes itself; `sanitizer` is "" for a plain build.

    A harness has `LLVMFuzzerTestOneInput` in the place of a simulation: its inputs are bytes.
    """

    path: Path
    name: str
    abi: int
    build_id: str
    edges: int
    modules: tuple[int, ...]
    marks: tuple[Mark, ...]
    sanitizer: str
    fixed_addresses: bool
    is_harness: bool = False
