# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""What scenario tests in Python share: a folder, free ports, programs that end with the test, a server with an agent and
an echo behind it, its administration API, and TAP."""

import ctypes
import http.client
import json
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import traceback

TOP = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
PATIENCE_S = 20 * int(os.environ.get("MUNNEL_SLOW", "1"))


class Failed(Exception):
    """What a test asserts does not hold."""


def expect(holds, *words):
    if not holds:
        raise Failed(" ".join(str(word) for word in words))


def wait_for(condition, words, seconds=PATIENCE_S):
    """The first true value of condition(); fails after the time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        expect(time.monotonic() < end, "not within", seconds, "s:", words)
        time.sleep(0.02)


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Echo(socketserver.ThreadingTCPServer):
    """A destination on a free port that answers each byte by itself."""

    daemon_threads = True
    request_queue_size = 512

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while data := self.request.recv(65536):
                self.request.sendall(data)

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Echo.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that was reset

    @property
    def port(self):
        return self.server_address[1]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Running:
    """A sandbox. `with Running() as running:` ends all programs and removes the folder, or keeps it when a test failed."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="munnel-test-")
        self.programs = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for program in self.programs.values():
            self.end(program)
        if kind and getattr(value, "code", 1):
            for name in self.programs:
                text = self.output(name)
                print(f"# the end of what {name} wrote:", *text.splitlines()[-15:], sep="\n#   ", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text)
        return self.path(name)

    def output(self, name):
        with open(self.path(name + ".out"), errors="replace") as file:
            return file.read()

    def start(self, name, *arguments, environment=None, **more):
        """Starts a program; what it writes is in output(name), unless `more` has other streams."""
        with open(self.path(name + ".out"), "w") as out:
            more = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out, **more}
            program = subprocess.Popen(arguments, preexec_fn=die_with_parent,
                                       env={**os.environ, **(environment or {})}, **more)
        self.programs[name] = program
        return program

    @staticmethod
    def end(program):
        if program.poll() is None:
            program.send_signal(signal.SIGCONT)
            program.terminate()
            try:
                program.wait(3)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()

    # ---- munneld and munnel-agent ----

    def initialise(self):
        """CA, certificate, token and agents file, and ports for the agents, the service and admin.http."""
        self.run("munnel", "init", self.path("pki"))
        self.echo = Echo()
        self.agents_port, self.port, self.http_port = free_ports(3)
        self.tokens = {role: role + "-" + "0123456789abcdef" * 3 for role in ("view", "operate", "admin")}
        self.write("pki/tokens", "".join(f"{role} {role} {token}\n" for role, token in self.tokens.items()))

    def run(self, program, *arguments):
        result = subprocess.run([f"{BUILD}/{program}", *arguments], capture_output=True, text=True, timeout=PATIENCE_S)
        expect(result.returncode == 0, program, *arguments, result.stdout, result.stderr)
        return result.stdout

    def configuration(self, **more):
        return {"agents": {"listen": [f"127.0.0.1:{self.agents_port}"],
                           "tls": {"cert": "server.pem", "key": "server.key"}, "auth": {"tokens": "agents.json"}},
                "services": [{"name": "echo", "listen": f"127.0.0.1:{self.port}",
                              "connect": f"127.0.0.1:{self.echo.port}"}],
                "admin": {"socket": self.path("admin.sock"), "http": f"127.0.0.1:{self.http_port}",
                          "tokens": "tokens"}, **more}

    def configure(self, **more):
        return self.write("pki/munnel.json", json.dumps(self.configuration(**more)))

    def start_server(self, *arguments, **more):
        program = self.start("munneld", f"{BUILD}/munneld", "--config", self.path("pki/munnel.json"), *arguments, **more)
        wait_for(lambda: self.answers("/healthz"), "the server answers")
        return program

    def start_agent(self, *arguments, **more):
        program = self.start("munnel-agent", f"{BUILD}/munnel-agent", "--name", "web1", "--ca", self.path("pki/ca.pem"),
                             "--token-file", self.path("pki/agent.token"), *arguments,
                             f"127.0.0.1:{self.agents_port}", **more)
        wait_for(lambda: self.ask("/readyz")[0] == 200, "an agent serves")
        return program

    def start_all(self, **more):
        self.initialise()
        self.configure(**more)
        self.start_server()
        self.start_agent()

    # ---- asking it, and using it ----

    def ask(self, path, method="GET", body=None):
        """(status, body) by the Unix socket; JSON is parsed."""
        connection = UnixConnection(self.path("admin.sock"))
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if "json" in answer.getheader("Content-Type", "") else text

    def answers(self, path):
        try:
            return self.ask(path)[0] == 200
        except OSError:
            return False

    def metric(self, series):
        """The value of the series, by its whole name with labels; 0 if it is not there."""
        for line in self.ask("/metrics")[1].splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def relay(self, data=b"hello", port=None):
        """One client, whose bytes come back."""
        with socket.create_connection(("127.0.0.1", port or self.port), PATIENCE_S) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            got = b""
            while more := client.recv(65536):
                got += more
        expect(got == data, "sent", len(data), "bytes, got", len(got))


def main(*tests):
    """Runs the functions, one TAP line each, named by their docstrings. A returned text is why one was skipped."""
    failed = False
    for number, test in enumerate(tests, 1):
        words = test.__doc__.split("\n")[0]
        try:
            skipped = test()
            print(f"ok {number}", f"# SKIP {skipped}" if skipped else f"- {words}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed = True
            print(f"not ok {number} - {words}\n# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
    print(f"1..{len(tests)}", flush=True)
    sys.exit(failed)
