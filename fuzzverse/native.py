"""The only importer of the extension: C structs come in, values of `model` go out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fuzzverse import libfuzzer, model, records
from fuzzverse._native import ffi, lib
from fuzzverse.errors import EngineError, InputError

ABI: int = lib.fv_core_abi()
ABI_MARKER: bytes = ffi.string(lib.fv_core_abi_marker())
INPUT_HEADER = b"fuzzverse recipe 1\n"

_SEGMENTS_MAX = 1024
_SEGMENT_BYTES = 24
_SEGMENT_TEXT_BYTES = 64
_TEXT_BYTES = _SEGMENTS_MAX * _SEGMENT_TEXT_BYTES
_ERROR_BYTES = 256
_RECORD_BUFFER_BYTES = 1 << 22
_PIDS_MAX = 64
_STATES_AT_ONCE = 1_024
_MARKS_MAX = 1 << 14
_U64_MAX = 2**64 - 1


# ---- recipes and inputs -------------------------------------------------------------------------


def child_seed(parent: int, mark_name: str, index: int) -> int:
    """Seed of child `index` of a splitpoint: FNV-1a over name, parent seed and index."""
    return lib.fv_mix_child_seed(parent, mark_name.encode(), index)


def root_seed(campaign_seed: int, ordinal: int) -> int:
    """Root seed number `ordinal` of a campaign."""
    return lib.fv_mix_root_seed(campaign_seed, ordinal)


def recipe_text(recipe: model.Recipe) -> str:
    """The path of a recipe, like `151@8837201 -> 80@1293847`; "" without segments."""
    if not recipe.path:
        return ""
    to = ffi.new("char[]", min(_TEXT_BYTES, (recipe.segment_count + 1) * _SEGMENT_TEXT_BYTES))
    n = lib.fv_core_print_path(recipe.path, recipe.segment_count, to)
    return bytes(ffi.buffer(to, n)).decode()


def recipe_parse(root: int, text: str) -> model.Recipe:
    """The recipe with this root seed and path. Raises InputError."""
    if not 0 <= root <= _U64_MAX:
        raise InputError(f"root seed {root} is not in 0..2^64-1")
    data = text.encode()
    packed = ffi.new("uint8_t[]", _SEGMENT_BYTES * _SEGMENTS_MAX)
    n = lib.fv_core_parse_path(data, len(data), packed, _SEGMENTS_MAX)
    if n < 0:
        shown = text if len(text) <= 60 else text[:57] + "..."
        raise InputError(f"no recipe (like 151@8837201 -> 80@1293847): {shown!r}")
    return model.Recipe(root, bytes(ffi.buffer(packed, n * _SEGMENT_BYTES)))


def input_bytes(recipe: model.Recipe) -> bytes:
    """The input that replays a recipe; a tape without segments is its own bytes."""
    tape = recipe.tape
    if tape is not None and not recipe.path and not tape.startswith(INPUT_HEADER):
        return tape
    origin = f"root {recipe.root}" if tape is None else f"tape {tape.hex()}"
    path = recipe_text(recipe)
    return (
        INPUT_HEADER
        + f"{origin}\n{f'path {path}' if path else ''}".encode()
        + (b"\n" if path else b"")
    )


def input_parse(data: bytes) -> model.Recipe:
    """What an input replays: with the header a recipe, else a tape. Raises InputError."""
    root = ffi.new("uint64_t *")
    packed = ffi.new("uint8_t[]", _SEGMENT_BYTES * _SEGMENTS_MAX)
    # A tape is no longer than what it is read from.
    tape = ffi.new("uint8_t[]", min(len(data), model.INPUT_SIZE_MAX) + 1)
    tape_size = ffi.new("int64_t *")
    n = lib.fv_core_parse_input(data, len(data), root, packed, _SEGMENTS_MAX, tape, tape_size)
    if n < 0:
        what = "a broken recipe" if data.startswith(INPUT_HEADER) else "a tape past 1 MiB"
        raise InputError(f"the input is {what}")
    size = tape_size[0]
    return model.Recipe(
        root[0],
        bytes(ffi.buffer(packed, n * _SEGMENT_BYTES)),
        bytes(ffi.buffer(tape, size)) if size >= 0 else None,
    )


# ---- feature maps -------------------------------------------------------------------------------

Map = npt.NDArray[np.uint8]


def map_classify(counters: Map) -> Map:
    """Hit-count classes, one bit each, of 8-bit counters; same shape."""
    to = np.zeros_like(counters)
    lib.fv_map_classify(
        ffi.from_buffer("uint8_t[]", to),
        ffi.from_buffer("uint8_t[]", counters),
        counters.size,
        0,
    )
    return to


def map_fresh(explored: Map, slot: Map) -> int:
    """How many features of `slot` are not in `explored`; changes nothing. Equal shapes."""
    return lib.fv_map_fresh(
        ffi.from_buffer("uint8_t[]", explored), ffi.from_buffer("uint8_t[]", slot), slot.size
    )


def map_merge(explored: Map, slot: Map) -> int:
    """explored |= slot; returns how many features were fresh. Equal shapes."""
    return lib.fv_map_merge(
        ffi.from_buffer("uint8_t[]", explored), ffi.from_buffer("uint8_t[]", slot), slot.size
    )


# ---- campaigns ----------------------------------------------------------------------------------


class Campaign:
    """A running campaign: a session of zygotes and the native loop that keeps them busy.

    Belongs to the thread that opened it: the workers die with that thread. Raises EngineError
    when the target cannot be started, refuses the session, or the machinery fails.
    """

    def __init__(
        self,
        target: model.Target,
        policy: model.Policy,
        inputs: Sequence[model.Recipe] = (),
        first_root: int = 0,
        words: Sequence[bytes] = (),
    ) -> None:
        self._marks = target.marks
        self._edges = target.edges
        # Their discoveries are told after the timeline that made them.
        self._is_told_later = policy.strategy in (
            model.Strategy.FRONTIER,
            model.Strategy.MUTATION,
        )
        self._tapes: dict[int, bytes | None] = {
            r.root: r.tape for r in inputs if r.tape is not None
        }
        self._buffer = ffi.new("uint8_t[]", _RECORD_BUFFER_BYTES)
        error = ffi.new("char[]", _ERROR_BYTES)
        infos = ffi.new("struct fv_mark_info[]", max(1, len(target.marks)))
        for info, mark in zip(infos, target.marks, strict=False):
            info.kind, info.compare = mark.kind, mark.compare
        plan = _plan(target, policy, first_root)
        plan.length_max = policy.length_max or libfuzzer.length_max(inputs)
        self._campaign = lib.fv_campaign_open(os.fsencode(target.path), plan, infos, error)
        if self._campaign == ffi.NULL:
            raise EngineError(f"{target.path}: {_text(ffi.string(error))}")
        for recipe in inputs:
            data = input_bytes(recipe)
            if lib.fv_campaign_add_input(self._campaign, data, len(data)) != 0:
                self.close()
                raise EngineError(f"{target.path}: an input is no recipe and no tape")
        for word in words:
            if lib.fv_campaign_add_word(self._campaign, word, len(word)) != 0:
                self.close()
                raise EngineError(libfuzzer.no_word(word))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def step(self, timeout_s: float) -> model.Progress:
        """Runs the native loop, GIL released, for at most `timeout_s`; returns early on a bug."""
        state = lib.fv_campaign_step(self._campaign, int(timeout_s * 1000))
        if state < 0:
            raise EngineError(_text(ffi.string(lib.fv_campaign_error(self._campaign))))
        return records.progress(self._records(), finished=state > 0)

    def add_trials(self, orders: Sequence[model.TrialOrder], draws_max: int | None = None) -> None:
        """Adds a job to a campaign of the strategy TRIALS; jobs are numbered from 0.

        A timeline that would draw more than `draws_max` times ends well there (None: none does).
        A job holds at most 64 orders, 1,024 tails and 8,192 segments; 64 jobs may wait. How each
        timeline ended comes with a step; one whose splitpoint is not reached does not. Raises
        EngineError when there is no room.
        """
        wishes = ffi.new("struct fv_trial_order[]", len(orders))
        tails: list[int] = []
        parts: list[bytes] = []
        for wish, order in zip(wishes, orders, strict=True):
            wish.root, wish.count, wish.has_tape = order.root, order.count, order.has_tape
            wish.segment_count = len(order.path) // _SEGMENT_BYTES
            wish.child_count = len(order.tails)
            tails += [len(tail) // _SEGMENT_BYTES for tail in order.tails]
            parts += [order.path, *order.tails]
        segments = b"".join(parts)
        if lib.fv_campaign_add_trials(
            self._campaign,
            wishes,
            len(orders),
            ffi.new("uint32_t[]", tails),
            len(tails),
            segments,
            len(segments) // _SEGMENT_BYTES,
            draws_max or 0,
        ):
            raise EngineError(f"no job of trials: {len(orders)} orders with {len(tails)} tails")

    def stop(self) -> model.Progress:
        """Ends every timeline under way, within two seconds; returns what they had brought."""
        lib.fv_campaign_stop(self._campaign)
        return records.progress(self._records(), finished=True)

    def totals(self) -> model.Totals:
        """The campaign at this moment: folded jobs and those under way."""
        report = ffi.new("struct fv_campaign_report *")
        lib.fv_campaign_get_report(self._campaign, report)
        return model.Totals(
            timelines=report.timelines,
            roots=report.roots,
            splitpoints=report.splitpoints,
            draws=report.draws,
            verdicts=tuple(report.verdicts),
            features=report.features,
            edges_found=report.edges_found,
            edges_total=self._edges,
            buckets=report.buckets,
            alive=report.alive,
            energy=report.energy,
            productive=report.productive,
            fork_failures=report.fork_failures,
            overflows=report.overflows,
            worker_deaths=report.worker_deaths,
            stable_roots=report.stable_roots,
            digest=report.digest,
            states=report.states,
            places=report.places,
            nodes=report.nodes,
            once=report.once,
            twice=report.twice,
            unreached=report.unreached,
            isolation=model.Isolation(report.isolation),
            parted=report.parted,
            parted_by=_text(ffi.string(report.parted_by)),
            checked=report.checked,
            runners=report.runners,
            jobs_forked=report.jobs_forked,
            makers=tuple(zip(report.maker_tries, report.maker_yields, strict=True)),
        )

    def unfit(self) -> str:
        """Why timelines are not rewound although they were to be; empty while they are."""
        return _text(ffi.string(lib.fv_campaign_unfit(self._campaign)))

    def tallies(self) -> tuple[model.MarkTally, ...]:
        """What was seen of each mark, sites first, then dynamic marks."""
        reports = ffi.new("struct fv_mark_report[]", self._mark_count())
        n = lib.fv_campaign_get_marks(self._campaign, reports, len(reports))
        return tuple(self._tally(i, reports[i]) for i in range(n))

    def sightings(self, verdict: model.Verdict, identity: str) -> int:
        """How often a bug of this verdict and identity was seen; repeats are not recorded."""
        return lib.fv_campaign_sightings(self._campaign, verdict, identity.encode())

    def explored(self) -> Map:
        """The explored map of the folded jobs, eight features a byte; a view, not a copy."""
        size = ffi.new("size_t *")
        data = lib.fv_campaign_explored(self._campaign, size)
        view: Map = np.frombuffer(ffi.buffer(data, size[0]), dtype=np.uint8)
        view.flags.writeable = False
        return view

    def survey(self) -> model.Survey:
        """Where the campaign has been and what it spent there, of folded jobs alone."""
        report = ffi.new("struct fv_state_report *")
        lib.fv_campaign_get_entries(self._campaign, report)
        edges = ffi.new("uint8_t[]", max(1, self._edges))
        n = lib.fv_campaign_get_edges(self._campaign, edges, self._edges)
        entries = model.Effort(None, report.draws, report.tries, report.hits)
        return model.Survey(self._states(), entries, bytes(ffi.buffer(edges, n)))

    def _states(self) -> tuple[model.StateTally, ...]:
        reports = ffi.new("struct fv_state_report[]", _STATES_AT_ONCE)
        found: list[model.StateTally] = []
        while n := lib.fv_campaign_get_states(self._campaign, len(found), reports, len(reports)):
            found += [_state(reports[i]) for i in range(n)]
        return tuple(found)

    def memory(self) -> int:
        """The descriptor of the memory that an engine maps; the campaign's own."""
        return lib.fv_campaign_memory(self._campaign)

    def watch_engine(self, pid: int) -> None:
        """Has the end of an engine, a child of this process, noticed also within a step."""
        lib.fv_campaign_watch_engine(self._campaign, pid)

    def end_engine(self) -> None:
        """Lets the engine end with what it is at, within a second."""
        lib.fv_campaign_end_engine(self._campaign)

    def worker_pids(self) -> tuple[int, ...]:
        """The process ids of the zygotes."""
        pids = ffi.new("int32_t[]", _PIDS_MAX)
        return tuple(pids[i] for i in range(lib.fv_campaign_pids(self._campaign, pids, _PIDS_MAX)))

    def close(self) -> None:
        """Kills the workers and frees everything; views of the explored map end here."""
        if self._campaign != ffi.NULL:
            lib.fv_campaign_close(self._campaign)
            self._campaign = ffi.NULL

    def _mark_count(self) -> int:
        report = ffi.new("struct fv_campaign_report *")
        lib.fv_campaign_get_report(self._campaign, report)
        return max(1, min(int(report.mark_count), 2 * _MARKS_MAX))

    def _tally(self, index: int, report: Any) -> model.MarkTally:
        if index < len(self._marks):
            mark = self._marks[index]
        else:
            mark = model.Mark(
                index=index,
                kind=model.MarkKind(report.kind),
                compare=model.Compare(min(report.compare, model.Compare.LE)),
                message=_text(ffi.string(report.message)),
                file=_text(ffi.string(report.file)),
                line=report.line,
                dynamic=True,
            )
        return model.MarkTally(
            mark=mark,
            passes=report.passes,
            failures=report.failures,
            watermark=report.watermark if report.has_watermark else None,
            width=report.width,
            condition_count=report.condition_count,
            bucket_count=report.bucket_count,
            first_timeline=report.first_ordinal - 1 if report.first_ordinal else None,
        )

    def _records(self) -> Iterator[records.Record]:
        while n := lib.fv_campaign_take_records(self._campaign, self._buffer, _RECORD_BUFFER_BYTES):
            data = memoryview(ffi.buffer(self._buffer, n))
            yield from records.parse(data, self._tapes, is_told_later=self._is_told_later)


