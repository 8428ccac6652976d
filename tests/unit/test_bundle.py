from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from fuzzverse import bugstore, bundle, native
from fuzzverse.buckets import Buckets, bucket_anew
from fuzzverse.bugstore import Evidence, SavedBug
from fuzzverse.bundle import Bundle, Kept
from fuzzverse.errors import InputError
from fuzzverse.model import Recipe, Segment, Target, TimelineRecord, Verdict
from fuzzverse.outcome import Bug
from fuzzverse.rebuild import Rebuild
from fuzzverse.symbolise import Places

RECIPE = Recipe.of(42, Segment(151, 8_837_201), Segment(80, 1_293_847))
REBUILD = Rebuild(argument="dungeon", compiler="clang 14", flags=("-O2",))


@pytest.fixture
def make_bundle(make_bug: Callable[..., Bug]) -> Callable[..., Bundle]:
    def make(recipe: Recipe = RECIPE, **changes: object) -> Bundle:
        bug = make_bug(
            root=recipe.root,
            recipe=native.recipe_text(recipe),
            segments=recipe.segment_count,
            **changes,
        )
        bug = replace(bug, bucket=bucket_anew(bug))
        evidence = Evidence(native.input_bytes(recipe), b"told\n", b"")
        return Bundle(SavedBug(bug, "dungeon", "0123", REBUILD), evidence, b"", b"")

    return make


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def members_of(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(zstandard.decompress(data))) as tar:
        found = {member.name: tar.extractfile(member) for member in tar}
        return {name: stream.read() for name, stream in found.items() if stream is not None}


