"""Network faults: reported with the right kind, in time, and without damage to the cache."""

import functools
import pathlib
import socket
import subprocess
from collections.abc import Callable

import truth
from faults import Fault

from asking import Answer, records
from expected import COLD, OK, WARM, Row
from ground import NAMES, SUBDIRS, Ground

Case = tuple[str, Callable[[], str | None]]


def cases(ground: Ground) -> list[Case]:
    all_cases: list[Case] = [(f"cold: {row.name}", functools.partial(cold, ground, row)) for row in COLD]
    all_cases += [(f"warm: {fault}, {form}", functools.partial(warm, ground, fault, form))
                  for fault in WARM for form in ("json", "zst", "sharded")]
    return [*all_cases,
            ("nobody listens", functools.partial(nobody, ground)),
            ("a name that nobody has", functools.partial(unknown_name, ground)),
            ("TLS expected, plain spoken", functools.partial(plain_for_tls, ground)),
            ("a certificate that nobody vouches for", functools.partial(certificate, ground)),
            ("a proxy refuses with 407", functools.partial(proxy, ground, 407, "http")),
            ("a proxy refuses with 502", functools.partial(proxy, ground, 502, "http")),
            ("a proxy refuses to connect with 407", functools.partial(proxy, ground, 407, "https")),
            ("a proxy refuses to connect with 502", functools.partial(proxy, ground, 502, "https")),
            ("a proxy that is not there", functools.partial(dead_proxy, ground)),
            ("what `.netrc` has is sent", functools.partial(login, ground, "netrc")),
            ("what pixi keeps is sent", functools.partial(login, ground, "rattler")),
            ("a login that nobody has", functools.partial(login, ground, "none")),
            ("a damaged file of logins", functools.partial(damaged_logins, ground)),
            ("secrets in an address are not told", functools.partial(secrets, ground)),
            ("records for more memory than there is", functools.partial(memory, ground))]


def right(ground: Ground, answer: Answer, state: str) -> str | None:
    folder = ground.old if state == "old" else ground.new
    if truth.told(answer.records) == truth.records(folder, SUBDIRS, NAMES):
        return None
    return f"not the {state} records ({len(answer.records or [])}): {answer.brief()}"


def is_kind(answer: Answer, kinds: frozenset[str] | set[str]) -> str | None:
    """The run failed, with one of these kinds, also reported for the part of the channel."""
    if answer.failed not in kinds:
        return f"wanted {' or '.join(sorted(kinds))}: {answer.brief()}"
    # A cache that cannot be opened keeps every part from being asked for.
    if not answer.faults & kinds and not kinds & {"cache", "disk_full"}:
        return f"no origin has the fault: {answer.brief()}"
    fault = answer.told["failed"]
    if not fault["at"] or not fault["detail"] or "\n" in fault["detail"]:
        return f"`at` and a `detail` of one line are wanted: {fault}"
    return None


def cold(ground: Ground, row: Row) -> str | None:
    """With an empty cache; a successful run afterwards finds no leftovers."""
    cache = ground.cache()
    with ground.serving(row.forms) as server:
        server.fault = Fault(row.fault, row.on, row.times)
        answer = ground.program.ask(server.channel, cache, records(*NAMES))
        wrong = right(ground, answer, "old") if OK in row.kinds else is_kind(answer, row.kinds)
        server.fault = None
        after = ground.program.ask(server.channel, cache, records(*NAMES))
        harm = right(ground, after, "old")
        return wrong or (harm and f"afterwards, without the fault: {harm}")


def warm(ground: Ground, fault: str, form: str) -> str | None:
    """Cached data is used and not replaced; the fault is reported; then the server recovers."""
    cache = ground.cache()
    with ground.serving(form) as server:
        wrong = right(ground, ground.program.ask(server.channel, cache, records(*NAMES)), "old")
        if wrong:
            return f"first run: {wrong}"
        server.folder, server.fault = ground.new, Fault(fault)
        during = ground.program.ask(server.channel, cache, records(*NAMES))
        if during.reply is None or not during.faults or (during.records is None and during.failed is None):
            return f"during: {during.brief()}"
        if during.records is not None and (wrong := right(ground, during, "old")):
            return f"during: {wrong}"
        offline = ground.program.ask(server.channel, cache, records(*NAMES), offline=True)
        if wrong := right(ground, offline, "old"):
            return f"offline afterwards: {wrong}"
        server.fault = None
        return (wrong := right(ground, ground.program.ask(server.channel, cache, records(*NAMES)), "new")) and f"healed: {wrong}"


def nobody(ground: Ground) -> str | None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return is_kind(ground.program.ask(f"http://127.0.0.1:{port}/conda-forge", ground.cache(), records(*NAMES)), {"no_network"})


def unknown_name(ground: Ground) -> str | None:
    return is_kind(ground.program.ask("http://conda.invalid/conda-forge", ground.cache(), records(*NAMES)), {"no_network"})


