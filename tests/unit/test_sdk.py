from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from fuzzverse import sdk
from fuzzverse.kinds import MarkKind


class Told(SimpleNamespace):
    """In the place of a target's process: keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        super().__init__(
            u64=lambda: 2**64 - 1,
            below=lambda n: n - 1,
            between=lambda low, high: high,
            chance=lambda num, den: num == den,
            pick=lambda label, n: n - 1,
            bytes=lambda n: b"\xff" * n,
        )
        for name in ("mark_bool", "mark_numeric", "mark_all", "mark_each", "bug", "log"):
            setattr(self, name, self._keep(name))

    def _keep(self, name: str) -> Callable[..., None]:
        return lambda *values: self.calls.append((name, *values))


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()
    monkeypatch.setattr(sdk, "_target", told)
    monkeypatch.setattr(sdk.Timeline, "running", True)
    monkeypatch.setattr(sdk.Timeline, "folder", "/some/folder")
    return told


@pytest.mark.parametrize(
    "call",
    [
        sdk.u64,
        lambda: sdk.below(3),
        lambda: sdk.between(1, 2),
        lambda: sdk.chance(1, 2),
        lambda: sdk.pick("x", [1]),
        lambda: sdk.bytes(1),
        lambda: sdk.buggify(1, 2),
        lambda: sdk.always(True, "m"),
        lambda: sdk.sometimes_each("m", {"k": 1}),
        lambda: sdk.bug("m"),
    ],
)
def test_outside_of_a_timeline_it_says_where_it_belongs(call: Callable[[], object]) -> None:
    with pytest.raises(sdk.NoTargetError, match=r"fuzzverse run FILE\.py"):
        call()
    sdk.log("words are free")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sdk.below(0), "below"),
        (lambda: sdk.between(2, 1), "nothing between"),
        (lambda: sdk.chance(1, 0), "must be positive"),
        (lambda: sdk.pick("x", []), "nothing to pick from"),
    ],
)
def test_draws_without_meaning_are_refused(
    target: Told, call: Callable[[], object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_random_numbers_are_draws(target: Told) -> None:
    luck = sdk.Random(1)
    assert luck.random() == 1 - 2**-53
    assert [luck.getrandbits(k) for k in (0, 1, 63, 64, 65)] == [
        0,
        1,
        2**63 - 1,
        2**64 - 1,
        2**65 - 1,
    ]
    luck.seed(3)
    assert luck.randrange(10) in range(10)
    assert luck.choice("abc") in "abc"


def test_marks_name_the_line_that_made_them(target: Told) -> None:
    scope = {"sdk": sdk}
    source = "\nsdk.always(True, 'one')\nsdk.sometimes_gt(3, 2, 'two')\n"
    exec(compile(source, "/some/folder/inner/it.py", "exec"), scope)
    exec(compile("sdk.reachable('three')", "/other/it.py", "exec"), scope)
    assert target.calls == [
        ("mark_bool", (MarkKind.ALWAYS, 0, "one", "inner/it.py", 2), True),
        ("mark_numeric", (MarkKind.SOMETIMES_NUMERIC, 1, "two", "inner/it.py", 3), 3, 2),
        ("mark_bool", (MarkKind.REACHABLE, 0, "three", "/other/it.py", 1), True),
    ]


def test_names_and_values_keep_their_order(target: Told) -> None:
    sdk.sometimes_each("each", {"b": 2, "a": 1}, {"q": 3})
    sdk.sometimes_all("all", {"yes": True, "no": False})
    assert [call[2:] for call in target.calls] == [
        ((("b", 2), ("a", 1)), (("q", 3),)),
        ((("yes", 1), ("no", 0)),),
    ]


def test_bugs_are_told_apart_by_what_is_not_filled_in(target: Told) -> None:
    with pytest.raises(AssertionError):
        sdk.bug("lost %d of %s", 3, "a\0b")
    sdk.log("at %d %%", 5)
    sdk.log("at 5 %")
    assert target.calls == [
        ("bug", "lost %d of %s", "lost 3 of a\\0b"),
        ("log", "at 5 %"),
        ("log", "at 5 %"),
    ]
