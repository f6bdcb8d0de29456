# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""peers: the relays that are compared, each started as a server and an agent (direct: neither).

A peer's start(place, folder) starts it and gives back where clients reach each service. To add one: write a class
with a name, the programs that it needs and start(), and put it into PEERS.
"""
import getpass
import json
import os
import re
import shutil
import subprocess
import time

import processes
from places import SERVICES, Relays
from processes import Failure

READY_SECONDS = 15
REST_SECONDS = 1


class Peer:
    name, programs = None, ()
    version_argv = None

    def __init__(self, options, threads=None):
        self.options, self.threads = options, threads or options.threads
        self.server, self.agent = [], []  # process ids
        self.children = []

    def start(self, place, folder):
        """Starts the programs; {service: (address, port)} for clients."""
        raise NotImplementedError

    def version(self):
        if self.version_argv is None:
            return None
        done = subprocess.run(self.version_argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=10, check=False)
        found = re.search(r"\d+\.\d+[^\s,]*", done.stdout)
        return found and found.group()

    def missing(self):
        return [program for program in self.programs if shutil.which(program) is None]

    def launch(self, place, folder, untouched=False):
        """Starts the peer and waits until a byte goes through it and comes back. Untouched: no byte; instead a rest, in
        which it does what it does of itself after its start."""
        self.place = place
        self.entries = self.start(place, folder)
        if untouched:
            self.wait_joined()
            time.sleep(REST_SECONDS)
        else:
            self._wait_carries()

    def wait_joined(self):
        """Waits until the two programs know each other, where that is more than both listening."""

    def _wait_carries(self):
        end = time.monotonic() + READY_SECONDS
        with Relays(self.place, self.entries["echo"]) as relays:
            while relays.open(1, 1)["opened"] == 0:
                if time.monotonic() > end:
                    raise Failure(f"{self.name}: nothing comes through after {READY_SECONDS} s")
                time.sleep(0.1)

    def stop(self):
        for child in reversed(self.children):
            processes.stop(child)
        self.children, self.server, self.agent = [], [], []

    def cpu_seconds(self):
        return processes.cpu_seconds(self.server + self.agent)

    def memory_kib(self):
        return processes.memory_kib(self.server), processes.memory_kib(self.agent)

    def _start_server(self, argv, ports):
        self._start(argv, "server.log", self.place.server_namespace, self.server, ports)

    def _start_agent(self, argv, ports=()):
        self._start(argv, "agent.log", self.place.agent_namespace, self.agent, ports)

    def _start(self, argv, log, namespace, pids, ports):
        child = processes.start(argv, os.path.join(self.folder, log), namespace)
        self.children.append(child)
        pids.append(child.pid)
        processes.wait_listening(child, ports)

    def _prepare(self, place, folder):
        """One listening port for clients of each service."""
        self.folder = folder
        ports = processes.free_ports(2 * len(SERVICES) + 1)
        self.listen = dict(zip(SERVICES, ports))
        self.inner = dict(zip(SERVICES, ports[len(SERVICES):]))  # between the two programs
        self.port = ports[-1]
        return {service: ("127.0.0.1", port) for service, port in self.listen.items()}

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path


class Direct(Peer):
    """No relay: what the machine can do."""
    name = "direct"

    def start(self, place, folder):
        return {service: (place.agent_address, port) for service, port in place.ports.items()}


def make_certificate(folder, address):
    """A certificate of its own authority for a pair: ECDSA P-256, as Munnel's."""
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    processes.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                   "-subj", "/CN=bench", "-addext", f"subjectAltName=IP:{address}", "-days", "2", "-keyout", key,
                   "-out", certificate], 20)
    with open(os.path.join(folder, "both.pem"), "w") as both:
        both.write(open(certificate).read() + open(key).read())
    return certificate, both.name


