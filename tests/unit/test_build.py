from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fuzzverse.build import Builder, cache_directory, link_flags, sanitizer_flags
from fuzzverse.errors import EngineError, UsageError
from fuzzverse.resources import Resources
from fuzzverse.targetfile import Fetch, TargetFile, Variant
from fuzzverse.toolchain import Compiler, find_compiler

# A stand-in for the runtime: a main that calls the target, and the callbacks of its coverage.
# Comparisons are counted.
RUNTIME = """
void __sanitizer_cov_8bit_counters_init(char *a, char *b) { (void)a; (void)b; }
void __sanitizer_cov_pcs_init(const void *a, const void *b) { (void)a; (void)b; }
int comparisons;
void __sanitizer_cov_trace_const_cmp4(unsigned a, unsigned b) { comparisons += a != b; }
int body(void);
int main(void) { return body(); }
"""
# And one for the heap.
HEAP = """
#include <stddef.h>
int heap_is_here;
static char room[1 << 20], *next = room;
void *malloc(size_t n) { char *p = next; next += (n + 15) / 16 * 16; return p; }
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *p, size_t n) { (void)p; return malloc(n); }
void free(void *p) { (void)p; }
"""
HEAP_USER = """
extern int heap_is_here __attribute__((weak));
int body(void) { return &heap_is_here ? 4 : 5; }
"""
WATCHED = """
extern int comparisons;
int more(volatile int *x);
int body(void) {
    volatile int x = 3;
    if (x == 500) return 50;
    more(&x);
    return 10 * more(&x) + comparisons;
}
"""
UNWATCHED = "int more(volatile int *x) { return *x == 400 ? 9 : 2; }\n"


@pytest.fixture(scope="module")
def compiler() -> Compiler:
    return find_compiler()


@pytest.fixture
def data(tmp_path: Path, compiler: Compiler) -> Resources:
    root = tmp_path / "data"
    (root / "lib").mkdir(parents=True)
    (root / "include").mkdir()
    for name, text in (("libfuzzverse", RUNTIME), ("libfuzzverse_heap", HEAP)):
        source, built = root / f"{name}.c", root / f"{name}.o"
        source.write_text(text)
        subprocess.run([compiler.path, "-c", source, "-o", built], check=True)
        subprocess.run(["ar", "rcs", root / "lib" / f"{name}.a", built], check=True)
    return Resources(root)


@pytest.fixture
def target(tmp_path: Path) -> TargetFile:
    directory = tmp_path / "targets" / "coin"
    directory.mkdir(parents=True)
    (directory / "coin.h").write_text("#define SIDES 2\n")
    (directory / "coin.c").write_text(
        '#include "coin.h"\nint body(void) { return SIDES + MORE; }\n'
    )
    return TargetFile(
        path=directory / "target.toml",
        name="coin",
        summary="",
        language="c",
        sources=("coin.c",),
        include=(),
        flags=(),
        variants=(Variant("coin", ("MORE=0",)), Variant("coin-more", ("MORE=5",))),
    )


def exit_code(path: Path) -> int:
    return subprocess.run([path], check=False).returncode


def test_variants_differ_by_their_defines(
    tmp_path: Path, data: Resources, compiler: Compiler, target: TargetFile
) -> None:
    builder = Builder(data, tmp_path / "cache", compiler)
    built = [builder.build(target, variant) for variant in target.variants]
    assert [path.name for path in built] == ["coin", "coin-more"]
    assert [exit_code(path) for path in built] == [2, 7]


def test_a_second_build_compiles_nothing_and_a_changed_header_everything(
    tmp_path: Path, data: Resources, compiler: Compiler, target: TargetFile
) -> None:
    builder = Builder(data, tmp_path / "cache", compiler)
    first = builder.build(target, target.variants[0])
    before = first.stat().st_mtime_ns
    assert builder.build(target, target.variants[0]) == first
    assert first.stat().st_mtime_ns == before
    (target.directory / "coin.h").write_text("#define SIDES 3\n")
    second = builder.build(target, target.variants[0])
    assert second != first
    assert exit_code(second) == 3


