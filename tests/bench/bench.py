#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""bench: measures Munnel beside the relays that a user could pick instead, in one run, peers in turn.

See README.md in this folder for what each figure means.
"""
import argparse
import contextlib
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source tree stays clean

import measures
import processes
import result
from peers import PEERS
from processes import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
TOOLS = ("wan", "echo", "clients", "relays", "requests", "datagrams")
DISTANT = ("first", "wan", "lossy")
NEEDED = ("cc", "iperf3", "nginx", "ab", "wrk")


def read_options():
    def names(known):
        def parse(text):
            chosen = text.split(",")
            for name in chosen:
                if name not in known:
                    raise argparse.ArgumentTypeError(f"{name}: not one of {', '.join(known)}")
            return chosen
        return parse
    parser = argparse.ArgumentParser(description="Measures Munnel beside HAProxy, stunnel, ssh -R and a direct "
                                     "connection. Everything stays on this machine.")
    add = parser.add_argument
    add("--only", type=names(measures.NAMES), default=measures.NAMES, metavar="NAME,...",
        help=f"measure only these: {', '.join(measures.NAMES)}")
    add("--peers", type=names(PEERS), default=None, metavar="NAME,...",
        help=f"only these: {', '.join(PEERS)}")
    add("--rounds", type=int, default=None, help="every figure is the median of so many [3; 1 with --quick]")
    add("--seconds", type=int, default=None, help="length of one measurement [4; 2 with --quick]")
    add("--quick", action="store_true", help="one short round with up to 2,000 relays: a look, not a result")
    add("--build", default=TOP, metavar="DIR", help="folder that Munnel was built in [this source tree]")
    add("--before", default=None, metavar="DIR", help="folder of another build of Munnel, to be measured beside it")
    add("--threads", type=int, default=os.cpu_count(), help="relay threads of Munnel and HAProxy [one per core]")
    add("--json", metavar="FILE", default=None, help="write all figures of all rounds there")
    add("--chart", metavar="FILE", default=None, help="draw them there, as SVG")
    add("--publish", action="store_true", help="both, where the README shows them: tests/bench/results/latest.json "
        "and contrib/pictures/bench.svg")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.seconds = options.seconds or (2 if options.quick else 4)
    if options.publish:
        options.json = os.path.join(HERE, "results", "latest.json")
        options.chart = os.path.join(TOP, "contrib", "pictures", "bench.svg")
    options.build = os.path.abspath(options.build)
    options.before = options.before and os.path.abspath(options.before)
    options.peers = options.peers or [name for name in PEERS if name != "before" or options.before]
    return options


class Plan:
    """What this run measures, and for how long each."""

    def __init__(self, options):
        self.options, self.seconds = options, options.seconds

    def wants(self, name):
        return name in self.options.only

    def steps(self, session):
        return [step for step in session.steps if any(self.wants(name) for name in step.names)]

    def sessions(self):
        return [session for session in measures.SESSIONS if self.steps(session)]

    def held(self, count):
        """So many relays of count as the limit of open files allows: each is two sockets in every program."""
        return min(count, (self.options.files - 800) // 2)

    def relay_counts(self):
        wanted = {*(measures.IDLE_COUNTS if self.wants("idle") else ()),
                  *(measures.GROWTH_COUNTS if self.wants("growth") else ())}
        return sorted(count for count in wanted if not (self.options.quick and count > 2000))


def say(text):
    print(text, file=sys.stderr, flush=True)


def build_tools(folder):
    tools = {}
    for name in TOOLS:
        tools[name] = os.path.join(folder, name)
        processes.run(["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-o", tools[name],
                       os.path.join(HERE, f"{name}.c")], 60)
    return tools


def check_programs(options):
    """Leaves out what cannot be measured here, and prints which."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        sys.exit(f"bench: missing: {', '.join(missing)} (contrib/bench installs what is needed)")
    for name in list(options.peers):
        missing = PEERS[name](options).missing()
        if missing:
            say(f"bench: without {name}: missing {', '.join(missing)}")
            options.peers.remove(name)
    if not options.peers:
        sys.exit("bench: no peer to measure")
    if os.geteuid() != 0 or not shutil.which("ip") or not os.path.exists("/dev/net/tun"):
        say(f"bench: without {', '.join(DISTANT)}: they need root, ip and /dev/net/tun for two network namespaces")
        options.only = [name for name in options.only if name not in DISTANT]


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.plan, self.tools = Plan(options), build_tools(folder)
        self.rounds = {name: {} for name in options.peers}
        self.failures = []

    def run(self):
        for number in range(1, self.options.rounds + 1):
            for session in self.plan.sessions():
                with self.place(session, number) as place:
                    for name in self.order(number):
                        self.visit_all(session, place, name, number)

    def order(self, number):
        """Each round begins with another peer: who comes late meets what the others have left in the kernel."""
        peers = self.options.peers
        first = 2 * (number - 1) % len(peers)
        return peers[first:] + peers[:first]

    def visit_all(self, session, place, name, number):
        """All starts of one peer in a round."""
        if session.peers and name not in session.peers:
            return
        turns = session.threads[::1 if number % 2 else -1]
        for threads in turns * session.starts:
            title = f"round {number}/{self.options.rounds} {session.name} {name}"
            title += f" --threads {threads}" if threads else ""
            self.visit(title, session, place, PEERS[name](self.options, threads))

    @contextlib.contextmanager
    def place(self, session, number):
        place = session.place(tempfile.mkdtemp(prefix=f"{session.name}-{number}-", dir=self.folder), self.tools,
                              number)
        try:
            place.enter()
            yield place
        finally:
            place.leave()

    def visit(self, title, session, place, peer):
        """One start of one peer."""
        try:
            peer.launch(place, tempfile.mkdtemp(prefix=f"{peer.name}-", dir=place.folder), session.untouched)
            for step in self.plan.steps(session):
                self.measure(title, step, peer)
        except (Failure, OSError) as failure:
            self.fail(title, failure)
        finally:
            peer.stop()

    def measure(self, title, step, peer):
        try:
            found = step.measure(peer, self.plan)
        except (Failure, KeyError, TypeError, ValueError, ZeroDivisionError) as failure:
            self.fail(f"{title} {step.names[0]}", failure)
            return
        if not peer.server:  # direct has no programs that could cost anything
            found = {key: value for key, value in found.items() if "cpu" not in key}
        for key, value in found.items():
            self.rounds[peer.name].setdefault(key, []).append(value)
        say(f"{title}: " + " ".join(f"{key}={value:.4g}" for key, value in found.items()))

    def fail(self, title, failure):
        self.failures.append(f"{title}: {failure or type(failure).__name__}")
        say(f"{title}: FAILED: {failure!r}")

    def medians(self):
        return {name: {key: statistics.median(values) for key, values in figures.items()}
                for name, figures in self.rounds.items()}


def main():
    options = read_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options.files = processes.raise_file_limit()
    check_programs(options)
    began, busy = time.time(), processes.machine_busy()
    with tempfile.TemporaryDirectory(prefix="munnel-bench-") as folder:
        bench = Bench(options, folder)
        try:
            bench.run()
        except KeyboardInterrupt:
            say("bench: stopped; what was measured so far:")
        processes.stop_all()
        found = result.describe(bench, began, busy)
    result.show(found)
    result.keep(found, options)


if __name__ == "__main__":
    main()
