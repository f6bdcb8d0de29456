#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""where: shows where a peer's time goes while it carries one kind of load.

    where.py [--peer munnel] [--build DIR] [--threads N] [--seconds N] up|down|many|conns|small

First each thread's CPU and context switches. Then for server and agent each: the share of every library and the
functions that take most (perf, by the clock, so that it works without hardware counters), then the system calls of each
request or GiB (strace, in a run of its own: it slows everything down). Needs perf, strace and permission for both.
"""
import argparse
import collections
import os
import re
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import bench
import loads
import measures
import peers
import places
import processes

LINES = 25
LOADS = {
    "up": lambda peer, seconds: loads.iperf3(peer, seconds).gib,
    "down": lambda peer, seconds: loads.iperf3(peer, seconds, "-R").gib,
    "many": lambda peer, seconds: loads.iperf3(peer, seconds, "-P", str(measures.STREAMS)).gib,
    "conns": lambda peer, seconds: loads.ab(peer, seconds).done,
    "small": lambda peer, seconds: loads.wrk(peer, seconds).done,
}


def read_options():
    parser = argparse.ArgumentParser(description="Shows where a peer's time goes under one load.")
    parser.add_argument("load", choices=LOADS)
    parser.add_argument("--peer", choices=[name for name in peers.PEERS if name not in ("direct", "before")],
                        default="munnel")
    parser.add_argument("--build", default=bench.TOP)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    return options


class Watcher:
    """perf or strace, attached to one side's processes while a load runs."""

    def __init__(self, argv, log):
        self.log, self.child = log, processes.start(argv, log)

    def stop(self):
        self.child.send_signal(signal.SIGINT)  # both write what they have and end
        try:
            self.child.wait(20)
        finally:
            processes.stop(self.child)


def sides(peer):
    return {"server": processes.tree(peer.server), "agent": processes.tree(peer.agent)}


def watch(peer, folder, argv_of):
    return {side: Watcher(argv_of(side, ",".join(map(str, pids)), pids), os.path.join(folder, f"{side}.watch"))
            for side, pids in sides(peer).items()}


def perf_lines(path):
    output = processes.run(["perf", "report", "-i", path, "--stdio", "--sort", "dso,symbol", "-F", "overhead,dso,symbol"],
                         60)
    for line in output.splitlines():
        found = re.match(r"\s*([\d.]+)%\s+(\S+)\s+\[[.k]\] (\S+)", line)
        if found:
            yield float(found[1]), found[2], found[3]


def threads(peer):
    """{(side, process, thread): (name, CPU in us, voluntary switches, involuntary ones)}"""
    found = {}
    for side, pids in sides(peer).items():
        for pid in pids:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/status") as status:
                    text = status.read()
                with open(f"/proc/{pid}/task/{thread}/schedstat") as schedstat:
                    cpu_us = int(schedstat.read().split()[0]) / 1000
                switches = [int(count) for count in re.findall(r"voluntary_ctxt_switches:\s+(\d+)", text)]
                found[side, pid, thread] = (re.search(r"Name:\s+(.*)", text)[1], cpu_us, *switches)
    return found


def show_threads(peer, load, seconds):
    before = threads(peer)
    done = LOADS[load](peer, seconds)
    print(f"{load} through {peer.name}: {done:,.2f} {unit(load)}; for each of them, by thread:")
    for key, now in threads(peer).items():
        if key in before:
            cpu_us, waited, driven_out = ((a - b) / done for a, b in zip(now[1:], before[key][1:]))
            if cpu_us >= 0.05:
                print(f"  {key[0]:<7} {now[0]:<16} {cpu_us / 1e6 * scale(load):9.2f} {cpu_unit(load)} of CPU, "
                      f"{waited:.2f} switches to wait, {driven_out:.2f} driven out")


def show_perf(peer, load, seconds, folder):
    def path(side):
        return os.path.join(folder, f"{side}.perf")
    watchers = watch(peer, folder, lambda side, pids, _: ["perf", "record", "-q", "-e", "cpu-clock", "-F", "997",
                                                          "-o", path(side), "-p", pids])
    cost = loads.Cost(peer)
    done = LOADS[load](peer, seconds)
    print(f"\n{done:,.2f} {unit(load)}, {cost.seconds() / done * scale(load):.2f} "
          f"{cpu_unit(load)} of CPU each (with perf watching)")
    for watcher in watchers.values():
        watcher.stop()
    for side in watchers:
        shares, lines = collections.Counter(), sorted(perf_lines(path(side)), reverse=True)
        for percent, library, _ in lines:
            shares[library] += percent
        print(f"\n{side}: " + ", ".join(f"{name} {share:.0f} %" for name, share in shares.most_common(6)))
        for percent, library, symbol in lines[:LINES]:
            print(f"  {percent:5.1f} %  {library:<22} {symbol}")


def show_strace(peer, load, seconds, folder):
    watchers = watch(peer, folder, lambda side, _, pids: ["strace", "-c", "-f", "-q", "-o",
                                                          os.path.join(folder, f"{side}.calls")]
                     + [word for pid in pids for word in ("-p", str(pid))])
    processes.wait_until(lambda: all(traced(pids) for pids in sides(peer).values()), 10, "strace")
    done = LOADS[load](peer, seconds)
    for watcher in watchers.values():
        watcher.stop()
    for side in watchers:
        print(f"\n{side}: system calls of each {unit(load)[:-1]}")
        with open(os.path.join(folder, f"{side}.calls")) as calls:
            for line in calls:
                found = re.match(r"\s*([\d.]+)\s+[\d.]+\s+\d+\s+(\d+)\s+(\d*)\s*(\w+)$", line)
                if found and found[4] != "total" and int(found[2]) / done >= 0.01:
                    failed = f", failed {int(found[3]) / done:.2f}" if found[3] else ""
                    print(f"  {int(found[2]) / done:8.2f}  {found[4]}{failed}")


def traced(pids):
    for pid in pids:
        with open(f"/proc/{pid}/status") as status:
            if "TracerPid:\t0\n" in status.read():
                return False
    return True


def unit(load):
    return {"conns": "connections", "small": "requests"}.get(load, "GiBs")


def cpu_unit(load):
    return "us" if load in ("conns", "small") else "s"


def scale(load):
    return 1e6 if cpu_unit(load) == "us" else 1


def main():
    options = read_options()
    options.files = processes.raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="munnel-profile-") as folder:
        place = places.Place(folder, bench.build_tools(folder))
        peer = peers.PEERS[options.peer](options)
        try:
            place.enter()
            peer.launch(place, tempfile.mkdtemp(dir=folder))
            LOADS[options.load](peer, 1)
            show_threads(peer, options.load, options.seconds)
            show_perf(peer, options.load, options.seconds, folder)
            show_strace(peer, options.load, options.seconds, folder)
        finally:
            peer.stop()
            place.leave()


if __name__ == "__main__":
    try:
        main()
    except (processes.Failure, subprocess.TimeoutExpired) as failure:
        sys.exit(f"where: {failure}")
