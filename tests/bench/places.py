# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""places: where a peer runs: one machine, or two network namespaces with a link between them that delays and loses.

A place has a server side, where the clients are too, and an agent side with the three destinations: an iperf3 server,
nginx with a tiny file, and echo. Owns: the destinations, the link, the namespaces; leave() ends all of them.
"""
import json
import os
import subprocess

import processes
from processes import Failure

SERVICES = ("iperf3", "web", "echo")

NGINX = """daemon off; master_process off; pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; tcp_nodelay on;
    client_body_temp_path {folder}/nginx; proxy_temp_path {folder}/nginx; fastcgi_temp_path {folder}/nginx;
    uwsgi_temp_path {folder}/nginx; scgi_temp_path {folder}/nginx;
    server {{ listen {address}:{port} backlog=4096; root {folder}/www; }}
}}
"""


class Place:
    """Everything on 127.0.0.1."""
    name = "loopback"
    server_namespace = agent_namespace = None
    server_address = agent_address = destination_address = "127.0.0.1"

    def __init__(self, folder, tools, number=1):
        """number: of the round; what is drawn at random in this place is drawn from it."""
        self.folder = os.path.join(folder, self.name)
        self.tools, self.number = tools, number
        os.makedirs(os.path.join(self.folder, "www"))
        os.makedirs(os.path.join(self.folder, "nginx"))
        with open(os.path.join(self.folder, "www", "tiny"), "w") as tiny:
            tiny.write("Hello, world.\n")
        self.children = []
        self.ports = dict(zip(SERVICES, processes.free_ports(len(SERVICES))))

    def enter(self):
        self._start_iperf3()
        config = os.path.join(self.folder, "nginx.conf")
        with open(config, "w") as file:
            file.write(NGINX.format(folder=self.folder, address=self.destination_address, port=self.ports["web"]))
        self._start(["nginx", "-c", config, "-p", self.folder], "nginx.log", "web")
        self._start([self.tools["echo"], self.destination_address, str(self.ports["echo"])], "echo.log", "echo")

    def _start(self, argv, log, service):
        child = processes.start(argv, os.path.join(self.folder, log), self.agent_namespace)
        self.children.append(child)
        processes.wait_listening(child, [self.ports[service]])
        return child

    def _start_iperf3(self):
        self.iperf3 = self._start(["iperf3", "-s", "-B", self.destination_address, "-p", str(self.ports["iperf3"])],
                                  "iperf3.log", "iperf3")

    def restart_iperf3(self):
        """After a test that broke: the server may still be waiting for its end."""
        processes.stop(self.iperf3)
        self.children.remove(self.iperf3)
        self._start_iperf3()

    def leave(self):
        for child in reversed(self.children):
            processes.stop(child)
        self.children = []


class Wan(Place):
    """The server in one network namespace, the agent in another, rtt_ms between them. Needs root."""
    name = "wan"
    rtt_ms, loss_percent = 50, 0
    server_address, agent_address, destination_address = "10.234.0.1", "10.234.0.2", "0.0.0.0"

    def __init__(self, folder, tools, number=1):
        super().__init__(folder, tools, number)
        self.server_namespace = f"munnel-bench-{os.getpid()}-a"
        self.agent_namespace = f"munnel-bench-{os.getpid()}-b"

    def enter(self):
        for namespace in (self.server_namespace, self.agent_namespace):
            processes.run(["ip", "netns", "add", namespace], 5)
        log = os.path.join(self.folder, "wan.log")
        link = processes.start([self.tools["wan"], self.server_namespace, self.server_address, self.agent_namespace,
                                self.agent_address, str(self.rtt_ms / 2), str(self.loss_percent), "0",
                                str(self.number)], log, stdout=subprocess.PIPE, text=True)
        self.children.append(link)
        if link.stdout.readline() != "ready\n":
            with open(log) as output:
                raise Failure(f"wan: {output.read().strip()}")
        super().enter()

    def leave(self):
        super().leave()
        for namespace in (self.server_namespace, self.agent_namespace):
            subprocess.run(["ip", "netns", "del", namespace], stderr=subprocess.DEVNULL, timeout=10, check=False)


class Lossy(Wan):
    """A shorter way that loses packets."""
    name = "lossy"
    rtt_ms, loss_percent = 20, 1


class Relays:
    """The program relays: opens connections to echo, times their first bytes and holds them open."""

    def __init__(self, place, entry):
        self.child = processes.start([place.tools["relays"], entry[0], str(entry[1])],
                                     os.path.join(place.folder, "relays.log"), place.server_namespace,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def open(self, count, at_once):
        return self._ask(f"open {count} {at_once}")

    def close(self):
        self._ask("close")

    def _ask(self, line):
        try:
            self.child.stdin.write(line + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.child.stdout.readline()  # relays gives up by itself when nothing moves
        if not answer:
            raise Failure(f"relays ended at: {line}")
        return json.loads(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        processes.stop(self.child)
        self.child.stdout.close()
