# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""measures: each takes a running peer and gives figures back, by their keys in figures.py.

A session is a list of measures that one start of a peer serves, in one place; every step of it says which names of
--only want it.
"""
import json
import os
import re
import subprocess
import time
from collections import namedtuple

import processes
from figures import GROWTH_COUNTS, IDLE_COUNTS
from places import RTT_MS, Place, Relays, Wan
from processes import Failure

GIB = 2 ** 30
MIB = 2 ** 20
AT_ONCE = 50          # conns
KEPT = 64             # small: connections
OPENING = 32          # idle: unanswered at once while they are opened
STREAMS = 32          # many
IPERF3_ATTEMPTS = 3
BURST = 40            # first byte
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}

Session = namedtuple("Session", "name place steps")
Step = namedtuple("Step", "names measure")


class Cost:
    """CPU time of the peer's programs from here on."""

    def __init__(self, peer):
        self.peer, self.before = peer, peer.cpu_seconds()

    def seconds(self):
        return self.peer.cpu_seconds() - self.before


def url(peer):
    return "http://%s:%d/tiny" % peer.entries["web"]


def iperf3_argv(peer, seconds, *more):
    address, port = peer.entries["iperf3"]
    return ["iperf3", "-J", "-c", address, "-p", str(port), "-t", str(seconds), *more]


def iperf3_result(text):
    """(GiB, GiB/s) as the receiver saw them."""
    report = json.loads(text)
    if "error" in report:
        raise Failure(f"iperf3: {report['error']}")
    received = report["end"]["sum_received"]
    return received["bytes"] / GIB, received["bits_per_second"] / 8 / GIB


def iperf3(peer, seconds, *more):
    """One test. The server may still be ending the one before, and serves one at a time."""
    for attempt in range(IPERF3_ATTEMPTS):
        time.sleep(0.2)
        try:
            return iperf3_result(processes.run(iperf3_argv(peer, seconds, *more), seconds + 20,
                                               peer.place.server_namespace))
        except Failure as failure:
            peer.place.restart_iperf3()
            if attempt == IPERF3_ATTEMPTS - 1 or "not done" in str(failure):
                raise


def bulk(key, *more):
    def measure(peer, plan):
        cost = Cost(peer)
        gib, rate = iperf3(peer, plan.seconds, *more)  # a failed attempt costs next to nothing
        return {f"{key}.gibs": rate, f"{key}.cpu": cost.seconds() / gib}
    return measure


def ab(peer, seconds):
    """A new connection for each request; ab's own words and the number of requests done."""
    output = processes.run(["ab", "-q", "-r", "-s", "20", "-c", str(AT_ONCE), "-t", str(seconds), "-n", "10000000",
                          url(peer)], seconds + 30, peer.place.server_namespace)
    return output, int(re.search(r"Complete requests:\s+(\d+)", output)[1])


def conns(peer, plan):
    ab(peer, 1)  # pools and caches as they are in use
    cost = Cost(peer)
    output, done = ab(peer, plan.seconds)
    return {"conns.rate": float(re.search(r"Requests per second:\s+([\d.]+)", output)[1]),
            "conns.cpu_us": cost.seconds() / done * 1e6,
            "conns.p99_ms": float(re.search(r"99%\s+(\d+)", output)[1]),
            "conns.failed": int(re.search(r"Failed requests:\s+(\d+)", output)[1])}


Wrk = namedtuple("Wrk", "rate p50_ms p99_ms cpu_us done")


def wrk(peer, seconds):
    cost = Cost(peer)
    output = processes.run(["wrk", "-t", "1", "-c", str(KEPT), "-d", f"{seconds}s", "--timeout", "10s", "--latency",
                          url(peer)], seconds + 30, peer.place.server_namespace)
    times = {percent: float(value) * UNITS[unit]
             for percent, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s|m)\b", output)}
    done = int(re.search(r"(\d+) requests in", output)[1])
    if done == 0 or "Non-2xx" in output:
        raise Failure("wrk: no answers")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    return Wrk(rate, times["50"], times["99"], cost.seconds() / done * 1e6, done)


