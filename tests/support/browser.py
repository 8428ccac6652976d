"""A headless Chromium that tests drive over DevTools' pipe, without a library."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

EXECUTABLE = shutil.which("chromium")
ANSWER_S = 60.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--remote-debugging-pipe",
)


@dataclass(slots=True)
class Page:
    """A tab, and all that went wrong in it. `requests` has the addresses that it asked for."""

    browser: _Pipe
    session: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def call(self, method: str, **values: object) -> Mapping[str, object]:
        """Asks the tab, and notes what it tells meanwhile."""
        return self.browser.call(method, values, self.session, self.note)

    def note(self, method: str, values: Mapping[str, object]) -> None:
        """Takes in an event."""
        if method == "Network.requestWillBeSent":
            request = values["request"]
            assert isinstance(request, dict)
            self.requests.append(str(request["url"]))
        elif method in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(values)[:2_000])

    def open(self, path: Path, width: int = 1_200, height: int = 900) -> float:
        """Loads a file at this size, and returns the seconds until its script has run."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)
        start = time.monotonic()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while self.value("document.documentElement?.dataset.ready") != "yes":
            assert time.monotonic() - start < ANSWER_S, self.complaints
            time.sleep(0.01)
        return time.monotonic() - start

    def resize(self, width: int, height: int) -> None:
        """Makes the window so large, in CSS pixels; narrow ones are a phone's."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def value(self, expression: str) -> object:
        """What an expression comes to in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        result = answer["result"]
        assert isinstance(result, dict)
        assert "exceptionDetails" not in answer, answer
        return result.get("value")

    def picture(self, to: Path) -> None:
        """Writes what the window shows, as PNG."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        to.write_bytes(base64.b64decode(str(data)))


class _Pipe:
    """Messages to Chromium and back, each a JSON object and a zero byte."""

    def __init__(self, to_fd: int, from_fd: int) -> None:
        self._to = os.fdopen(to_fd, "wb", buffering=0)
        self._from = os.fdopen(from_fd, "rb", buffering=0)
        self._rest = b""
        self._number = 0

    def close(self) -> None:
        self._to.close()
        self._from.close()

    def call(
        self,
        method: str,
        values: Mapping[str, object],
        session: str = "",
        note: object = None,
    ) -> Mapping[str, object]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": values}
        if session:
            message["sessionId"] = session
        self._to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result = answer["result"]
                assert isinstance(result, dict)
                return result
            if callable(note) and answer.get("sessionId") == session:
                note(answer["method"], answer["params"])

    def _read(self) -> dict[str, object]:
        while b"\0" not in self._rest:
            chunk = self._from.read(1 << 20)
            assert chunk, "the browser has gone"
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(line)
        assert isinstance(message, dict)
        return message


@contextmanager
def browser() -> Iterator[_Pipe]:
    """A browser with a profile of its own; it and all its processes are gone afterwards."""
    assert EXECUTABLE is not None, "`make tools` installs chromium"
    their_in, our_out = os.pipe()
    our_in, their_out = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # Chromium reads from descriptor 3 and writes to descriptor 4.
        words = ['exec "$@" 3<&"$FV_IN" 4>&"$FV_OUT"']
        process = subprocess.Popen(
            ["bash", "-c", *words, "bash", EXECUTABLE, *FLAGS, f"--user-data-dir={profile}"],
            env={**os.environ, "FV_IN": str(their_in), "FV_OUT": str(their_out)},
            pass_fds=(their_in, their_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(their_in)
        os.close(their_out)
        pipe = _Pipe(our_out, our_in)
        try:
            yield pipe
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            pipe.close()


def open_page(pipe: _Pipe) -> Page:
    """A new tab."""
    target = pipe.call("Target.createTarget", {"url": "about:blank"})["targetId"]
    attached = pipe.call("Target.attachToTarget", {"targetId": target, "flatten": True})
    return Page(pipe, str(attached["sessionId"]))
