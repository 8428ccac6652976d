"""A campaign that an engine asks: what it offers runs, what that brings it is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fuzzverse import model, native
from fuzzverse.corpus import Corpus
from fuzzverse.engines.process import EngineProcess
from fuzzverse.errors import EngineError

COLLECT_INTERVAL_S: Final = 0.9


class EngineCampaign(native.Campaign):
    """A `native.Campaign` whose inputs come from `engine`; what that keeps goes to `corpus` too.

    Raises EngineError, with the engine's last words, also when it dies, is silent or offers
    garbage.
    """

    def __init__(
        self,
        target: model.Target,
        policy: model.Policy,
        engine: EngineProcess,
        corpus: Path,
        first_root: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(target, policy, (), first_root)
        self._engine = engine
        self._corpus = Corpus(corpus)
        self._clock = clock
        self._collected = clock()
        self._engine.start(self.memory())

    def step(self, timeout_s: float) -> model.Progress:
        """As ever; also keeps what the engine has kept, about once a second."""
        self._engine.check()
        try:
            progress = super().step(timeout_s)
        except EngineError as error:
            raise self._engine.blame(error) from error
        if self._clock() - self._collected >= COLLECT_INTERVAL_S:
            self._collected = self._clock()
            self._engine.collect(self._corpus)
        return progress

    def stop(self) -> model.Progress:
        """As ever; the engine ends first with what it is at."""
        progress = super().stop()
        self.end_engine()
        self._engine.collect(self._corpus)
        self._engine.end()
        return progress

    def close(self) -> None:
        """As ever; the engine is gone before its memory."""
        self._engine.kill()
        super().close()