def replay(
    target: model.Target,
    recipe: model.Recipe,
    *,
    log_fd: int,
    draws: bool = False,
    deadline_ms: int = 10_000,
    memory_mb: int = 2_048,
) -> model.Replay:
    """Runs one timeline alone, in one process that never forks; its output goes to `log_fd`.

    Raises EngineError when the target cannot be started.
    """
    n = max(1, len(target.marks))
    error = ffi.new("char[]", _ERROR_BYTES)
    report = ffi.new("struct fv_replay_report *")
    passes, failures = ffi.new("uint32_t[]", n), ffi.new("uint32_t[]", n)
    edges = ffi.new("uint8_t[]", max(1, target.edges))
    counts = ffi.new("struct fv_replay_counts *", (passes, failures, edges))
    policy = model.Policy(deadline_ms=deadline_ms, memory_mb=memory_mb)
    plan = _plan(target, policy, 0)
    path, data = os.fsencode(target.path), input_bytes(recipe)
    if lib.fv_replay_run(path, plan, data, len(data), log_fd, draws, report, counts, error):
        raise EngineError(f"{target.path}: {_text(ffi.string(error))}")
    return model.Replay(
        verdict=model.Verdict(report.verdict),
        signal=report.signal,
        exit_code=report.exit_code,
        mark=report.mark if report.mark >= 0 else None,
        message=_text(ffi.string(report.message)),
        identity=_text(ffi.string(report.identity)),
        draws=report.draws,
        digest=report.digest,
        address=report.address,
        passes=tuple(passes)[: len(target.marks)],
        failures=tuple(failures)[: len(target.marks)],
        edges=bytes(ffi.buffer(edges, target.edges)),
    )


