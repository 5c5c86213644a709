"""The channels' hosts, on this machine: an HTTPS proxy that serves folders instead of the internet.

Clients keep the addresses that they know (`https://conda.anaconda.org/pytorch`), so that what they
write into an environment is what they write everywhere. Nothing is passed on: what is not in the
folder is not there.
"""

import http.server
import pathlib
import socket
import ssl
import subprocess
import threading

HOSTS = ["conda.anaconda.org", "repo.anaconda.com", "mirror.example"]


def certificates(folder):
    """A root certificate and a certificate for the hosts: (root, certificate, key)."""
    folder = pathlib.Path(folder)
    root, root_key = folder / "root.pem", folder / "root.key"
    certificate, key, request, names = (folder / name for name in ("host.pem", "host.key", "host.csr", "names.cnf"))
    names.write_text("subjectAltName=" + ",".join(f"DNS:{host}" for host in HOSTS) + "\n")

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", root_key, "-out", root, "-days", 30,
            "-subj", "/CN=tests of conda-torch", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=channels")
    openssl("x509", "-req", "-in", request, "-CA", root, "-CAkey", root_key, "-CAcreateserial", "-out", certificate,
            "-days", 30, "-extfile", names)
    return root, certificate, key


class Proxy(http.server.BaseHTTPRequestHandler):
    """CONNECT, then files of the host's folder."""

    protocol_version = "HTTP/1.1"

    def do_CONNECT(self):  # noqa: N802
        self.send_response(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        host = self.path.split(":")[0]
        try:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)
        self.host = host
        self.close_connection = False

    def do_GET(self):  # noqa: N802
        self.answer(True)

    def do_HEAD(self):  # noqa: N802
        self.answer(False)

    def answer(self, with_body):
        path = self.path.split("?")[0].lstrip("/")
        file = self.server.folder / getattr(self, "host", "none") / path
        data = file.read_bytes() if ".." not in path and file.is_file() else None
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Length", str(len(data or b"")))
        self.send_header("Content-Type", "application/json" if path.endswith("json") else "application/octet-stream")
        self.end_headers()
        if with_body and data:
            self.wfile.write(data)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET
    daemon_threads = True


def serve(channels, folder):
    """Starts serving; the proxy's address and the root certificate."""
    root, certificate, key = certificates(folder)
    server = Server(("127.0.0.1", 0), Proxy)
    server.folder = pathlib.Path(channels)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate, key)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}", root
