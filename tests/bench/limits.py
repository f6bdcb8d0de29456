#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""limits: how exactly a limit of bandwidth is met, by one relay and by many, and what it costs the others.

A service may move 1 MB/s in each direction. One relay and then 50 move as much as they can, in one direction and then in
the other, for 10 seconds from the first connection; the error is what the receivers got in all, against the limit. Spread
is what the relay with the most and that with the least got against their mean, without the first second, in which the
burst goes to those who come first. CPU is that of server and agent. Then 64
clients make small requests of a service without a limit, by turns alone and beside 50 relays that are held back.
"""
import argparse
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import bench
import peers
import places
import processes
from loads import Cost, wrk

LIMIT = 1000000
PIECE = 65536
WAYS = {"in": "clients to destinations", "out": "destinations to clients"}


class Limited(peers.Munnel):
    """Munnel with a service that has a limit, whose destination is this program."""

    def __init__(self, options, load):
        super().__init__(options)
        self.load, self.port_of_limited = load, processes.free_ports(1)[0]

    def more_services(self):
        return [{"name": "limited", "listen": f"127.0.0.1:{self.port_of_limited}",
                 "connect": f"127.0.0.1:{self.load.port}", "bandwidth_in": LIMIT, "bandwidth_out": LIMIT}]


class Load:
    """Clients and destinations of the limited service, all on one thread: one side of each relay sends, the other reads."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]

    def run(self, port, relays, way, seconds, stop=None):
        """Bytes that all receivers got in that time, and those that each got after its first second."""
        self.way, self.got, self.selector = way, {}, selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        begin, first = time.monotonic(), None
        end = begin + seconds
        for _ in range(relays):
            client = socket.create_connection(("127.0.0.1", port), timeout=5)
            self._add(client, sends=way == "in")
        while time.monotonic() < end and not (stop and stop.is_set()):
            for key, _ in self.selector.select(max(0, end - time.monotonic())):
                self._serve(key)
            if first is None and time.monotonic() > begin + 1:
                first = dict(self.got)
        for key in list(self.selector.get_map().values()):
            if key.fileobj is not self.listener:
                key.fileobj.close()
        self.selector.close()
        return sum(self.got.values()), [got - (first or {}).get(end, 0) for end, got in self.got.items()]

    def _add(self, end, sends):
        end.setblocking(False)
        self.selector.register(end, selectors.EVENT_WRITE if sends else selectors.EVENT_READ)
        if not sends:
            self.got[end] = 0

    def _serve(self, key):
        try:
            if key.fileobj is self.listener:
                self._add(self.listener.accept()[0], sends=self.way == "out")
            elif key.events & selectors.EVENT_WRITE:
                key.fileobj.send(bytes(PIECE))
            else:
                self.got[key.fileobj] += len(key.fileobj.recv(PIECE))
        except BlockingIOError:
            pass


def read_options():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--build", default="build", help="where Munnel was built [build]")
    options.add_argument("--seconds", type=int, default=10, metavar="N", help="length of one measurement [10]")
    options.add_argument("--relays", type=int, default=50, metavar="N", help="relays of the limited service [50]")
    options.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of small requests [3]")
    options.add_argument("--threads", type=int, default=2, metavar="N", help="relay threads [2]")
    options = options.parse_args()
    options.build, options.before = os.path.abspath(options.build), None
    return options


def show_exactness(peer, options):
    print(f"{'relays':>8} {'direction':25}{'MB/s':>8}{'error':>9}{'spread':>9}{'CPU':>9}")
    for relays in (1, options.relays):
        for way, words in WAYS.items():
            cost = Cost(peer)
            whole, got = peer.load.run(peer.port_of_limited, relays, way, options.seconds)
            rate, mean = whole / options.seconds, statistics.mean(got)
            print(f"{relays:8} {words:25}{rate / 1e6:8.3f}{rate / LIMIT - 1:9.1%}{(max(got) - min(got)) / mean:9.1%}"
                  f"{cost.seconds() / options.seconds:9.1%}", flush=True)


def small_beside(peer, options, way):
    """Small requests beside relays that are held back all the time."""
    stop = threading.Event()
    load = threading.Thread(target=peer.load.run,
                            args=(peer.port_of_limited, options.relays, way, options.seconds + 20, stop))
    load.start()
    time.sleep(0.5)  # their burst is over
    try:
        return wrk(peer, options.seconds // 2)
    finally:
        stop.set()
        load.join()


def show_others(peer, options):
    wrk(peer, 1)
    rounds = [{"alone": wrk(peer, options.seconds // 2), "in": small_beside(peer, options, "in"),
               "out": small_beside(peer, options, "out")} for _ in range(options.rounds)]
    print(f"\n{'64 clients, small requests':42}{'rate':>9}{'p99 ms':>9}{'CPU us':>9}{'ratio':>8}")
    for turn in ("alone", *WAYS):
        words = turn if turn == "alone" else f"beside {options.relays}, {WAYS[turn]}"
        rate, p99, cpu = (statistics.median(getattr(one[turn], field) for one in rounds)
                          for field in ("rate", "p99_ms", "cpu_us"))
        ratio = statistics.median(one[turn].rate / one["alone"].rate for one in rounds)
        print(f"{words:42}{rate:9,.0f}{p99:9.2f}{cpu:9.1f}{ratio:8.2f}", flush=True)


def main():
    options = read_options()
    options.files = processes.raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="munnel-limits-") as folder:
        place = places.Place(folder, bench.build_tools(folder))
        peer = Limited(options, Load())
        try:
            place.enter()
            peer.launch(place, tempfile.mkdtemp(dir=folder))
            show_exactness(peer, options)
            if options.rounds:
                show_others(peer, options)
        finally:
            peer.stop()
            place.leave()


if __name__ == "__main__":
    try:
        main()
    except (processes.Failure, subprocess.TimeoutExpired) as failure:
        sys.exit(f"limits: {failure}")
