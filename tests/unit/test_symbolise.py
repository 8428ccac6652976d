from __future__ import annotations

import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.model import Target
from fuzzverse.symbolise import PIE_BASES, Frame, LoggedStacks, Places, file_address
from fuzzverse.toolchain import find_compiler, find_tool


@pytest.fixture
def built(tmp_path: Path, target: Target) -> Target:
    source, path = tmp_path / "p.c", tmp_path / "p"
    source.write_text("int crash(int *p) {\n  return *p;\n}\nint main(void) { return 0; }\n")
    subprocess.run([find_compiler().path, "-g", "-pie", "-fPIE", source, "-o", path], check=True)
    return replace(target, path=path)


def address_of(path: Path, name: str) -> int:
    listed = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0], 16) for line in listed.splitlines() if line.endswith(name))


def test_an_address_of_a_moved_executable_finds_its_line(built: Target) -> None:
    inside = PIE_BASES[0] + address_of(built.path, " crash")
    with Places(find_tool("llvm-symbolizer"), built) as places:
        (frame,) = places.frames(inside)
        assert (frame.function, frame.line, frame.start) == ("crash", 1, 1)
        assert frame.file.endswith("/p.c")
        assert places.offset(inside) == inside - PIE_BASES[0]


def test_only_fixed_addresses_of_moved_executables_are_moved_back(
    built: Target, tmp_path: Path
) -> None:
    address = PIE_BASES[0] + 0x1234
    assert file_address(built, address) == 0x1234
    assert file_address(replace(built, fixed_addresses=False), address) is None
    assert file_address(built, 0x7FFF_0000_0000) is None
    header = bytearray(built.path.read_bytes())
    struct.pack_into("<H", header, 16, 2)
    static = tmp_path / "static"
    static.write_bytes(header)
    assert file_address(replace(built, path=static), 0x401234) == 0x401234
    assert file_address(replace(built, path=static), address) is None


@pytest.mark.parametrize("address", [0, 0x1234, 0x7FFF_0000_0000])
def test_what_is_not_known_is_said_with_nothing(built: Target, address: int) -> None:
    for symbolizer in (None, Path("/absent/llvm-symbolizer"), find_tool("llvm-symbolizer")):
        with Places(symbolizer, built) as places:
            assert places.frames(address) == ()
            assert places.offset(address) == address


def test_an_answer_that_is_not_understood_is_none(built: Target, tmp_path: Path) -> None:
    for answer in ("", "nonsense", "[]", '{"Symbol": [{"FunctionName": "f"}]}', '{"Symbol": 1}'):
        liar = tmp_path / "liar"
        liar.write_text(f"#!/bin/sh\nread line\necho '{answer}'\n")
        liar.chmod(0o755)
        with Places(liar, built) as places:
            assert places.frames(PIE_BASES[0] + 0x1000) == ()


def test_frames_of_the_runtime_are_known_by_their_files() -> None:
    assert Frame("fv_u64", "/src/a/native/runtime/draw.c", 1, 1).is_ours
    assert Frame("malloc", "native/heap/heap.c", 1, 1).is_ours
    assert not Frame("insert", "/src/native/engine/runtime/b.c", 1, 1).is_ours


def test_logged_stacks_get_names(built: Target) -> None:
    inside = PIE_BASES[0] + address_of(built.path, " crash")
    log = b"one\n    at 0x%x\n    at 0x7fff00000000\nat 0x%x\n" % (inside, inside)
    with Places(find_tool("llvm-symbolizer"), built) as places:
        stacks = LoggedStacks(places)
        lines = stacks.named(log).decode().splitlines()
        assert stacks.named(log).decode().splitlines() == lines
    assert lines[0] == "one"
    assert lines[1].startswith("    at crash in ")
    assert "p.c:1" in lines[1]
    assert lines[2:] == ["    at 0x7fff00000000", f"at 0x{inside:x}"]


def test_without_a_symbolizer_stacks_stay_as_they_are(built: Target) -> None:
    log = b"    at 0x%x\n" % PIE_BASES[0]
    for symbolizer in (None, Path("/absent/llvm-symbolizer")):
        with Places(symbolizer, built) as places:
            assert LoggedStacks(places).named(log) == log


def test_frames_of_the_kit_are_left_out(tmp_path: Path, target: Target) -> None:
    source = tmp_path / "native" / "sim" / "p.c"
    source.parent.mkdir(parents=True)
    source.write_text("int crash(int *p) {\n  return *p;\n}\nint main(void) { return 0; }\n")
    path = tmp_path / "p"
    subprocess.run([find_compiler().path, "-g", "-pie", "-fPIE", source, "-o", path], check=True)
    inside = PIE_BASES[0] + address_of(path, " crash")
    with Places(find_tool("llvm-symbolizer"), replace(target, path=path)) as places:
        stacks = LoggedStacks(places)
        assert stacks.named(b"one\n    at 0x%x\ntwo\n" % inside) == b"one\ntwo\n"


def test_draws_get_the_place_that_asks_for_them(built: Target) -> None:
    inside = PIE_BASES[0] + address_of(built.path, " crash")
    known = b"  draw 3 move = 1 of 4 at 0x7fff00000000 0x%x\n" % inside
    unknown = b"  draw 4 chance = 1 of 4, yes at 0x7fff00000000\n"
    with Places(find_tool("llvm-symbolizer"), built) as places:
        stacks = LoggedStacks(places)
        named = stacks.named(known + unknown + b"  draw 5 at home\n").decode().splitlines()
        assert stacks.place([0x7FFF_0000_0000, inside]).startswith("crash in ")
        assert stacks.place([0x7FFF_0000_0000]) == ""
    assert named[0].startswith("  draw 3 move = 1 of 4 at crash in ")
    assert named[1:] == [unknown.decode().rstrip(), "  draw 5 at home"]
