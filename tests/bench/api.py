#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""api: what questions to the administration API cost the clients.

Small requests go through a Munnel with 10,000 idle relays, by turns alone and beside 1,000 requests a second to the API
(status, services, the fastest relays, metrics) and a reader of its events that never reads. The ratio of both is to be
within 10 %. Where processors are few, what the program that asks takes of them is a part of it; so each round has a third
turn in which it asks for /healthz alone as often, which costs the server next to nothing.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import bench
import peers
import places
import processes
from loads import Cost, wrk

PATHS = ["/v1/status", "/v1/services", "/v1/relays", "/metrics"]
TURNS = {"alone": [], "asking for little": ["/healthz"], "asking": PATHS}
RELAYS, OPENING = 10000, 32


class Administered(peers.Munnel):
    """Munnel with a socket for the API of its own."""

    @property
    def admin_socket(self):
        return os.path.join(self.folder, "munneld.sock")

    def more_options(self):
        return {"admin": {"socket": self.admin_socket}}


def read_options():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--build", default="build", help="where Munnel was built [build]")
    options.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds [5]")
    options.add_argument("--seconds", type=int, default=3, metavar="N", help="length of one measurement [3]")
    options.add_argument("--rate", type=int, default=1000, metavar="N", help="requests a second to the API [1000]")
    options.add_argument("--relays", type=int, default=RELAYS, metavar="N", help="idle relays [10000]")
    options.add_argument("--threads", type=int, default=1, metavar="N", help="relay threads [1]")
    options = options.parse_args()
    options.build, options.before = os.path.abspath(options.build), None
    return options


def measure(peer, options, paths):
    """{figure: value} of one turn."""
    asking = None
    if paths:
        asking = processes.start([peer.place.tools["requests"], peer.admin_socket, str(options.rate),
                                  str(options.seconds + 1), *paths], os.path.join(peer.folder, "requests.log"),
                                 stdout=subprocess.PIPE, text=True)
    cost = Cost(peer)
    small = wrk(peer, options.seconds)
    found = {"rate": small.rate, "p99_ms": small.p99_ms, "cpu": cost.seconds() / options.seconds}
    if asking:
        answers = json.loads(asking.communicate(timeout=20)[0])
        if answers["failed"]:
            raise processes.Failure(f"{answers['failed']} requests of {answers['answered']} failed")
        found.update({"answers": answers["answered"] / (options.seconds + 1),
                      "refused": answers["refused"] / (options.seconds + 1), "answer_p99_ms": answers["p99_us"] / 1000,
                      "mib": answers["bytes"] / (options.seconds + 1) / 2 ** 20})
    return found


def show(rounds):
    print(f"{'':20}{'requests/s':>12}{'p99 ms':>9}{'CPU':>7}{'asked/s':>9}{'refused':>9}{'p99 ms':>9}{'MiB/s':>8}"
          f"{'rate':>8}{'p99':>7}")
    for turn in TURNS:
        middle = {key: statistics.median(one[turn][key] for one in rounds) for key in rounds[0][turn]}
        ratios = [statistics.median(one[turn][key] / one["alone"][key] for one in rounds) for key in ("rate", "p99_ms")]
        print(f"{turn:20}{middle['rate']:12,.0f}{middle['p99_ms']:9.2f}{middle['cpu']:7.2f}"
              f"{middle.get('answers', 0):9,.0f}{middle.get('refused', 0):9,.0f}{middle.get('answer_p99_ms', 0):9.2f}{middle.get('mib', 0):8.1f}"
              f"{ratios[0]:8.2f}{ratios[1]:7.2f}")


def main():
    options = read_options()
    options.files = processes.raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="munnel-api-") as folder:
        place = places.Place(folder, bench.build_tools(folder))
        peer = Administered(options)
        try:
            place.enter()
            peer.launch(place, tempfile.mkdtemp(dir=folder))
            with places.Relays(place, peer.entries["echo"]) as relays:
                failed = relays.open(options.relays, OPENING)["failed"] if options.relays else 0
                wrk(peer, 1)
                rounds = [{turn: measure(peer, options, paths) for turn, paths in TURNS.items()}
                          for _ in range(options.rounds)]
            print(f"{options.relays - failed} idle relays, {options.rounds} rounds of {options.seconds} s, "
                  f"{os.cpu_count()} processors")
            show(rounds)
        finally:
            peer.stop()
            place.leave()


if __name__ == "__main__":
    try:
        main()
    except (processes.Failure, subprocess.TimeoutExpired) as failure:
        sys.exit(f"api: {failure}")
