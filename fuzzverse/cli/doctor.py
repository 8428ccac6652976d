"""`fuzzverse doctor`."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import click

from fuzzverse import native, resources
from fuzzverse.doctor import Doctor
from fuzzverse.errors import ExitCode
from fuzzverse.report.checks import render


@click.command()
def doctor() -> ExitCode:
    """Say what is missing on this machine and how to get it; exit 1 when it is needed."""
    checks = Doctor(
        resources=resources.installed(),
        environment=os.environ,
        directory=Path.cwd(),
        kernel=platform.release(),
        probe=native.probe_rewinding,
    ).checks()
    click.echo(render(checks), nl=False)
    is_ready = all(check.passed for check in checks if check.needed)
    return ExitCode.NOTHING_FOUND if is_ready else ExitCode.ENGINE_FAILED
