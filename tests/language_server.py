"""A client of a language server that runs as a process of its own and speaks over its standard streams."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

# A server that does not answer is ended, so that the test fails and does not hang.
PATIENCE_S = 120


class Client:
    """`with Client(folder, settings) as client:` starts python-lsp-server in `folder`."""

    def __init__(self, folder: Path, plugins: dict[str, Any]) -> None:
        self._folder = folder
        self._plugins = plugins
        self._last_id = 0
        self._notifications: list[dict[str, Any]] = []

    def __enter__(self) -> Client:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "pylsp"],
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._watchdog = threading.Timer(PATIENCE_S, self._server.kill)
        self._watchdog.start()
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self._folder.as_uri(),
                "capabilities": {"textDocument": {"publishDiagnostics": {"relatedInformation": True}}},
                "initializationOptions": {"pylsp": {"plugins": self._plugins}},
            },
        )
        self.notify("initialized", {})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.request("shutdown", None)
                self.notify("exit", None)
                assert self._server.wait(PATIENCE_S) == 0
        finally:
            self._watchdog.cancel()
            self._server.kill()
            self._server.communicate()

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Open a file with this text, which need not be what is on the disk; its diagnostics."""
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return self._diagnostics(path)

    def change(self, path: Path, version: int, text: str) -> list[dict[str, Any]]:
        """Replace the text; the diagnostics of the new one."""
        document = {"uri": path.as_uri(), "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        return self._diagnostics(path)

    def actions(self, path: Path, range_: dict[str, Any], **context: Any) -> list[dict[str, Any]]:
        """The code actions for a range."""
        parameters = {
            "textDocument": {"uri": path.as_uri()},
            "range": range_,
            "context": {"diagnostics": [], **context},
        }
        return self.request("textDocument/codeAction", parameters) or []

    def request(self, method: str, parameters: Any) -> Any:
        """Ask, and wait for the answer."""
        self._last_id += 1
        self._send({"id": self._last_id, "method": method, "params": parameters})
        while True:
            message = self._receive()
            if message.get("id") == self._last_id and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]
            self._notifications.append(message)

    def notify(self, method: str, parameters: Any) -> None:
        """Tell, without an answer."""
        self._send({"method": method, "params": parameters})

    def _diagnostics(self, path: Path) -> list[dict[str, Any]]:
        """The next diagnostics that are published for the file."""
        self._notifications.clear()
        while True:
            message = self._receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == path.as_uri():
                return message["params"]["diagnostics"]  # type: ignore[no-any-return]

    def _send(self, message: dict[str, Any]) -> None:
        assert self._server.stdin is not None
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        length = 0
        while (line := self._server.stdout.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server ended"
        return json.loads(self._server.stdout.read(length))  # type: ignore[no-any-return]
