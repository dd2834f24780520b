#!/usr/bin/env python3
"""What connections that do nothing cost: KiB of the hub's resident memory for each.

Usage: benches/idle.py PROGRAM, a release build of `tieline`; COUNT in the environment for another
number than 10,000. Each kind is measured on a fresh process, from this
one. It needs Python 3.11 and twice as many file descriptors as connections (`ulimit -n`).
"""

import asyncio
import hashlib
import os
import re
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

COUNT = int(os.environ.get("COUNT", "10000"))
GOAL_KIB = 20
STREAMS_OF_SESSION = 8
HEAD = "GET {} HTTP/1.1\r\nhost: {}\r\ncookie: tieline={}\r\n"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Hub:
    """A fresh hub with an administrator."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory()
        self.host = f"127.0.0.1:{free_port()}"
        self.file = os.path.join(self.folder.name, "hub.db")
        # A trusted peer has no bound of its own, so that one machine can play all clients.
        environment = os.environ | {"TIELINE_TRUSTED_PROXIES": "127.0.0.1"}
        words = ["serve", "--listen", self.host, "--public-url", f"http://{self.host}"]
        words += ["--database", f"sqlite:{self.file}", "--administrator", "ann@example.com"]
        words += ["--key-file", os.path.join(self.folder.name, "hub.key")]
        self.process = subprocess.Popen(
            [program, *words], stdout=subprocess.PIPE, env=environment, text=True
        )
        self.link = None
        for line in self.process.stdout:
            self.link = self.link or re.search(r"http://\S+/sign-in/\S+", line)
            if "/app" in line:
                break
        while not self.is_ready():
            time.sleep(0.05)

    def is_ready(self):
        try:
            return urllib.request.urlopen(f"http://{self.host}/readyz").status == 200
        except OSError:
            return False

    def sessions(self, number):
        """Signs in once, and copies the session under other names."""
        opener = urllib.request.build_opener(NoRedirect)
        for method in ("GET", "POST"):
            request = urllib.request.Request(self.link.group(0), method=method)
            cookie = opener.open(request).headers.get("set-cookie", "")
            if cookie:
                break
        assert cookie, "the link signs in"
        names = [f"idle-{at}" for at in range(number)]
        with sqlite3.connect(self.file) as database:
            found = database.execute("select * from session")
            columns = [column[0] for column in found.description]
            row = dict(zip(columns, found.fetchone()))
            marks = ", ".join("?" * len(columns))
            for at, name in enumerate(names):
                row["token_hash"] = hashlib.sha256(name.encode()).digest()
                for key in row.keys() & {"id", "session_id"}:
                    row[key] = at.to_bytes(16, "big")
                database.execute(f"insert into session values ({marks})", [*row.values()])
        return names

    def kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            found = re.search(r"VmRSS:\s+(\d+) kB", status.read())
        return int(found.group(1))

    def end(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


class NoRedirect(urllib.request.HTTPErrorProcessor):
    def http_response(self, request, response):
        return response


async def measure(program, first, expected):
    """Opens COUNT connections, sends `first` on each and reads until `expected` has come."""
    hub = Hub(program)
    names = hub.sessions(-(-COUNT // STREAMS_OF_SESSION))
    host, port = hub.host.split(":")

    async def one(at):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(first(hub.host, names[at // STREAMS_OF_SESSION]).encode())
        if expected:
            await asyncio.wait_for(reader.readuntil(expected), 60)
        return writer

    before, writers = hub.kib(), []
    for at in range(0, COUNT, 50):
        writers += await asyncio.gather(*(one(at + more) for more in range(min(50, COUNT - at))))
    await asyncio.sleep(2)
    each = (hub.kib() - before) / COUNT
    for writer in writers:
        writer.close()
    hub.end()
    return each


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    ask = lambda path: lambda host, name: HEAD.format(path, host, name)
    kinds = [
        ("said nothing", lambda *_: "", b""),
        ("half a head", ask("/healthz"), b""),
        ("answered, then idle", lambda *it: ask("/healthz")(*it) + "\r\n", b"\r\n\r\nok"),
        ("live stream", lambda *it: ask("/api/v1/live")(*it) + "\r\n", b"hello"),
    ]
    print(f"KiB of the hub for each of {COUNT} connections (goal: {GOAL_KIB})")
    for name, first, expected in kinds:
        each = asyncio.run(measure(sys.argv[1], first, expected))
        print(f"{name:<24}{each:>8.1f}", flush=True)


main()
