"""A campaign that an engine asks: what it offers runs, what that brings it is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fuzzverse import model, native
from fuzzverse.corpus import Corpus
from fuzzverse.engines.process import EngineProcess
from fuzzverse.errors import EngineError


class EngineCampaign(native.Campaign):
    """A `native.Campaign` whose inputs come from `engine`; what that keeps goes to `corpus` too,
    in the end: until then it may replace an input by a smaller one.

    Under the frontier `inputs` run first, as ever, and the engine's mutators make children.

    Raises EngineError, with the engine's last words, also when it dies, is silent or offers
    garbage.
    """

    def __init__(
        self,
        target: model.Target,
        policy: model.Policy,
        engine: EngineProcess,
        corpus: Path,
        inputs: Sequence[model.Recipe] = (),
        first_root: int = 0,
    ) -> None:
        self._mutates = policy.strategy is model.Strategy.FRONTIER
        super().__init__(target, policy, inputs if self._mutates else (), first_root)
        self._engine = engine
        self._corpus = Corpus(corpus)
        self._engine.start(self.memory())
        for pid in self._engine.pids():
            self.watch_engine(pid)

    def step(self, timeout_s: float) -> model.Progress:
        """As ever."""
        self._engine.check()
        try:
            return super().step(timeout_s)
        except EngineError as error:
            self._engine.check()
            raise self._engine.blame(error) from error

    def stop(self) -> model.Progress:
        """As ever; the engine ends first with what it is at."""
        progress = super().stop()
        self.end_engine()
        self._collect()
        self._engine.end()
        return progress

    def close(self) -> None:
        """As ever; the engine is gone before its memory, and what it had kept is kept."""
        self._engine.kill()
        try:
            self._collect()
        finally:
            super().close()

    def _collect(self) -> None:
        if not self._mutates:
            self._engine.collect(self._corpus)