def tarred(members: Mapping[str, bytes], **changes: object) -> bytes:
    """A tar of these, whose headers are changed so."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for field, value in changes.items():
                setattr(member, field, value)
            tar.addfile(member, io.BytesIO(data))
    return plain.getvalue()


def refused(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        bundle.read(written(tmp_path / "hostile", data))


def test_a_bundle_comes_back_without_the_line_that_replays_it(
    tmp_path: Path, make_bundle: Callable[..., Bundle]
) -> None:
    whole = replace(make_bundle(), original=native.input_bytes(RECIPE), why=b"{}\n")
    for sent in (make_bundle(), whole):
        bug = replace(sent.saved.bug, command="")
        packed = bundle.pack(sent)
        expected = replace(sent, saved=replace(sent.saved, bug=bug))
        assert bundle.read(written(tmp_path / "b", packed)) == expected
        assert packed == bundle.pack(expected)
    assert b"fuzzverse build dungeon" in members_of(packed)["rebuild.txt"]


def test_the_bucket_is_named_anew(
    tmp_path: Path,
    make_bundle: Callable[..., Bundle],
    make_record: Callable[..., TimelineRecord],
    make_bug: Callable[..., Bug],
    target: Target,
) -> None:
    members = members_of(bundle.pack(make_bundle()))
    meta = {**json.loads(members["meta.json"]), "bucket": "../../Etc-x", "recipe": "1@1", "root": 9}
    data = tarred({**members, "meta.json": json.dumps(meta).encode()})
    found = bundle.read(written(tmp_path / "b", zstandard.compress(data))).saved.bug
    name = make_bundle().saved.bug.bucket
    assert found.bucket == f"etc-{name[-8:]}"
    buckets = Buckets(target, Places(None, target))
    assert name == buckets.bucket_of(make_record())
    assert (found.root, found.recipe) == (42, "151@8837201 -> 80@1293847")
    left = make_record(verdict=Verdict.EXIT, exit_code=3, identity="left")
    bug = make_bug(verdict=Verdict.EXIT, kind="exit", identity="left", bucket="exit-3-00")
    assert bucket_anew(bug) == buckets.bucket_of(left)


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    bomb = zstandard.compress(bytes(1 << 30), level=1)
    assert len(bomb) < bundle.FILE_SIZE_MAX
    refused(tmp_path, bomb, "it unpacks to more than")


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(bundle.FILE_SIZE_MAX + 1)
    with pytest.raises(InputError, match="larger than"):
        bundle.read(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../../etc/passwd", "has no place in it"),
        ("/etc/passwd", "has no place in it"),
        ("input/../../x", "has no place in it"),
        ("Input", "has no place in it"),
        ("x\x1b[31m", "has no place in it"),
    ],
)
def test_a_name_that_is_not_expected_is_refused(
    tmp_path: Path, make_bundle: Callable[..., Bundle], name: str, words: str
) -> None:
    members = {**members_of(bundle.pack(make_bundle())), name: b"x"}
    refused(tmp_path, zstandard.compress(tarred(members)), words)


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
        tarfile.AREGTYPE,
        tarfile.GNUTYPE_SPARSE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
    ],
)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    data = tarred({"input": b""}, type=kind, linkname="/etc/passwd")
    refused(tmp_path, zstandard.compress(data), "no plain file|has no place")


def test_a_member_that_is_too_large_or_is_there_twice_is_refused(
    tmp_path: Path, make_bundle: Callable[..., Bundle]
) -> None:
    members = members_of(bundle.pack(make_bundle()))
    huge = {**members, "meta.json": b" " * (bugstore.META_SIZE_MAX + 1)}
    refused(tmp_path, zstandard.compress(tarred(huge)), r"meta\.json is larger than")
    block = tarred({"input": b"x"})[: 2 * bundle.BLOCK]
    refused(tmp_path, zstandard.compress(block + tarred(members)), "input is in it twice")
    claims = tarfile.TarInfo("input")
    claims.size = -512
    header = claims.tobuf(tarfile.GNU_FORMAT)
    refused(tmp_path, zstandard.compress(header + bytes(1_024)), "larger than|holds no tar")


@given(st.data())
def test_what_is_cut_off_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    members = {"input": b"x" * 700, "log": b"y"}
    plain = tarred(members).rstrip(b"\0")
    at = data.draw(st.integers(0, len(plain) - 1))
    directory = tmp_path_factory.mktemp("cut")
    refused(directory, zstandard.compress(plain[:at]), "is no bundle of a bug")
    packed = zstandard.compress(tarred(members))
    at = data.draw(st.integers(0, len(packed) - 1))
    refused(directory, packed[:at], "is no bundle of a bug")


def test_every_cut_of_a_bundle_is_refused(
    tmp_path: Path, make_bundle: Callable[..., Bundle]
) -> None:
    packed = bundle.pack(make_bundle())
    for size in range(0, len(packed) - 4, 7):  # the last four bytes are a checksum
        refused(tmp_path, packed[:size], "is no bundle of a bug")


@given(st.binary(max_size=2_000))
def test_any_bytes_are_refused_with_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    directory = tmp_path_factory.mktemp("any")
    refused(directory, data, "is no bundle of a bug")
    refused(directory, zstandard.compress(data), "is no bundle of a bug")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "../x"}, "no names"),
        ({"target": "--gdb"}, "no names"),
        ({"build_id": "a/b"}, "no names"),
        ({"rebuild": {**asdict(REBUILD), "argument": "/bin/x"}}, "is no name"),
        ({"rebuild": {**asdict(REBUILD), "argument": "--gdb"}}, "is no name"),
        ({"verdict": "ok"}, "makes no sense"),
        ({"verdict": "fine"}, "unknown"),
        ({"kind": "\x1b[2J"}, "makes no sense"),
        ({"reproduced": 9}, "makes no sense"),
        ({"identity": "\ud800"}, "no text"),
        ({"draws": -1}, "no number"),
        ({"rebuild": []}, "no object"),
    ],
)
def test_a_meta_that_makes_no_sense_is_refused(
    tmp_path: Path, make_bundle: Callable[..., Bundle], changes: dict[str, object], words: str
) -> None:
    members = members_of(bundle.pack(make_bundle()))
    meta = {**json.loads(members["meta.json"]), **changes}
    data = tarred({**members, "meta.json": json.dumps(meta).encode()})
    refused(tmp_path, zstandard.compress(data), words)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("meta.json", b"[" * 100_000),
        ("meta.json", b"\xff"),
        ("input", native.INPUT_HEADER + b" nonsense"),
        ("original", native.INPUT_HEADER + b" nonsense"),
        ("why.json", b"[" * 100_000),
        ("why.json", b"\x1b[2J"),
    ],
)
def test_a_part_that_is_damaged_is_refused(
    tmp_path: Path, make_bundle: Callable[..., Bundle], name: str, data: bytes
) -> None:
    members = {**members_of(bundle.pack(make_bundle())), name: data}
    refused(tmp_path, zstandard.compress(tarred(members)), "is no bundle of a bug")


def test_a_bundle_without_its_parts_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, zstandard.compress(tarred({"input": b"x"})), r"log, meta\.json, stack is")
    refused(tmp_path, tarred({"input": b"x"}), "not compressed by Zstandard")


def test_the_better_recipe_stays_and_sightings_are_not_added_up(
    tmp_path: Path, make_bundle: Callable[..., Bundle]
) -> None:
    first, again = make_bundle(sightings=45), make_bundle(sightings=50)
    better = make_bundle(Recipe.of(1, Segment(7, 7)), sightings=3)
    name = first.saved.bug.bucket
    assert bundle.keep(tmp_path, first) is Kept.NEW
    assert bundle.keep(tmp_path, again) is Kept.KNOWN
    assert bugstore.load(tmp_path, name).bug.sightings == 50
    assert bundle.keep(tmp_path, better) is Kept.BETTER
    there = bugstore.load(tmp_path, name)
    assert (there.bug.sightings, there.bug.segments, there.rebuild) == (50, 1, REBUILD)
    assert bugstore.read_part(tmp_path, name, "input") == better.evidence.input
    assert bugstore.read_part(tmp_path, name, "original") == first.evidence.input
    assert bundle.keep(tmp_path, first) is Kept.KNOWN
    other = replace(better, saved=replace(better.saved, build_id="4567"))
    assert bundle.keep(tmp_path, other) is Kept.OTHER_BUILD
    assert bugstore.load(tmp_path, name) == there
