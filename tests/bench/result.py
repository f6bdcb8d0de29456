# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""result: what a run found and where: as JSON, as a table and as a chart."""
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

import processes
import table
from peers import PEERS

HERE = os.path.dirname(os.path.abspath(__file__))
DISTURBED_PERCENT = 5


def processor():
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def describe(bench, began, busy_before):
    options = bench.options
    busy, stolen, ticks = (now - before for now, before in zip(processes.machine_busy(), busy_before))
    return {"when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
            "took_s": round(time.time() - began),
            "machine": {"processor": processor(), "cores": os.cpu_count(), "kernel": platform.release(),
                        "busy_percent": round(100 * busy / ticks, 1), "stolen_percent": round(100 * stolen / ticks, 1),
                        "others_percent": max(0.0, round(100 * (busy - processes.own_ticks()) / ticks, 1))},
            "threads": options.threads, "number_of_rounds": options.rounds, "seconds": options.seconds,
            "held": {str(count): bench.plan.held(count) for count in bench.plan.relay_counts()},
            "peers": options.peers, "versions": {name: PEERS[name](options).version() for name in options.peers},
            "medians": bench.medians(), "rounds": bench.rounds, "failures": bench.failures}


def show(result):
    machine = result["machine"]
    print(f"\n{result['when']}, {machine['cores']} cores ({machine['processor']}), Linux {machine['kernel']}, "
          f"{result['threads']} threads; median of {result['number_of_rounds']}; "
          f"{machine['others_percent']} % of the processors' time went to other programs, "
          f"{machine['stolen_percent']} % to other machines")
    if machine["others_percent"] + machine["stolen_percent"] > DISTURBED_PERCENT:
        print("Something else was running: take these figures as a look, not as a result.")
    print(", ".join(f"{name} {version}" for name, version in result["versions"].items() if version) + "\n")
    print(table.text(result))
    for count, held in result["held"].items():
        if held < int(count):
            print(f"{int(count):,} relays: the limit of open files allows only {held:,} here")
    for failure in result["failures"]:
        print(f"failed: {failure}")


def keep(result, options):
    with tempfile.TemporaryDirectory(prefix="munnel-bench-") as folder:
        path = options.json or os.path.join(folder, "result.json")
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
        if options.chart:
            draw(path, options.chart)


def draw(json_path, svg_path):
    """With the first Python that has the library: one of the user's own often has not, the system's has."""
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3")):
        with contextlib.suppress(OSError):
            done = subprocess.run([python, os.path.join(HERE, "chart.py"), json_path, svg_path], timeout=120,
                                  check=False)
            if done.returncode == 0:
                return
    print("bench: no chart: install python3-matplotlib, then run tests/bench/chart.py with the JSON file",
          file=sys.stderr)
