from __future__ import annotations

from pathlib import Path

import pytest

from fuzzverse.errors import UsageError
from fuzzverse.model import Isolation, Strategy
from fuzzverse.nightly.file import NightFile, read

NAMES = ("maze", "raft", "raft-vote", "raft-boundary", "sqlite")
PLAIN = '[[target]]\nnames = ["maze"]\ntimelines = 5\n'


def parsed(text: str) -> NightFile:
    return read(Path("/etc/fuzz.toml"), text, NAMES)


def test_everything_that_can_be_said() -> None:
    file = parsed(
        """
        [night]
        archive = "postgresql://me@db/fuzz"
        keep-days = 7
        jobs = 3
        seed = 9
        notify = ["mail", "-s", "night"]
        [defaults]
        timelines = 1000
        deadline = "2s"
        corpus = ["inputs"]
        [canary]
        name = "maze"
        timelines = 50
        [[target]]
        names = ["raft*"]
        [[target]]
        names = ["sqlite", "build/mine"]
        time = "5m"
        strategy = "random"
        isolation = "rewind"
        sanitize = ["address"]
        memory = 512
        """
    )
    assert (file.archive, file.keep_days) == ("postgresql://me@db/fuzz", 7)
    assert file.notify == ("mail", "-s", "night")
    canary = file.canary
    assert canary is not None
    assert (canary.argument, canary.policy.timelines, canary.policy.stop_on_bug) == (
        "maze", 50, True,
    )  # fmt: skip
    names = [task.argument for task in file.tasks]
    assert names == ["raft", "raft-vote", "raft-boundary", "sqlite", "/etc/build/mine"]
    raft, sqlite, mine = file.tasks[0], file.tasks[3], file.tasks[4]
    assert (raft.policy.campaign_seed, raft.policy.jobs, raft.policy.timelines) == (9, 3, 1_000)
    assert not raft.policy.stop_on_bug
    assert raft.policy.deadline_ms == 2_000
    assert raft.corpus == (Path("/etc/inputs"),)
    assert (sqlite.key, sqlite.seconds) == ("sqlite-address", 300.0)
    assert sqlite.policy.strategy is Strategy.RANDOM
    assert (sqlite.policy.isolation, sqlite.policy.must_rewind) == (Isolation.REWIND, True)
    assert sqlite.policy.memory_mb == 512
    assert mine.key.startswith("mine-")
    assert mine.key.endswith("-address")


def test_one_line_a_target_is_enough() -> None:
    file = parsed(PLAIN)
    assert [task.key for task in file.tasks] == ["maze"]
    assert (file.canary, file.archive, file.notify) == (None, "", ())


def test_a_target_may_be_there_plain_and_sanitized() -> None:
    text = PLAIN + '[[target]]\nnames = ["maze"]\ntimelines = 5\nsanitize = ["undefined"]\n'
    assert [task.key for task in parsed(text).tasks] == ["maze", "maze-undefined"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"no \[\[target\]\]"),
        ("[[target]]\ntimelines = 5", "`names` is missing"),
        ('[[target]]\nnames = ["maze"]', "maze has no budget"),
        ('[[target]]\nnames = ["nobody"]\ntimelines = 5', "no target is called 'nobody'"),
        ('[[target]]\nnames = ["$(id)/x"]\ntimelines = 5', "is no name"),
        (PLAIN + PLAIN, "maze is there twice"),
        (PLAIN + "color = 1", "unknown key `color`"),
        (PLAIN + 'strategy = "clever"', "`strategy` is 'clever', but must be one of auto"),
        (PLAIN + 'isolation = "vm"', "`isolation` is 'vm'"),
        (PLAIN + 'sanitize = ["thread"]', "known are address, undefined"),
        (PLAIN + 'time = "5 minutes"', 'write "90s", "5m" or "1h"'),
        (PLAIN + 'time = "0s"', "`time` is '0s'"),
        (PLAIN + "memory = 1", "16 at least"),
        (PLAIN + "[night]\njobs = 1000", "`jobs` is 1000, but 64 at most"),
        (PLAIN + "[night]\nkeep-days = 0", "`keep-days` must be a positive whole number"),
        (PLAIN + '[night]\nnotify = "mail"', "`notify` must be a list of strings"),
        (PLAIN + "[canary]\ntimelines = 5", "`name` must be a string"),
        (PLAIN + '[canary]\nname = "raft*"\ntimelines = 5', "the canary must be one target"),
        (PLAIN + "[defaults]\nnames = 1", "unknown key `names`"),
        ("target = 1", "must be a list of"),
        ("[night", "fuzz.toml: "),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parsed(text)
