# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""loads: runs a load program against a peer and reads its report; counts the CPU time that a load costs the peer."""
import json
import re
import time
from collections import namedtuple

import processes
from processes import Failure

GIB = 2 ** 30
AT_ONCE = 50          # ab
KEPT = 64             # wrk: connections
COLD_REQUESTS = 6     # of each client
IPERF3_ATTEMPTS = 3
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


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


Stream = namedtuple("Stream", "gib rate sent_gib")


def iperf3_result(text):
    """GiB and GiB/s as the receiver saw them, and all that the client sent, in omitted seconds too."""
    report = json.loads(text)
    if "error" in report:
        raise Failure(f"iperf3: {report['error']}")
    received = report["end"]["sum_received"]
    sent = sum(interval["sum"]["bytes"] for interval in report["intervals"])
    return Stream(received["bytes"] / GIB, received["bits_per_second"] / 8 / GIB, sent / GIB)


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


Ab = namedtuple("Ab", "rate p99_ms done failed")


def ab(peer, seconds):
    """A new connection for each request."""
    output = processes.run(["ab", "-q", "-r", "-s", "20", "-c", str(AT_ONCE), "-t", str(seconds), "-n", "10000000",
                          url(peer)], seconds + 30, peer.place.server_namespace)
    return Ab(float(re.search(r"Requests per second:\s+([\d.]+)", output)[1]),
              float(re.search(r"99%\s+(\d+)", output)[1]),
              int(re.search(r"Complete requests:\s+(\d+)", output)[1]),
              int(re.search(r"Failed requests:\s+(\d+)", output)[1]))


Wrk = namedtuple("Wrk", "rate p50_ms p90_ms p99_ms cpu_us done")


def wrk(peer, seconds):
    cost = Cost(peer)
    output = processes.run(["wrk", "-t", "1", "-c", str(KEPT), "-d", f"{seconds}s", "--timeout", "10s", "--latency",
                          url(peer)], seconds + 30, peer.place.server_namespace)
    times = {percent: float(value) * UNITS[unit]
             for percent, value, unit in re.findall(r"(50|90|99)%\s+([\d.]+)(us|ms|s|m)\b", output)}
    done = int(re.search(r"(\d+) requests in", output)[1])
    if done == 0 or "Non-2xx" in output:
        raise Failure("wrk: no answers")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    return Wrk(rate, times["50"], times["90"], times["99"], cost.seconds() / done * 1e6, done)


def clients(peer, count):
    """So many at once, each with a few requests, once: what the program clients reports."""
    address, port = peer.entries["web"]
    report = json.loads(processes.run([peer.place.tools["clients"], address, str(port), "/tiny", str(count),
                                       str(COLD_REQUESTS)], 30, peer.place.server_namespace))
    if report["failed"]:
        raise Failure(f"clients: {report['failed']} of {count} were not served")
    return report
