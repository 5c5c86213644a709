"""What can go wrong between a client and a channel, done on the socket.

Each fault is a function of the request and of the answer that would have been right. `FAULTS` names
them; `Fault` says where (part of the path) and how often one strikes.
"""

import dataclasses
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

PAGE = b"<!DOCTYPE html>\n<html><head><title>Welcome to Hotel WiFi</title></head><body>Please log in.</body></html>\n"
HTML = {"Content-Type": "text/html; charset=utf-8"}
HELD = 600  # seconds after which a silent server gives up by itself


@dataclasses.dataclass
class Fault:
    """One fault: strikes paths that contain `on`, the first `times` times (0: always)."""

    name: str
    on: str = ""
    times: int = 0
    struck: int = 0
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def strikes(self, path: str) -> bool:
        if self.on not in path:
            return False
        with self.lock:
            if self.times and self.struck >= self.times:
                return False
            self.struck += 1
            return True


def hold(request: Any, seconds: float = HELD) -> bool:
    """Says nothing for so long; whether the client is still there."""
    request.connection.settimeout(0.2)
    waited = 0.0
    while waited < seconds and not request.server.stopping.is_set():
        try:
            if not request.connection.recv(1, socket.MSG_PEEK):
                return False
            time.sleep(0.2)  # it asks on without waiting
        except TimeoutError:
            pass
        except OSError:
            return False
        waited += 0.2
    request.connection.settimeout(None)
    return not request.server.stopping.is_set()


def end(request: Any) -> None:
    request.close_connection = True


def silent(request: Any, body: bytes) -> None:
    """The request is taken and never answered."""
    hold(request)
    end(request)


def drip(request: Any, body: bytes) -> None:
    """A few bytes a second: never quite silent, never done."""
    request.head(200, {"Content-Length": str(len(body))})
    for at in range(0, len(body), 16):
        request.send(body[at:at + 16])
        if not hold(request, 0.4):
            break
    end(request)


def stalled(request: Any, body: bytes) -> None:
    """Half of it, then silence."""
    request.head(200, {"Content-Length": str(len(body))})
    request.send(body[:len(body) // 2])
    hold(request)
    end(request)


def truncated(request: Any, body: bytes) -> None:
    """Half of it, then an orderly end."""
    request.head(200, {"Content-Length": str(len(body))})
    request.send(body[:len(body) // 2])
    end(request)


def unannounced(request: Any, body: bytes) -> None:
    """Half of it without a length said before, so that the end looks like the right one."""
    request.head(200, {"Connection": "close"})
    request.send(body[:len(body) // 2])
    end(request)


def corrupt(request: Any, body: bytes) -> None:
    """The right length; every byte of the second half is another."""
    half = len(body) // 2
    request.whole(200, body[:half] + bytes(byte ^ 0x55 for byte in body[half:]))


def wrong_shard(request: Any, body: bytes) -> None:
    """A sound shard, but of another name."""
    request.whole(200, request.server.another_shard(request.path) or body)


def empty(request: Any, body: bytes) -> None:
    request.whole(200, b"")


def captive(request: Any, body: bytes) -> None:
    """Every question is answered with a page to log in."""
    request.whole(200, PAGE, HTML)


def login(request: Any, body: bytes) -> None:
    """Sent to a page to log in, which is elsewhere."""
    request.whole(302, b"", {"Location": f"{request.server.elsewhere}/login"})


def moved(request: Any, body: bytes) -> None:
    """Moved to where it is to be had."""
    request.whole(301, b"", {"Location": f"/moved{request.path}"})


def loop(request: Any, body: bytes) -> None:
    request.whole(302, b"", {"Location": request.path})


def reset(request: Any, body: bytes) -> None:
    """The connection is torn down instead of an answer."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()
    end(request)


def reset_half_way(request: Any, body: bytes) -> None:
    request.head(200, {"Content-Length": str(len(body))})
    request.send(body[:len(body) // 2])
    hold(request, 0.4)  # what was sent arrives before it is torn down
    reset(request, body)


def not_http(request: Any, body: bytes) -> None:
    request.send(b"SSH-2.0-OpenSSH_9.6\r\n")
    end(request)


def status(code: int, headers: dict[str, str] | None = None) -> Callable[[Any, bytes], None]:
    def answer(request: Any, body: bytes) -> None:
        request.whole(code, b"no\n", {"Content-Type": "text/plain", **(headers or {})})

    return answer


# What happens to a body needs one that would have been right: without it, and to HEAD, the answer is as ever.
OF_A_BODY = {"drip", "stalled", "truncated", "unannounced", "corrupt", "wrong_shard", "empty", "moved", "reset_half_way"}

FAULTS: dict[str, Callable[[Any, bytes], None]] = {
    "silent": silent, "drip": drip, "stalled": stalled, "truncated": truncated, "unannounced": unannounced,
    "corrupt": corrupt, "wrong_shard": wrong_shard, "empty": empty, "captive": captive, "login": login, "moved": moved,
    "loop": loop, "reset": reset, "reset_half_way": reset_half_way, "not_http": not_http,
    "401": status(401, {"WWW-Authenticate": "Basic"}), "403": status(403), "404": status(404),
    "407": status(407, {"Proxy-Authenticate": "Basic"}), "410": status(410), "429": status(429, {"Retry-After": "1"}),
    "429_for_an_hour": status(429, {"Retry-After": "3600"}), "500": status(500), "502": status(502), "503": status(503),
}
