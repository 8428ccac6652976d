"""Everything that the SDK has, once a timeline; what goes wrong is drawn."""

from __future__ import annotations

import json
import os
import random
import threading
import time

import every_beside  # type: ignore[import-not-found]

from fuzzverse import sdk


def recurse() -> None:
    recurse()


def endings(which: int) -> None:
    if which == 1:
        sdk.bug("number %d is bad", sdk.below(3))
    if which == 2:
        json.loads("[1, 2")
    if which == 3:
        recurse()
    if which == 4:
        threading.Thread(target=print).start()
    if which == 5:
        raise SystemExit(3)
    if which == 6:
        sdk.chance(1, 0)
    every_beside.work(which)


def draws() -> None:
    seen = [
        sdk.u64(),
        sdk.below(10),
        sdk.between(-3, 3),
        sdk.bytes(3),
        sdk.pick("word", ["a", "b"]),
    ]
    seen += [random.randrange(10), random.choice("abc"), random.random(), os.urandom(9)]
    start = time.monotonic()
    time.sleep(5)
    assert time.monotonic() - start >= 5
    sdk.log("drawn %s", seen)


class Thing:
    """Hashed by its address."""


def target() -> None:
    draws()
    things = [Thing() for _ in range(40)]
    order = [things.index(one) for one in set(things)]
    sdk.sometimes_each("order", {"first": order[0], "last": order[-1]})
    number = sdk.below(16)
    sdk.always_gt(number, -1, "gt")
    sdk.always_ge(number, 0, "ge")
    sdk.always_lt(number, 16, "lt")
    sdk.always_le(number, 15, "le")
    sdk.sometimes_gt(number, 3, "gt")
    sdk.sometimes_ge(number, 3, "ge")
    sdk.sometimes_lt(number, 3, "lt")
    sdk.sometimes_le(number, 3, "le")
    sdk.sometimes_all("both", {"odd": number % 2 == 1, "high": number > 7})
    sdk.sometimes_each("halves", {"half": number // 8}, {"number": number})
    sdk.reachable("got here")
    sdk.always_or_unreachable(True, "holds")
    if sdk.buggify(1, 2):
        sdk.log("a fault")
    if number == 15:
        sdk.unreachable("fifteen")
    endings(number)
