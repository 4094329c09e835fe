"""A headless Chromium that is told what to do: real pointers, keys and touches, by the DevTools protocol on pipes."""

import json
import os
import selectors
import shutil
import subprocess
import time
from pathlib import Path

from tests.report.browser import FLAGS

SECONDS = 120


class Navigated(RuntimeError):
    """A script was asked of a page that was just being left, by a reload for instance."""


class Chromium:
    """A browser, one page at a time.

    Args:
        program: of `find_browser`.
        profile: an empty folder.
    """

    def __init__(self, program: str, profile: Path):
        self._read, child_writes = os.pipe()
        child_reads, self._write = os.pipe()
        # The protocol's pipes are file descriptors 3 and 4 of the browser; bash puts them there.
        bash = shutil.which("bash") or "/bin/bash"
        script = f'exec "$0" "$@" 3<&{child_reads} 4>&{child_writes} {child_reads}<&- {child_writes}>&-'
        options = (*FLAGS, f"--user-data-dir={profile}", "--window-size=1000,700", "--remote-debugging-pipe")
        self._process = subprocess.Popen(
            [bash, "-c", script, program, *options, "about:blank"],
            pass_fds=(child_reads, child_writes), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(child_reads)
        os.close(child_writes)
        self._number, self._left, self.session = 0, b"", None
        self._target = None

    def ask(self, method: str, **parameters) -> dict:
        """What the browser answers."""
        self._send(method, parameters)
        number = self._number
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    kind = Navigated if "navigated" in answer["error"]["message"] else RuntimeError
                    raise kind(f"{method}: {answer['error']}")
                return answer["result"]

    def _send(self, method: str, parameters: dict) -> None:
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self._write, json.dumps(request).encode() + b"\0")

    def _next(self) -> dict:
        with selectors.DefaultSelector() as selector:
            selector.register(self._read, selectors.EVENT_READ)
            while b"\0" not in self._left:
                if not selector.select(SECONDS):
                    raise TimeoutError("the browser does not answer")
                chunk = os.read(self._read, 1 << 16)
                if not chunk:
                    raise OSError("the browser has ended")
                self._left += chunk
        message, _, self._left = self._left.partition(b"\0")
        return json.loads(message)

    def run(self, script: str):
        """The value of an expression in the page."""
        result = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def _run_here(self, script: str):
        try:
            return self.run(script)
        except Navigated:
            return None

    def until(self, script: str) -> None:
        """Waits until an expression is true, also across a reload of the page."""
        end = time.monotonic() + SECONDS
        while not self._run_here(script):
            if time.monotonic() > end:
                raise TimeoutError(f"never true: {script}; {self.run('document.body.innerText')}")
            time.sleep(0.05)

    def open(self, url: str) -> None:
        """Opens a page of its own, and waits until an image is shown."""
        self._target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        self.ask("Page.enable")
        self.ask("Page.navigate", url=url)
        self.until("document.body && document.body.dataset.state === 'ready'")

    def key(self, key: str, code: int, modifiers: int = 0, text: str | None = None) -> None:
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, modifiers=modifiers, **more
            )

    def mouse(self, points, button: str = "left") -> None:
        """Presses at the first point, moves over the others, releases at the last."""
        flag = {"left": 1, "right": 2, "middle": 4}[button]
        (x, y), *others = points
        self.ask("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button=button, buttons=flag, clickCount=1)
        for x, y in others:
            self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, button=button, buttons=flag)
        self.ask("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button=button, clickCount=1)

    def touch(self, *steps) -> None:
        """Each step is a list of fingers (x, y); then all are lifted."""
        down = 0
        for fingers in steps:
            points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(fingers)]
            kind = "touchStart" if len(points) > down else "touchMove"
            self.ask("Input.dispatchTouchEvent", type=kind, touchPoints=points)
            down = len(points)
        self.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def leave(self) -> None:
        """Closes the page, also one that would ask whether to save."""
        self.session = None
        self.ask("Target.closeTarget", targetId=self._target)

    def close(self) -> None:
        try:
            self.session = None
            self.ask("Browser.close")
        except (OSError, RuntimeError):
            pass
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
        os.close(self._read)
        os.close(self._write)
