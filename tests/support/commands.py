"""Finished commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """What --json printed."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Fuzzverse = Callable[..., Done]