def plain_for_tls(ground: Ground) -> str | None:
    with ground.serving() as server:
        address = server.channel.replace("http:", "https:")
        return is_kind(ground.program.ask(address, ground.cache(), records(*NAMES)), {"certificate", "other", "damaged"})


def certificate(ground: Ground) -> str | None:
    """A self-signed certificate."""
    key, signed = ground.place / "key.pem", ground.place / "certificate.pem"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                           "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", signed],
                          capture_output=True, check=False)
    if made.returncode:
        return "SKIPPED: openssl could not make a certificate"
    with ground.serving(tls=(str(signed), str(key))) as server:
        return is_kind(ground.program.ask(server.channel, ground.cache(), records(*NAMES)), {"certificate"})


def proxy(ground: Ground, status: int, scheme: str) -> str | None:
    with ground.serving() as server:
        server.proxy_status = status
        env = {f"{scheme}_proxy": server.base, f"{scheme.upper()}_PROXY": server.base, "NO_PROXY": "", "no_proxy": ""}
        answer = ground.program.ask(f"{scheme}://conda.invalid/conda-forge", ground.cache(), records(*NAMES), env=env)
        # A plain 502 may be the server's as well as the proxy's.
        kinds = {"proxy", "server"} if (status, scheme) == (502, "http") else {"proxy"}
        return is_kind(answer, kinds) or (None if server.summary()["count"] else "the proxy was not asked")


def dead_proxy(ground: Ground) -> str | None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    env = {"http_proxy": address, "HTTP_PROXY": address, "NO_PROXY": "", "no_proxy": ""}
    return is_kind(ground.program.ask("http://conda.invalid/conda-forge", ground.cache(), records(*NAMES), env=env),
                   {"proxy", "no_network"})


def login(ground: Ground, kept: str) -> str | None:
    """A server that requires a login."""
    file = ground.place / f"logins-{kept}"
    texts = {"netrc": "machine 127.0.0.1 login me password hunter2\n",
             "rattler": '{"127.0.0.1": {"BasicHTTP": {"username": "me", "password": "hunter2"}}}', "none": ""}
    file.write_text(texts[kept])
    names = {"netrc": "NETRC", "rattler": "RATTLER_AUTH_FILE", "none": "NETRC"}
    with ground.serving() as server:
        server.login = "me:hunter2"
        answer = ground.program.ask(server.channel, ground.cache(), records(*NAMES), env={names[kept]: str(file)})
        if "hunter2" in answer.stdout + answer.stderr:
            return f"it is told: {(answer.stdout + answer.stderr)[:300]}"
        return is_kind(answer, {"refused"}) if kept == "none" else right(ground, answer, "old")


def damaged_logins(ground: Ground) -> str | None:
    """A server without a login."""
    file = ground.place / "logins-damaged"
    file.write_text('{"127.0.0.1": ')
    with ground.serving() as server:
        env = {"RATTLER_AUTH_FILE": str(file), "NETRC": str(file)}
        return right(ground, ground.program.ask(server.channel, ground.cache(), records(*NAMES), env=env), "old")


def secrets(ground: Ground) -> str | None:
    """No output contains a password or a token."""
    with ground.serving() as server:
        for fault in (None, Fault("403")):
            server.fault = fault
            for secret in ("http://user:hunter2@", "http://"):
                address = server.base.replace("http://", secret) + ("/conda-forge" if "@" in secret else "/t/tk-hunter2/conda-forge")
                answer = ground.program.ask(address, ground.cache(), records("pytorch"))
                if answer.reply is None or "hunter2" in answer.stdout + answer.stderr:
                    return f"{secret} {fault and fault.name}: {(answer.stdout + answer.stderr)[:300]}"
    return None


def memory(ground: Ground) -> str | None:
    """A file that is small enough, but whose records take more than a gigabyte: refused, and not kept."""
    folder = ground.place / "memory"
    for subdir, depends in (("noarch", "[]"), *((subdir, "[" + '"",' * 50_000_000 + '""]') for subdir in SUBDIRS)):
        (folder / subdir).mkdir(parents=True)
        record = f'{{"name":"pytorch","version":"9","build":"0","build_number":0,"depends":{depends}}}'
        text = f'{{"info":{{"subdir":"{subdir}"}},"packages":{{}},"packages.conda":{{"pytorch-9-0.conda":{record}}}}}'
        (folder / subdir / "repodata.json").write_text(text)
    cache = ground.cache()
    with ground.serving("json") as server:
        server.folder = folder
        answer = ground.program.ask(server.channel, cache, records(*NAMES))
    kept = [file for file in pathlib.Path(cache).rglob("*") if file.is_file() and file.stat().st_size > 1 << 20]
    return is_kind(answer, {"too_large"}) or (f"kept: {kept}" if kept else None)