def test_a_compile_error_shows_the_command_and_leaves_nothing(
    tmp_path: Path, data: Resources, compiler: Compiler, target: TargetFile
) -> None:
    (target.directory / "coin.c").write_text("int body(void) { return missing; }\n")
    with pytest.raises(EngineError) as caught:
        Builder(data, tmp_path / "cache", compiler).build(target, target.variants[0])
    words = str(caught.value)
    assert "cannot build coin.c" in words
    assert "-fsanitize-coverage=inline-8bit-counters,pc-table" in words
    assert "undeclared identifier" in words
    assert list((tmp_path / "cache").rglob("*.o")) == []
    assert list((tmp_path / "cache").rglob("*.part")) == []


def test_a_missing_source_is_named(
    tmp_path: Path, data: Resources, compiler: Compiler, target: TargetFile
) -> None:
    (target.directory / "coin.c").unlink()
    with pytest.raises(UsageError, match=r"coin\.c does not exist"):
        Builder(data, tmp_path / "cache", compiler).build(target, target.variants[0])


def test_a_directory_replaces_the_fetch(
    tmp_path: Path, data: Resources, compiler: Compiler, target: TargetFile
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "more.c").write_text("int more(void) { return 30; }\n")
    (target.directory / "coin.c").write_text("int more(void);\nint body(void){return more();}\n")
    fetch = Fetch("engine", "1", "0" * 64, (("a/more.c", "more.c"),), "engine", ("more.c",), ())
    with_fetch = TargetFile(
        path=target.path,
        name=target.name,
        summary="",
        language="c",
        sources=target.sources,
        include=(),
        flags=(),
        variants=target.variants,
        fetch=fetch,
    )
    cache = tmp_path / "cache"
    builder = Builder(data, cache, compiler, replacements={"engine": foreign})
    assert exit_code(builder.build(with_fetch, target.variants[0])) == 30
    wrong = Builder(data, cache, compiler, replacements={"motor": foreign})
    with pytest.raises(UsageError, match="--with motor: coin has no such parameter; it has engine"):
        wrong.build(with_fetch, target.variants[0])


@pytest.mark.parametrize(
    ("own_flags", "fetch_flags", "expected"),
    [
        ((), (), 21),
        (("-fno-sanitize-coverage=trace-cmp",), (), 20),
        ((), ("-fsanitize-coverage=trace-cmp",), 23),
    ],
)
def test_comparisons_are_watched_in_the_simulation_and_not_in_what_is_fetched(
    tmp_path: Path,
    data: Resources,
    compiler: Compiler,
    target: TargetFile,
    own_flags: tuple[str, ...],
    fetch_flags: tuple[str, ...],
    expected: int,
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "more.c").write_text(UNWATCHED)
    (target.directory / "coin.c").write_text(WATCHED)
    members = (("a/more.c", "more.c"),)
    fetch = Fetch("engine", "1", "0" * 64, members, "engine", ("more.c",), fetch_flags)
    builder = Builder(data, tmp_path / "cache", compiler, replacements={"engine": foreign})
    path = builder.build(replace(target, flags=own_flags, fetch=fetch), target.variants[0])
    assert exit_code(path) == expected


def test_what_is_fetched_is_compiled_alike_for_all_variants_and_finds_its_headers(
    tmp_path: Path, data: Resources, compiler: Compiler, target: TargetFile
) -> None:
    foreign = tmp_path / "foreign"
    (foreign / "inc").mkdir(parents=True)
    (foreign / "inc/more.h").write_text("#define MORE 7\n")
    more = "#include <more.h>\nint more(void) {\n#ifdef LYING\nreturn 1;\n#endif\nreturn MORE;}\n"
    (foreign / "more.c").write_text(more)
    lying = "int more(void);\nint body(void) {\n#ifdef LYING\nreturn more();\n#endif\nreturn 1; }\n"
    (target.directory / "coin.c").write_text(lying)
    members = (("a/more.c", "more.c"), ("a/more.h", "inc/more.h"))
    fetch = Fetch("engine", "1", "0" * 64, members, "engine", ("more.c",), (), ("inc",))
    builder = Builder(data, tmp_path / "cache", compiler, replacements={"engine": foreign})
    variant = Variant("coin-lying", ("LYING",))
    assert exit_code(builder.build(replace(target, fetch=fetch), variant)) == 7