def run_driver(memory: int, library: str, inputs: int, arguments: Sequence[str]) -> None:
    """Turns this process into an engine: the libFuzzer in a shared library, with arguments from
    its argv[0] on, serves the campaign whose memory that is, a descriptor; it begins with so many
    inputs. It ends the process.

    Raises EngineError when it cannot begin.
    """
    error = ffi.new("char[]", _ERROR_BYTES)
    words = [ffi.new("char[]", os.fsencode(one)) for one in arguments]
    argv = ffi.new("char *[]", [*words, ffi.NULL])
    if lib.fv_driver_run(memory, os.fsencode(library), inputs, len(words), argv, error):
        raise EngineError(f"the engine cannot begin: {_text(ffi.string(error))}")


def handover_us(round_trips: int) -> float:
    """Microseconds that two processes take to wake each other once, there and back.

    Raises EngineError when no process can be forked.
    """
    spent = lib.fv_floor_handover_ns(round_trips)
    if spent == 0:
        raise EngineError("no process can be forked to measure with (see ulimit -u)")
    return spent / 1000 / round_trips


def probe_rewinding() -> model.RewindProbe:
    """Tries out, in processes of its own, what rewinding asks of the kernel."""
    report = ffi.new("struct fv_probe_report *")
    lib.fv_probe_rewinding(report)

    def tried(error: int) -> int | None:
        return error if error >= 0 else None

    return model.RewindProbe(
        userfaultfd=tried(report.userfaultfd),
        write_protection=tried(report.write_protection),
        pagemap_scan=tried(report.pagemap_scan),
        parent_memory=tried(report.parent_memory),
        seccomp=tried(report.seccomp),
    )


