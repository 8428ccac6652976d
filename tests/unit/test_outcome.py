from __future__ import annotations

from collections.abc import Callable

from fuzzverse.model import Totals
from fuzzverse.outcome import Bug, Summary, is_leak


def test_the_shorter_recipe_has_fewer_segments_then_draws_then_text(
    make_bug: Callable[..., Bug],
) -> None:
    best_first = [
        make_bug(segments=1, draws=9, recipe="9@9"),
        make_bug(segments=2, draws=3, recipe="1@1 -> 1@1"),
        make_bug(segments=2, draws=3, recipe="1@1 -> 1@2"),
        make_bug(segments=2, draws=4, recipe="0@0 -> 0@0"),
    ]
    shuffled = [best_first[2], best_first[3], best_first[0], best_first[1]]
    assert sorted(shuffled, key=lambda bug: bug.length) == best_first


def test_the_digest_has_sixteen_digits_and_no_time_is_no_rate(
    make_summary: Callable[..., Summary], make_totals: Callable[..., Totals]
) -> None:
    summary = make_summary(seconds=0.0, totals=make_totals(digest=255))
    assert summary.digest == "00000000000000ff"
    assert summary.timelines_per_second == 0.0


def test_a_leak_is_told_from_what_cannot_be_rewound_at_all() -> None:
    assert is_leak("rewinding leaks: a fresh process differs at draw 7")
    assert not is_leak("the target makes threads or processes (clone3)")
    assert not is_leak("")
