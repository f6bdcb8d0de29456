#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""udp: what UDP services do to datagrams, beside no relay at all: how many are lost, how late they are, what they cost.

game: 1,000 clients send 20 datagrams of 100 bytes a second each, which a destination sends back. stream: one client sends
20,000 of 1,400 bytes a second, 224 Mbit/s in each direction. ask: 64 clients send their next datagram when they have the
answer to the last one. dns: dnsperf asks dnsmasq by 64 sockets. By turns without a relay and through Munnel, in rounds;
shown are the medians. CPU is that of server and agent for one datagram, in whichever direction.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import bench
import peers
import places
import processes
from loads import Cost
from processes import Failure

SECONDS = 3
LOADS = {"game": ("stream", 1000, 100, SECONDS, 20), "stream": ("stream", 1, 1400, SECONDS, 20000),
         "ask": ("ask", 64, 100, SECONDS)}
COLUMNS = ("rate", "lost", "p50_us", "p99_us", "p999_us", "cpu_us")


class Direct(peers.Direct):
    """No relay."""

    def __init__(self, options, ports):
        super().__init__(options)
        self.ports = ports

    def reached_at(self, name):
        return self.ports[name]


class Munnel(peers.Munnel):
    """Munnel with a service for each destination."""

    def __init__(self, options, ports):
        super().__init__(options)
        self.ports = ports
        self.services = dict(zip(ports, processes.free_ports(len(ports))))

    def more_services(self):
        return [{"name": f"udp-{name}", "protocol": "udp", "listen": f"127.0.0.1:{port}",
                 "connect": f"127.0.0.1:{self.ports[name]}"} for name, port in self.services.items()]

    def reached_at(self, name):
        return self.services[name]


class Destinations:
    """An echo of datagrams, and a dnsmasq where there is one."""

    def __init__(self, folder, tool):
        self.folder, self.tool = folder, tool
        self.ports = dict(zip(("echo", "dns"), processes.free_ports(2)))
        with open(os.path.join(folder, "queries"), "w") as queries:
            queries.write("a.example A\n")
        self.children = [self._start([tool, "echo", "127.0.0.1", str(self.ports["echo"])])]
        self.has_dns = bool(shutil.which("dnsmasq") and shutil.which("dnsperf"))
        if self.has_dns:
            self.children.append(self._start(
                ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--no-resolv", "--no-hosts",
                 f"--port={self.ports['dns']}", "--listen-address=127.0.0.1", "--bind-interfaces",
                 "--address=/a.example/192.0.2.7"]))

    def _start(self, argv):
        return processes.start(argv, os.path.join(self.folder, "destinations.log"))

    def stop(self):
        for child in self.children:
            processes.stop(child)


def ask(peer, tool, name, load):
    """The report of the program datagrams, with rates."""
    kind, clients, size, seconds, *rate = load
    cost = Cost(peer)
    found = json.loads(processes.run([tool, kind, "127.0.0.1", str(peer.reached_at(name)), str(clients), str(size),
                                      str(seconds), *map(str, rate)], seconds + 10))
    if found["wrong"]:
        raise Failure(f"{found['wrong']} datagrams were not what was sent")
    crossed = found["sent"] + found["received"]
    return {**found, "rate": crossed / found["seconds"], "lost": found["lost"] / found["sent"],
            "cpu_us": cost.seconds() / crossed * 1e6}


def ask_dns(peer, folder):
    cost = Cost(peer)
    out = processes.run(["dnsperf", "-s", "127.0.0.1", "-p", str(peer.reached_at("dns")), "-d",
                         os.path.join(folder, "queries"), "-l", str(SECONDS), "-c", "64", "-q", "128"], SECONDS + 20)
    def number(words):
        return float(re.search(words + r":\s+([\d.]+)", out)[1])
    return {"rate": number("Queries per second"), "lost": number("Queries lost") / number("Queries sent"),
            "cpu_us": cost.seconds() / number("Queries sent") / 2 * 1e6}


def measure(peer, destinations):
    found = {name: ask(peer, destinations.tool, "echo", load) for name, load in LOADS.items()}
    if destinations.has_dns:
        found["dns"] = ask_dns(peer, destinations.folder)
    return found


def run_round(kind, options, place, destinations):
    peer = kind(options, destinations.ports)
    try:
        peer.launch(place, tempfile.mkdtemp(dir=place.folder))
        processes.wait_until(lambda: ask(peer, destinations.tool, "echo", ("ask", 1, 100, 1))["received"], 10,
                             "a datagram comes back")
        return measure(peer, destinations)
    finally:
        peer.stop()


def show(rounds):
    print(f"{'':18}{'datagrams/s':>12}{'lost':>9}{'p50 us':>9}{'p99 us':>9}{'p99.9 us':>10}{'CPU us':>9}")
    for load in rounds["direct"][0]:
        for peer, found in rounds.items():
            value = {column: statistics.median(one[load][column] for one in found)
                     for column in COLUMNS if column in found[0][load]}
            times = "".join(f"{value[key]:{width}.0f}" if key in value else " " * width
                            for key, width in (("p50_us", 9), ("p99_us", 9), ("p999_us", 10)))
            rate = value["rate"] if load != "dns" else value["rate"] * 2  # a question and its answer
            print(f"{load:8}{peer:10}{rate:12,.0f}{value['lost']:9.3%}{times}{value['cpu_us']:9.1f}", flush=True)


def read_options():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--build", default="build", help="where Munnel was built [build]")
    options.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds [3]")
    options.add_argument("--threads", type=int, default=1, metavar="N", help="relay threads [1]")
    options.add_argument("--direct", action="store_true", help="without Munnel: what this machine can do")
    options = options.parse_args()
    options.build, options.before = os.path.abspath(options.build), None
    return options


def main():
    options = read_options()
    options.files = processes.raise_file_limit()
    kinds = {"direct": Direct, **({} if options.direct else {"munnel": Munnel})}
    with tempfile.TemporaryDirectory(prefix="munnel-udp-") as folder:
        tools = bench.build_tools(folder)
        place, destinations = places.Place(folder, tools), Destinations(folder, tools["datagrams"])
        try:
            place.enter()
            rounds = {name: [] for name in kinds}
            for _ in range(options.rounds):
                for name, kind in kinds.items():
                    rounds[name].append(run_round(kind, options, place, destinations))
            show(rounds)
        finally:
            destinations.stop()
            place.leave()


if __name__ == "__main__":
    try:
        main()
    except (Failure, subprocess.TimeoutExpired) as failure:
        sys.exit(f"udp: {failure}")