def _plan(target: model.Target, policy: model.Policy, first_root: int) -> Any:
    plan = ffi.new("struct fv_plan *")
    plan.strategy = policy.strategy
    plan.jobs = policy.jobs
    plan.window = policy.window
    plan.batch_size = policy.batch_size
    plan.timelines_min = policy.timelines_min
    plan.timelines_max = policy.timelines_max
    plan.warm_timelines_min = policy.warm_timelines_min
    plan.depth_max = policy.depth_max
    plan.stop_on_bug = policy.stop_on_bug
    plan.edge_count = target.edges
    plan.site_count = len(target.marks)
    plan.dynamic_max = policy.dynamic_marks_max
    plan.deadline_ms = policy.deadline_ms
    plan.memory_mb = policy.memory_mb
    plan.campaign_seed = policy.campaign_seed
    plan.first_root = first_root
    plan.timelines = policy.timelines or 0
    plan.roots = policy.roots or 0
    plan.until_stable = policy.until_stable or 0
    plan.until_fresh = policy.until_fresh or 0
    plan.checkpoints = policy.checkpoints
    plan.checkpoint_mb = policy.checkpoint_mb
    plan.checkpoint_us = policy.checkpoint_us
    plan.isolation = policy.isolation
    plan.canary = policy.canary
    plan.engine = _engine(policy)
    plan.root_energy = policy.root_energy
    plan.mark_energy = policy.mark_energy
    return plan


def _engine(policy: model.Policy) -> int:
    """enum fv_engine"""
    if policy.engine is model.Engine.NONE:
        return 0
    return 2 if policy.strategy is model.Strategy.FRONTIER else 1


def _state(report: Any) -> model.StateTally:
    return model.StateTally(
        mark=report.mark,
        keys=_text(ffi.string(report.keys)),
        draws=report.draws,
        tries=report.tries,
        hits=report.hits,
        is_open=bool(report.is_open),
    )


def _text(data: bytes | memoryview) -> str:
    return str(data, "utf-8", "replace")
