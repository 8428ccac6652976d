"""What the installed wheel holds, and that other build systems can use it."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fuzzverse.resources import Resources, installed

COIN = """\
#include <fuzzverse/fuzzverse.h>
FV_TARGET(coin) {
    int heads = 0;
    while (fv_chance(1, 2)) FV_SOMETIMES_GT(++heads, 3, "long streak");
    fv_log("%d heads", heads);
}
"""
CMAKE_PROJECT = """\
cmake_minimum_required(VERSION 3.20)
project(coin LANGUAGES C)
find_package(fuzzverse 0.1 REQUIRED)
add_executable(coin coin.c)
target_link_libraries(coin PRIVATE fuzzverse::target)
"""
SECONDS_MAX = 120


@pytest.fixture
def resources() -> Resources:
    return installed()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "coin.c").write_text(COIN)
    (tmp_path / "CMakeLists.txt").write_text(CMAKE_PROJECT)
    return tmp_path


def tool(name: str) -> str:
    """A development tool that was installed beside this Python."""
    return str(Path(sys.executable).with_name(name))


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def heads(coin: Path) -> str:
    """What a built coin logs for one seed: it runs alone, and draws."""
    shown = run(coin, "--seed", "42", cwd=coin.parent)
    assert "heads" in shown
    return shown


def test_the_package_is_whole(root: Path, resources: Resources) -> None:
    wanted = ["include/fuzzverse/fuzzverse.h", "lib/pkgconfig/fuzzverse.pc"]
    wanted += ["lib/libfuzzverse.a", "lib/libfuzzverse_heap.a"]
    wanted += ["lib/libfuzzverse_threads.a", "lib/libfuzzverse_python.a"]
    wanted += ["cmake/fuzzverse-config.cmake", "cmake/fuzzverse-config-version.cmake"]
    wanted += [str(path.relative_to(root)) for path in root.glob("targets/*/target.toml")]
    wanted += [f"rivals/{path.name}" for path in (root / "native" / "rivals").iterdir()]
    assert [name for name in wanted if not (resources.root / name).is_file()] == []


def test_pages_find_their_style_and_script(resources: Resources) -> None:
    page = resources.root.parent / "report" / "page"
    assert "prefers-color-scheme" in (page / "page.css").read_text()
    assert '"use strict"' in (page / "page.js").read_text()


def test_the_extension_serves_every_python() -> None:
    spec = importlib.util.find_spec("fuzzverse._native")
    assert spec is not None
    assert spec.origin is not None
    assert spec.origin.endswith(".abi3.so")
    assert isinstance(spec.loader, importlib.machinery.ExtensionFileLoader)


def test_what_targets_link_is_not_instrumented(resources: Resources) -> None:
    content = resources.runtime.read_bytes() + resources.heap.read_bytes()
    found = [
        name for name in (b"__sancov_cntrs", b"__asan_report", b"__ubsan_h") if name in content
    ]
    assert found == []


def test_what_targets_link_names_no_build_machine(root: Path, resources: Resources) -> None:
    content = resources.runtime.read_bytes() + resources.heap.read_bytes()
    assert str(root).encode() not in content


def test_cmake_builds_a_target(resources: Resources, project: Path) -> None:
    directory = f"-Dfuzzverse_DIR={resources.cmake}"
    cmake, ninja = tool("cmake"), f"-DCMAKE_MAKE_PROGRAM={tool('ninja')}"
    run(cmake, "-G", "Ninja", ninja, "-B", "b", "-S", ".", directory, cwd=project, CC="clang")
    run(cmake, "--build", "b", cwd=project)
    assert heads(project / "b" / "coin")


def test_cmake_refuses_gcc_with_words(resources: Resources, project: Path) -> None:
    directory = f"-Dfuzzverse_DIR={resources.cmake}"
    command = [tool("cmake"), "-B", "b", "-S", ".", directory]
    environment = {**os.environ, "CC": "gcc"}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "targets are compiled by clang" in " ".join(done.stderr.split())


def test_pkg_config_builds_a_target(resources: Resources, project: Path) -> None:
    found = str(resources.root / "lib" / "pkgconfig")
    asked = (tool("pkgconf"), "--cflags", "--libs", "fuzzverse")
    flags = run(*asked, cwd=project, PKG_CONFIG_PATH=found).split()
    run("clang", "coin.c", *flags, "-o", "coin", cwd=project)
    assert heads(project / "coin")


def test_versions_agree(root: Path) -> None:
    written = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    assert f'__version__ = "{written}"' in (root / "fuzzverse" / "__init__.py").read_text()
