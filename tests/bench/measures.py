# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""measures: each takes a running peer and gives figures back, by their keys in figures.py.

A session is a list of measures that one start of a peer serves, in one place; every step of it lists which names of
--only want it.
"""
import os
import subprocess
import time
from collections import namedtuple

import processes
from figures import GROWTH_COUNTS, IDLE_COUNTS, THREADS
from loads import KEPT, Cost, ab, clients, iperf3, iperf3_argv, iperf3_result, wrk
from places import Lossy, Place, Relays, Wan
from processes import Failure

OPENING = 32          # idle: unanswered at once while they are opened
STREAMS = 32          # many
BURST = 40            # first byte
COLD_STARTS = 3
LOSSY_SECONDS = 8     # independent of --seconds: the number of losses is what makes this figure good

# peers: only these. threads: a start with so many relay threads each, by turns. starts: of each peer in a round.
# untouched: nothing has gone through the peer before the first step.
Session = namedtuple("Session", "name place steps peers threads starts untouched", defaults=(None, (None,), 1, False))
Step = namedtuple("Step", "names measure")


def bulk(key, *more):
    def measure(peer, plan):
        cost = Cost(peer)
        stream = iperf3(peer, plan.seconds, *more)  # a failed attempt costs next to nothing
        return {f"{key}.gibs": stream.rate, f"{key}.cpu": cost.seconds() / stream.gib}
    return measure


def conns(peer, plan):
    ab(peer, 1)  # pools and caches as they are in use
    cost = Cost(peer)
    found = ab(peer, plan.seconds)
    return {"conns.rate": found.rate, "conns.cpu_us": cost.seconds() / found.done * 1e6,
            "conns.p99_ms": found.p99_ms, "conns.failed": found.failed}


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
        rate = iperf3_result(stream.communicate(timeout=20)[0]).rate
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
        return answer[time_key] / 1000 / peer.place.rtt_ms
    time.sleep(2)  # the links that are kept warm are up
    with Relays(peer.place, peer.entries["echo"]) as relays:
        alone = sorted(trips(1, "max_us") for _ in range(10))
        return {"first.one": alone[len(alone) // 2], "first.burst": trips(BURST, "max_us"),
                "first.next": trips(BURST, "max_us")}


def wan(peer, plan):
    cost = Cost(peer)
    stream = iperf3(peer, 2 * plan.seconds, "-O", "2")
    return {"wan.gibs": stream.rate, "wan.cpu": cost.seconds() / stream.sent_gib}


def cold(peer, _plan):
    """All at once through a pair that has served no client yet."""
    report = clients(peer, KEPT)
    return {"cold.first_ms": report["first_median_us"] / 1000, "cold.worst_ms": report["first_max_us"] / 1000,
            "cold.all_ms": report["all_us"] / 1000}


def lossy(peer, _plan):
    wrk(peer, 2)  # congestion windows as they are in use
    found = wrk(peer, LOSSY_SECONDS)
    return {"lossy.rate": found.rate, "lossy.p50_ms": found.p50_ms, "lossy.p90_ms": found.p90_ms,
            "lossy.p99_ms": found.p99_ms}


def threads(peer, plan):
    wrk(peer, 1)
    small_rate = wrk(peer, plan.seconds).rate
    ab(peer, 1)
    return {f"threads.{peer.threads}.small": small_rate,
            f"threads.{peer.threads}.conns": ab(peer, plan.seconds).rate}


SESSIONS = [
    Session("bulk", Place, [Step(("up",), bulk("up")), Step(("down",), bulk("down", "-R")),
                            Step(("many",), bulk("many", "-P", str(STREAMS)))]),
    Session("cold", Place, [Step(("cold",), cold)], starts=COLD_STARTS, untouched=True),
    Session("conns", Place, [Step(("conns",), conns)]),
    Session("small", Place, [Step(("small",), small), Step(("small", "mixed"), mixed)]),
    Session("idle", Place, [Step(("idle", "growth"), ladder)]),
    Session("threads", Place, [Step(("threads",), threads)], peers=("munnel", "before"), threads=THREADS),
    Session("wan", Wan, [Step(("first",), first_byte), Step(("wan",), wan)]),
    Session("lossy", Lossy, [Step(("lossy",), lossy)]),
]
NAMES = list(dict.fromkeys(name for session in SESSIONS for step in session.steps for name in step.names))
