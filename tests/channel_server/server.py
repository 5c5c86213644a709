"""A channel on loopback: its forms, its faults, and a log of what was asked.

`/conda-forge/SUBDIR/FILE` is the channel; a leading `/f/FAULT/` or `/f/FAULT@PART/` strikes a fault on
paths that contain PART, and so does, for all, `Server.fault` or `/_fault/FAULT?on=PART&times=N`
(`/_fault/none` ends it). `/_log` tells what was asked, `/_log/clear` forgets it. As a proxy (an absolute
address or CONNECT) it refuses with `Server.proxy_status`.
"""

import base64
import email.utils
import hashlib
import http.server
import json
import pathlib
import ssl
import threading
import urllib.parse
from typing import Any

from faults import FAULTS, OF_A_BODY, PAGE, Fault
from forms import FORMS, form_of

NAME = "conda-forge"


class Server(http.server.ThreadingHTTPServer):
    """Serves `folder` as it is on disk at each request, so that a channel may change."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: pathlib.Path, forms: tuple[str, ...] = FORMS, tls: tuple[str, str] | None = None,
                 port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Request)
        self.folder, self.forms = folder, forms
        self.fault: Fault | None = None
        self.cache_control = "public, max-age=0"
        self.proxy_status = 502
        self.login: str | None = None  # `user:password` that has to be sent
        self.missing: set[str] = set()  # subdirs that the channel lacks
        self.log: list[dict[str, Any]] = []
        self.guard = threading.Lock()
        self.stopping = threading.Event()
        self.prefixed: dict[str, Fault] = {}
        self.scheme = "http"
        self.elsewhere = ""
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"

    @property
    def base(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    @property
    def channel(self) -> str:
        return f"{self.base}/{NAME}"

    def start(self) -> "Server":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def another_shard(self, path: str) -> bytes | None:
        own = pathlib.PurePosixPath(path)
        folder = self.folder / own.parts[-3] / "shards"
        if own.parent.name != "shards":
            return None
        return next((file.read_bytes() for file in sorted(folder.iterdir()) if file.name != own.name), None)

    def summary(self) -> dict[str, Any]:
        with self.guard:
            requests = list(self.log)
        statuses: dict[str, int] = {}
        for request in requests:
            statuses[str(request["status"])] = statuses.get(str(request["status"]), 0) + 1
        return {"requests": requests, "count": len(requests), "bytes": sum(r["bytes"] for r in requests),
                "statuses": statuses}

    def clear(self) -> None:
        with self.guard:
            self.log.clear()


class Request(http.server.BaseHTTPRequestHandler):
    """One connection. `head`, `send` and `whole` are what faults answer with."""

    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: Any) -> None:
        pass

    def handle(self) -> None:
        self.entry: dict[str, Any] = {}
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True

    def head(self, code: int, headers: dict[str, str]) -> None:
        self.entry["status"] = code
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def send(self, data: bytes) -> None:
        if self.command != "HEAD":
            self.wfile.write(data)
            self.wfile.flush()
            self.entry["bytes"] += len(data)

    def whole(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.head(code, {"Content-Length": str(len(body)), **(headers or {})})
        self.send(body)

    def do_GET(self) -> None:
        if self.path.startswith("/_"):
            self.control()
            return
        self.entry = {"method": self.command, "path": self.path, "status": 0, "bytes": 0, "fault": None}
        with self.server.guard:
            self.server.log.append(self.entry)
        if "://" in self.path or self.command == "CONNECT":
            self.whole(self.server.proxy_status, b"the proxy refuses\n", {"Content-Type": "text/plain"})
            self.close_connection = True
            return
        login = self.server.login
        if login and self.headers.get("Authorization") != "Basic " + base64.b64encode(login.encode()).decode():
            self.whole(401, b"who are you?\n", {"Content-Type": "text/plain"})
            return
        path, fault = self.without_prefix(urllib.parse.urlsplit(self.path).path)
        if path.endswith("/login"):
            self.whole(200, PAGE, {"Content-Type": "text/html"})
            return
        file = self.file(path)
        has_body = file is not None and self.command != "HEAD"
        if fault and (has_body or fault.name not in OF_A_BODY) and fault.strikes(path):
            self.entry["fault"] = fault.name
            FAULTS[fault.name](self, file.read_bytes() if file else b"")
        elif file is None:
            self.whole(404, b"not found\n", {"Content-Type": "text/plain"})
        else:
            self.offer(file)

    do_HEAD = do_CONNECT = do_GET

    def without_prefix(self, path: str) -> tuple[str, Fault | None]:
        """The path without a fault's prefix, and the fault that may strike it."""
        if path.startswith("/moved/"):
            return path.removeprefix("/moved"), None
        fault = self.server.fault
        if path.startswith("/f/"):
            named, _, rest = path.removeprefix("/f/").partition("/")
            name, _, on = named.partition("@")
            fault = self.server.prefixed.setdefault(named, Fault(name, on))
            path = f"/{rest}"
        return path, fault

    def file(self, path: str) -> pathlib.Path | None:
        """The file of the channel behind a path, if there is one and its form is on."""
        _, channel, *parts = urllib.parse.unquote(path).split("/")
        if channel != NAME or not 2 <= len(parts) <= 3 or ".." in parts or parts[0] in self.server.missing:
            return None
        file = self.server.folder.joinpath(*parts)
        return file if form_of(path) in self.server.forms and file.is_file() else None

    def offer(self, file: pathlib.Path) -> None:
        """The file, or that it has not changed, or a range of it."""
        facts = file.stat()
        etag = '"' + hashlib.sha256(f"{file}{facts.st_mtime_ns}{facts.st_size}".encode()).hexdigest()[:32] + '"'
        kind = "application/json" if file.suffix == ".json" else "application/octet-stream"
        headers = {"ETag": etag, "Last-Modified": email.utils.formatdate(facts.st_mtime, usegmt=True),
                   "Cache-Control": self.server.cache_control, "Content-Type": kind, "Accept-Ranges": "bytes"}
        since = self.headers.get("If-Modified-Since")
        matches = self.headers.get("If-None-Match")
        if matches == etag or (matches is None and since == headers["Last-Modified"]):
            self.head(304, headers)
            return
        start, stop, code = 0, facts.st_size, 200
        asked = self.headers.get("Range", "")
        if asked.startswith("bytes=") and "," not in asked and asked[6:7] != "-":
            first, _, last = asked[6:].partition("-")
            start, stop, code = int(first), min(int(last or stop) + bool(last), stop), 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{facts.st_size}"
        self.head(code, {"Content-Length": str(stop - start), **headers})
        with file.open("rb") as source:
            source.seek(start)
            while start < stop and self.command != "HEAD":
                data = source.read(min(1 << 20, stop - start))
                self.send(data)
                start += len(data)

    def control(self) -> None:
        """What a test in another process asks and sets."""
        self.entry = {"bytes": 0}
        asked = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(asked.query))
        answer: Any = {}
        if asked.path == "/_log":
            answer = self.server.summary()
        elif asked.path == "/_log/clear":
            self.server.clear()
        elif asked.path.startswith("/_fault/"):
            name = asked.path.removeprefix("/_fault/")
            if name != "none" and name not in FAULTS:
                self.whole(404, b"no such fault\n")
                return
            self.server.fault = None if name == "none" else Fault(name, query.get("on", ""), int(query.get("times", "0")))
        self.whole(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})
