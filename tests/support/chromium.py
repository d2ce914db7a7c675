"""Drive a real Chromium from the tests: the DevTools protocol over a pipe, nothing to install."""

import contextlib
import fcntl
import functools
import http.server
import json
import os
import select
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from waiting import until

# The first two are the same engine without a browser around it: a page costs half of the time. The
# first one is Debian's; what it has in /usr/bin is a script that does not pass on a signal.
NAMES = ("/usr/lib/chromium/chromium-headless-shell", "chrome-headless-shell", "chromium",
         "chromium-browser", "google-chrome", "google-chrome-stable")  # fmt: skip
PROGRAM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
]  # fmt: skip


class Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def copyfile(self, source, outputfile):
        with contextlib.suppress(ConnectionError):  # the page was closed while it was sent
            super().copyfile(source, outputfile)


def serve(folder):
    """A plain static server; returns (server, address)."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/"


class Browser:
    """One Chromium with an empty profile."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="course-chromium-")
        ours, theirs = os.pipe(), os.pipe()
        # Beyond 3 and 4, which Chromium reads and writes.
        inbox, outbox = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (ours[0], theirs[1]))

        def connect():
            os.dup2(inbox, 3)
            os.dup2(outbox, 4)

        self.process = subprocess.Popen(
            [PROGRAM, *FLAGS, f"--user-data-dir={self.profile}"],
            preexec_fn=connect,
            pass_fds=(3, 4),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for fd in (ours[0], theirs[1], inbox, outbox):
            os.close(fd)
        self.write, self.read = ours[1], theirs[0]
        self.buffer, self.count, self.events = b"", 0, []

    def receive(self, seconds):
        end = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read], [], [], max(0, end - time.monotonic()))
            chunk = os.read(self.read, 1 << 20) if ready else b""
            if ready and not chunk:
                raise ConnectionError("Chromium has ended: it crashed, or was closed")
            if not chunk:
                raise TimeoutError
            self.buffer += chunk
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, seconds=60, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write, data) :]
        end = time.monotonic() + seconds  # for the answer: events may go on arriving for ever
        while True:
            try:
                answer = self.receive(end - time.monotonic())
            except TimeoutError:
                message = f"Chromium did not answer {method} within {seconds:.0f} s: {params}"
                raise TimeoutError(message[:500]) from None
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.write)
        os.close(self.read)
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    """A tab; what it asks of the network and what it complains about is kept."""

    def __init__(self, browser, width=1200, height=800, reduced=False, dark=False, scripts=True):
        self.browser = browser
        context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self.context, self.session = context, attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip
        features = [
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced else "no-preference"},
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
        ]
        self.call("Emulation.setEmulatedMedia", features=features)
        if not scripts:
            self.call("Emulation.setScriptExecutionDisabled", value=True)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def open(self, address):
        error = self.call("Page.navigate", url=address).get("errorText")
        if error:
            raise RuntimeError(f"{address} cannot be opened: {error}")
        self.wait(f"location.href.startsWith({json.dumps(address)}) &&"
                  " document.readyState === 'complete'")  # fmt: skip

    def evaluate(self, code, seconds=60):
        answer = self.call(
            "Runtime.evaluate",
            expression=code,
            awaitPromise=True,
            returnByValue=True,
            allowUnsafeEvalBlockedByCSP=False,  # a page's policy holds for what a test calls, too
            seconds=seconds,
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, code, seconds=30):
        """Wait until ``code`` is true; until then a page that is being built may raise."""
        return until(lambda left: self.evaluate(code, max(left, 1)), seconds, code)

    def press(self, key, code=0, text=""):
        for kind in ("keyDown", "keyUp"):
            extra = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode=code, **extra)  # fmt: skip

    def complaints(self, base):
        """Console errors, exceptions, and requests to anybody but the server at ``base``."""
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            method, params = event["method"], event["params"]
            if method == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"])[:500])
            elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
                found.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))
            elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
                found.append(json.dumps(params["args"])[:500])
            elif method == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith((base, "data:", "blob:", "about:")):
                    found.append(f"asks {url}")
        return found

    def close(self):
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)


def reason() -> str:
    """Why the browser tests are skipped; empty if they run.

    With COURSE_NEEDS_BROWSER in the environment, as in CI, they fail instead.
    """
    if os.environ.get("COURSE_NEEDS_BROWSER"):
        return ""
    if PROGRAM is None or not Path(PROGRAM).exists():
        return "no Chromium here: install it, or say CHROMIUM=/path/to/chromium"
    return ""