def small(peer, plan):
    wrk(peer, 1)
    found = wrk(peer, plan.seconds)
    return {"small.rate": found.rate, "small.p50_ms": found.p50_ms, "small.p99_ms": found.p99_ms,
            "small.cpu_us": found.cpu_us}


def mixed(peer, plan):
    """The same while one stream goes as fast as it can through the same relay."""
    stream = processes.start(iperf3_argv(peer, plan.seconds + 2), os.path.join(peer.place.folder, "mixed.log"),
                             peer.place.server_namespace, stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(1)
        beside = wrk(peer, plan.seconds)
        _, rate = iperf3_result(stream.communicate(timeout=20)[0])
    except (Failure, subprocess.TimeoutExpired) as failure:
        peer.place.restart_iperf3()
        raise Failure(f"mixed: {failure}") from None
    finally:
        processes.stop(stream)
        stream.stdout.close()
    return {"mixed.rate": beside.rate, "mixed.p99_ms": beside.p99_ms, "mixed.gibs": rate}


def ladder(peer, plan):
    """More and more idle relays, and at each step small requests beside them."""
    if peer.name == "direct":
        return {}
    wrk(peer, 1)
    start, found, held, failed = peer.memory_kib(), {}, 0, 0
    if plan.wants("idle"):
        found["idle.0.rate"] = wrk(peer, plan.seconds).rate
    with Relays(peer.place, peer.entries["echo"]) as relays:
        for count in plan.relay_counts():
            failed += relays.open(plan.held(count) - held, OPENING)["failed"]
            held = plan.held(count)
            found.update(rung(peer, plan, count, failed, start))
    return found


def rung(peer, plan, count, failed, start):
    time.sleep(1)  # what opening them stirred up
    cost = Cost(peer)
    time.sleep(plan.seconds)
    idle = cost.seconds() / plan.seconds * 100
    opened = max(1, plan.held(count) - failed)
    each = [(now - before) / opened for now, before in zip(peer.memory_kib(), start)]
    beside = wrk(peer, plan.seconds)
    figures = {}
    if plan.wants("idle") and count in IDLE_COUNTS:
        figures.update({f"idle.{count}.server": each[0], f"idle.{count}.agent": each[1], f"idle.{count}.cpu": idle,
                        f"idle.{count}.rate": beside.rate, f"idle.{count}.cpu_us": beside.cpu_us,
                        f"idle.{count}.failed": failed})
    if plan.wants("growth") and count in GROWTH_COUNTS:
        figures.update({f"growth.{count}.cpu_us": beside.cpu_us, f"growth.{count}.server": each[0],
                        f"growth.{count}.agent": each[1]})
    return figures


def first_byte(peer, _plan):
    """From connect to the first byte that came back, in round trips: ten one by one, then two bursts."""
    def trips(count, time_key):
        answer = relays.open(count, count)
        relays.close()
        time.sleep(1 if count > 1 else 0.2)
        if answer["failed"]:
            raise Failure(f"first byte: {answer['failed']} of {count} never answered")
        return answer[time_key] / 1000 / RTT_MS
    time.sleep(2)  # the links that are kept warm are up
    with Relays(peer.place, peer.entries["echo"]) as relays:
        alone = sorted(trips(1, "max_us") for _ in range(10))
        return {"first.one": alone[len(alone) // 2], "first.burst": trips(BURST, "max_us"),
                "first.next": trips(BURST, "max_us")}


def wan(peer, plan):
    return {"wan.gibs": iperf3(peer, 2 * plan.seconds, "-O", "2")[1]}


SESSIONS = [
    Session("bulk", Place, [Step(("up",), bulk("up")), Step(("down",), bulk("down", "-R")),
                            Step(("many",), bulk("many", "-P", str(STREAMS)))]),
    Session("conns", Place, [Step(("conns",), conns)]),
    Session("small", Place, [Step(("small",), small), Step(("small", "mixed"), mixed)]),
    Session("idle", Place, [Step(("idle", "growth"), ladder)]),
    Session("wan", Wan, [Step(("first",), first_byte), Step(("wan",), wan)]),
]
NAMES = list(dict.fromkeys(name for session in SESSIONS for step in session.steps for name in step.names))
