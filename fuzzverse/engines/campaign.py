"""A campaign that an engine asks: what it offers runs, what that brings it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from fuzzverse import model, native
from fuzzverse.corpus import Corpus
from fuzzverse.engines.process import EngineProcess
from fuzzverse.errors import EngineError

COLLECT_INTERVAL_S: Final = 0.9


class EngineCampaign(native.Campaign):
    """A `native.Campaign` whose inputs come from `engine`; what that keeps goes to `corpus` too.

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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mutates = policy.strategy is model.Strategy.FRONTIER
        super().__init__(target, policy, inputs if self._mutates else (), first_root)
        self._engine = engine
        self._corpus = Corpus(corpus)
        self._clock = clock
        self._collected = clock()
        self._engine.start(self.memory())
        for pid in self._engine.pids():
            self.watch_engine(pid)

    def step(self, timeout_s: float) -> model.Progress:
        """As ever; also keeps what the engine has kept, about once a second."""
        self._engine.check()
        try:
            progress = super().step(timeout_s)
        except EngineError as error:
            self._engine.check()
            raise self._engine.blame(error) from error
        if not self._mutates and self._clock() - self._collected >= COLLECT_INTERVAL_S:
            self._collected = self._clock()
            self._engine.collect(self._corpus)
        return progress

    def stop(self) -> model.Progress:
        """As ever; the engine ends first with what it is at."""
        progress = super().stop()
        self.end_engine()
        if not self._mutates:
            self._engine.collect(self._corpus)
        self._engine.end()
        return progress

    def close(self) -> None:
        """As ever; the engine is gone before its memory."""
        self._engine.kill()
        super().close()
