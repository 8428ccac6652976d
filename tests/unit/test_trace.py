from __future__ import annotations

import os
from collections.abc import Callable

from fuzzverse.model import Recipe, Replay, Target
from fuzzverse.trace import Draw, draws_in, trace

LOG = b"""floor 1
  draw 0 move = 3 of 4 at 0x55555555f09e 0x5555555584e4
  draw 1 chance = 23 of 100, no at 0x55555555eb9e
  draw 2 chance = 1 of 100, yes
  draw 7 below = 1 of 2
  draw 3 u64 = 18446744073709551615
  draw 4 a = b = 0 of 9
  draw 5 below = 1 of 2 at nowhere
"""


def test_draws_are_read_in_order() -> None:
    found = draws_in(LOG)
    assert found == [
        Draw(0, "move", 3, 4, None, (0x55555555F09E, 0x5555555584E4)),
        Draw(1, "chance", 23, 100, False, (0x55555555EB9E,)),
        Draw(2, "chance", 1, 100, True, ()),
        Draw(3, "u64", 2**64 - 1, 0, None, ()),
        Draw(4, "a = b", 0, 9, None, ()),
    ]
    assert [draw.is_plain for draw in found] == [False, True, False, False, True]
    words = ["move = 3 of 4", "chance = 23 of 100, no", "chance = 1 of 100, yes"]
    assert [draw.words for draw in found[:3]] == words


class Engine:
    """Logs what it is to log."""

    def __init__(self, answer: Replay) -> None:
        self.answer = answer

    def replay(
        self,
        target: Target,
        recipe: Recipe,
        *,
        log_fd: int,
        draws: bool = False,
        deadline_ms: int = 10_000,
        memory_mb: int = 2_048,
    ) -> Replay:
        assert draws
        assert (deadline_ms, memory_mb) == (77, 88)
        os.write(log_fd, LOG)
        return self.answer

    def recipe_text(self, recipe: Recipe) -> str:
        return str(recipe)

    def input_bytes(self, recipe: Recipe) -> bytes:
        return bytes(recipe.path)


def test_a_replay_is_traced(target: Target, make_replay: Callable[..., Replay]) -> None:
    answer = make_replay()
    replay, draws = trace(Engine(answer), target, Recipe.of(1), 77, 88)
    assert replay is answer
    assert len(draws) == 5