class Haproxy(Peer):
    """A pair in TCP mode, TLS 1.3 between the two, as many threads as Munnel."""
    name, programs = "haproxy", ("haproxy", "openssl")
    version_argv = ["haproxy", "-v"]

    HEAD = """global
    nbthread {threads}
    maxconn {most}
    ssl-default-bind-options ssl-min-ver TLSv1.3
    ssl-default-server-options ssl-min-ver TLSv1.3
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
"""

    def start(self, place, folder):
        entries = self._prepare(place, folder)
        certificate, both = make_certificate(folder, place.agent_address)
        server = agent = self.HEAD.format(threads=self.threads, most=(self.options.files - 200) // 2)
        for name in SERVICES:
            server += (f"listen {name}\n    bind 127.0.0.1:{self.listen[name]}\n"
                       f"    server agent {place.agent_address}:{self.inner[name]} ssl verify required"
                       f" ca-file {certificate}\n")
            agent += (f"listen {name}\n    bind {place.agent_address}:{self.inner[name]} ssl crt {both}\n"
                      f"    server destination 127.0.0.1:{place.ports[name]}\n")
        self._start_agent(["haproxy", "-db", "-f", self._write("agent.cfg", agent)], self.inner.values())
        self._start_server(["haproxy", "-db", "-f", self._write("server.cfg", server)], self.listen.values())
        return entries


class Stunnel(Peer):
    """A pair, TLS 1.3 between the two; a thread for each connection."""
    name, programs = "stunnel", ("stunnel", "openssl")
    version_argv = ["stunnel", "-version"]
    HEAD = "foreground = yes\npid =\ndebug = err\nsslVersionMin = TLSv1.3\n"

    def start(self, place, folder):
        entries = self._prepare(place, folder)
        certificate, both = make_certificate(folder, place.agent_address)
        server = agent = self.HEAD
        for name in SERVICES:
            server += (f"[{name}]\nclient = yes\naccept = 127.0.0.1:{self.listen[name]}\n"
                       f"connect = {place.agent_address}:{self.inner[name]}\n"
                       f"verifyChain = yes\nCAfile = {certificate}\n")
            agent += (f"[{name}]\naccept = {place.agent_address}:{self.inner[name]}\n"
                      f"connect = 127.0.0.1:{place.ports[name]}\ncert = {both}\n")
        self._start_agent(["stunnel", self._write("agent.conf", agent)], self.inner.values())
        self._start_server(["stunnel", self._write("server.conf", server)], self.listen.values())
        return entries


class Ssh(Peer):
    """ssh -R to a server of our own with keys of its own."""
    name, programs = "ssh", ("ssh", "sshd", "ssh-keygen")
    version_argv = ["ssh", "-V"]

    SERVER = """ListenAddress {address}
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
LogLevel ERROR
"""

    def start(self, place, folder):
        entries = self._prepare(place, folder)
        for key in ("host", "user"):
            processes.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(folder, key)], 20)
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # sshd does not start without it
        config = self._write("sshd.conf", self.SERVER.format(address=place.server_address, port=self.port,
                                                              folder=folder))
        self._start_server([shutil.which("sshd"), "-D", "-e", "-f", config], [self.port])
        argv = ["ssh", "-F", "none", "-N", "-T", "-p", str(self.port), "-i", os.path.join(folder, "user"),
                "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes",
                "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder}/known", "-o", "LogLevel=ERROR"]
        for name in SERVICES:
            argv += ["-R", f"127.0.0.1:{self.listen[name]}:127.0.0.1:{place.ports[name]}"]
        self._start_agent(argv + [f"{getpass.getuser()}@{place.server_address}"])
        server = self.children[0]
        processes.wait_until(lambda: processes.listening(server.pid) >= set(self.listen.values()), 10, "ssh -R")
        return entries


class Munnel(Peer):
    """munneld and munnel-agent of a build folder, as `munnel init` sets them up."""
    name = "munnel"

    def missing(self):
        return [program for program in ("munnel", "munneld", "munnel-agent") if self._program(program) is None]

    @property
    def build(self):
        return self.options.build

    def _program(self, name):
        for folder in ("", "src/server", "src/agent", "src/ctl", "src", "bin", "sbin"):
            path = os.path.join(self.build, folder, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        return None

    def start(self, place, folder):
        entries = self._prepare(place, folder)
        made = os.path.join(folder, "made")
        processes.run([self._program("munnel"), "init", made], 20, place.server_namespace)
        config = {
            "agents": {"listen": [f"{place.server_address}:{self.port}"],
                       "tls": {"cert": "server.pem", "key": "server.key"}, "auth": {"tokens": "agents.json"}},
            "services": [{"name": name, "listen": f"127.0.0.1:{self.listen[name]}",
                          "connect": f"127.0.0.1:{place.ports[name]}"} for name in SERVICES]
            + self.more_services(),
            "threads": self.threads,
            **self.more_options(),
        }
        path = os.path.join(made, "munnel.json")
        with open(path, "w") as file:
            json.dump(config, file)
        self._start_server([self._program("munneld"), "--config", path], [self.port, *self.listen.values()])
        self._start_agent([self._program("munnel-agent"), "--ca", os.path.join(made, "ca.pem"), "--threads",
                           str(self.threads), f"{place.server_address}:{self.port}", "bench"])
        return entries

    def more_services(self):
        """Services beside those of the place."""
        return []

    def more_options(self):
        """Members of the configuration that not every build knows."""
        return {}

    def wait_joined(self):
        def has_joined():
            with open(os.path.join(self.folder, "server.log"), errors="replace") as log:
                return " joined" in log.read()
        processes.wait_until(has_joined, READY_SECONDS, "munnel-agent joined")

    @property
    def version_argv(self):
        return [self._program("munneld"), "--version"]


class Before(Munnel):
    """Munnel of another build, from before a change: --before is its folder."""
    name = "before"

    @property
    def build(self):
        return self.options.before

    def missing(self):
        return super().missing() if self.build else ["--before DIR"]


PEERS = {peer.name: peer for peer in (Direct, Haproxy, Stunnel, Ssh, Before, Munnel)}
RIVALS = ("haproxy", "stunnel", "ssh")  # those that a user could pick instead
