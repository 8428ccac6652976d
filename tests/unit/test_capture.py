from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from fuzzverse.capture import LogCapture, LogFilter, shortened


def captured(chunks: list[bytes], size_max: int) -> bytes:
    with LogCapture(size_max) as log:
        for chunk in chunks:
            os.write(log.fd, chunk)
    return log.text


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=10))
def test_a_short_log_is_kept_whole(chunks: list[bytes]) -> None:
    assert captured(chunks, 1_000) == b"".join(chunks)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20), st.integers(2, 60))
def test_of_a_long_log_head_and_tail_are_kept(chunks: list[bytes], size_max: int) -> None:
    whole, half = b"".join(chunks), size_max // 2
    text = captured(chunks, size_max)
    if len(whole) <= 2 * half:
        assert text == whole
    else:
        assert text.startswith(whole[:half])
        assert text.endswith(whole[-half:])
        assert b"%d bytes left out" % (len(whole) - 2 * half) in text


def test_a_hundred_megabytes_take_little() -> None:
    chunk = b"x" * (1 << 16)
    text = captured([chunk] * 1_600, 1 << 20)
    assert len(text) < (1 << 20) + 100


def test_a_filter_passes_changed_lines_on() -> None:
    with LogCapture() as out, LogFilter(out.fd, lambda line: line.replace(b"a", b"b")) as log:
        os.write(log.fd, b"    at a\nan")
        os.write(log.fd, b"na\nrest")
    assert out.text == b"    bt b\nbnnb\nrest"


def test_a_log_that_names_have_made_longer_is_cut_in_its_middle() -> None:
    log = b"".join(b"line %d\n" % number for number in range(1_000))
    assert shortened(log, len(log)) == log
    cut = shortened(log, 100)
    assert cut.startswith(log[:50])
    assert cut.endswith(log[-50:])
    assert f"... {len(log) - 100} bytes left out ...".encode() in cut