def test_a_variant_has_sources_and_a_fetch_of_its_own(
    tmp_path: Path, data: Resources, compiler: Compiler, target: TargetFile
) -> None:
    for name, number in (("older", 3), ("newer", 4)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "more.c").write_text(f"int more(void) {{ return {number}; }}\n")
    coin = "int more(void);\n__attribute__((weak)) int extra(void) { return 0; }\n"
    (target.directory / "coin.c").write_text(f"{coin}int body(void) {{ return more() + extra(); }}")
    (target.directory / "extra.c").write_text("int extra(void) { return 50; }\n")
    older = Fetch("engine", "1", "0" * 64, (("a/more.c", "more.c"),), "older", ("more.c",), ())
    newer = replace(older, version="2", parameter="newer")
    both = replace(target, fetch=older, fetches=(("newer", newer),))
    own = Variant("coin-own", sources=("extra.c",), fetch="newer")
    found = []
    for variant, parameter in ((target.variants[0], "older"), (own, "newer")):
        given = {parameter: tmp_path / parameter}
        builder = Builder(data, tmp_path / "cache", compiler, replacements=given)
        found.append(exit_code(builder.build(both, variant)))
    assert found == [3, 54]


COUNTED = """
static int seen;
void __sanitizer_cov_load4(void *p) { (void)p; seen++; }
void __sanitizer_cov_store4(void *p) { (void)p; seen++; }
int volatile value = 1;
__attribute__((noinline)) int chosen(void) { return value; }
__attribute__((noinline)) int other(void) { return value; }
int body(void) { int sum = chosen() + other(); return seen * 10 + sum; }
"""


@pytest.mark.parametrize(
    ("preempt", "own", "functions", "edges", "seen"),
    [
        ((), (), (), True, 0),
        (("coin.c",), (), ("chosen",), True, 1),
        ((), ("coin.c",), ("chosen",), True, 1),
        ((), ("coin.c",), ("chosen",), False, 1),
    ],
)
def test_accesses_are_announced_where_the_target_says_so(
    tmp_path: Path,
    data: Resources,
    compiler: Compiler,
    target: TargetFile,
    preempt: tuple[str, ...],
    own: tuple[str, ...],
    functions: tuple[str, ...],
    edges: bool,
    seen: int,
) -> None:
    header = data.include / "fuzzverse" / "sim" / "preempt.h"
    header.parent.mkdir(parents=True, exist_ok=True)
    header.write_text("")
    (target.directory / "coin.c").write_text(COUNTED)
    chosen = replace(target, preempt=preempt, preempt_functions=functions)
    variant = replace(target.variants[0], preempt=own, edges=edges)
    path = Builder(data, tmp_path / "cache", compiler).build(chosen, variant)
    assert exit_code(path) == seen * 10 + 2


def test_marks_name_their_file_without_its_directory(
    tmp_path: Path, data: Resources, compiler: Compiler, target: TargetFile
) -> None:
    (target.directory / "coin.c").write_text(
        "const char *const file = __FILE__; int body(void){return *file;}\n"
    )
    path = Builder(data, tmp_path / "cache", compiler).build(target, target.variants[0])
    assert exit_code(path) == ord("c")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "/h/.cache/fuzzverse"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/fuzzverse"),
        ({"XDG_CACHE_HOME": "relative"}, "/h/.cache/fuzzverse"),
    ],
)
def test_the_cache_lies_where_the_desktop_says(environment: dict[str, str], expected: str) -> None:
    assert cache_directory(environment, Path("/h")) == Path(expected)


def test_sanitizers_are_combined_and_known() -> None:
    assert sanitizer_flags(()) == ()
    assert sanitizer_flags(("undefined", "address"))[0] == "-fsanitize=address,undefined"
    with pytest.raises(UsageError, match="known are address, undefined"):
        sanitizer_flags(("thread",))


@pytest.mark.parametrize(
    ("sanitizers", "expected"), [((), 4), (("undefined",), 4), (("address",), 5)]
)
def test_the_heap_is_linked_where_no_sanitizer_brings_one(
    tmp_path: Path,
    data: Resources,
    compiler: Compiler,
    target: TargetFile,
    sanitizers: tuple[str, ...],
    expected: int,
) -> None:
    (target.directory / "coin.c").write_text(HEAP_USER)
    builder = Builder(data, tmp_path / "cache", compiler)
    assert exit_code(builder.build(target, target.variants[0], sanitizers)) == expected


def test_the_runtime_is_linked_whole(data: Resources) -> None:
    flags = link_flags(data)
    before, runtime, after = flags[:3]
    assert (before, after) == ("-Wl,--whole-archive", "-Wl,--no-whole-archive")
    assert Path(runtime) == data.runtime
    assert str(data.heap) in flags
