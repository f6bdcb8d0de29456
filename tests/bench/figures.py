# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""figures: what is measured, in which unit, which way is better, and where Munnel must get.

A mark compares Munnel's figure with another's of the same run, round by round: "best" is the best of the rivals, a
peer's name that peer ("before": the build of --before), a figure's key Munnel's own other figure, None an absolute
value. Where a figure has two marks against the same, links that carry one client at a time have reached the first, and
links that relays share must reach the second.
"""
import statistics
from collections import namedtuple

from peers import RIVALS

Mark = namedtuple("Mark", "against least aim")
Figure = namedtuple("Figure", "key title unit more_is_better digits marks")

IDLE_COUNTS = (2000, 10000)
GROWTH_COUNTS = (10, 100, 1000, 10000)
THREADS = (1, 2)


def _bulk(way):
    return [Figure(f"{way}.gibs", f"{way}: one stream", "GiB/s", True, 2, (Mark("best", 1.3, 1.5),)),
            Figure(f"{way}.cpu", f"{way}: CPU", "s/GiB", False, 2, (Mark("best", 0.8, 0.7),))]


def _held(count):
    most = count == max(IDLE_COUNTS)
    server = (Mark(None, 18, 16), Mark(None, 3, 1.5)) if most else ()
    agent = (Mark(None, 22, 18), Mark(None, 3, 1.5)) if most else ()
    beside = (Mark("idle.0.rate", 0.95, 1.0), Mark("idle.0.rate", 0.97, 1.0)) if most else ()
    return [Figure(f"idle.{count}.server", f"idle {count}: server's memory", "KiB each", False, 1, server),
            Figure(f"idle.{count}.agent", f"idle {count}: agent's memory", "KiB each", False, 1, agent),
            Figure(f"idle.{count}.cpu", f"idle {count}: CPU", "% of a core", False, 2, ()),
            Figure(f"idle.{count}.rate", f"idle {count}: small beside", "req/s", True, 0, beside),
            Figure(f"idle.{count}.cpu_us", f"idle {count}: small, CPU", "us/req", False, 1, ()),
            Figure(f"idle.{count}.failed", f"idle {count}: not opened", "relays", False, 0, ())]


def _growth(count):
    return [Figure(f"growth.{count}.cpu_us", f"growth {count}: CPU", "us/req", False, 1, ()),
            Figure(f"growth.{count}.server", f"growth {count}: server", "KiB each", False, 1, ()),
            Figure(f"growth.{count}.agent", f"growth {count}: agent", "KiB each", False, 1, ())]


FIGURES = [
    *_bulk("up"),
    *_bulk("down"),
    Figure("many.gibs", "many: 32 streams", "GiB/s", True, 2, (Mark("best", 1.4, 1.6),)),
    Figure("many.cpu", "many: CPU", "s/GiB", False, 2, ()),
    Figure("cold.first_ms", "cold: 64 at once, first answer", "ms", False, 1, (Mark("ssh", 1.2, 1.2),)),
    Figure("cold.worst_ms", "cold: the worst of them", "ms", False, 1, (Mark("ssh", 1.5, 1.5),)),
    Figure("cold.all_ms", "cold: all have six answers", "ms", False, 1, ()),
    Figure("conns.rate", "conns: new connections", "/s", True, 0,
           (Mark("ssh", 1.3, 1.5), Mark("ssh", 1.5, 1.7), Mark("haproxy", 4.5, 4.5))),
    Figure("conns.cpu_us", "conns: CPU", "us/conn", False, 0, (Mark("ssh", 0.75, 0.65), Mark("ssh", 0.6, 0.5))),
    Figure("conns.p99_ms", "conns: p99", "ms", False, 0, ()),
    Figure("conns.failed", "conns: failures", "", False, 0, ()),
    Figure("small.rate", "small: requests", "/s", True, 0, (Mark("haproxy", 1.05, 1.15), Mark("haproxy", 1.7, 2.0))),
    Figure("small.p50_ms", "small: p50", "ms", False, 2, ()),
    Figure("small.p99_ms", "small: p99", "ms", False, 2, (Mark("haproxy", 0.7, 0.6), Mark("haproxy", 0.3, 0.3))),
    Figure("small.cpu_us", "small: CPU", "us/req", False, 1, (Mark("haproxy", 0.5, 0.4),)),
    Figure("mixed.rate", "small beside a stream", "/s", True, 0, ()),
    Figure("mixed.p99_ms", "small beside a stream: p99", "ms", False, 2, ()),
    Figure("mixed.gibs", "that stream", "GiB/s", True, 2, ()),
    Figure("idle.0.rate", "idle 0: small", "req/s", True, 0, ()),
    *[figure for count in IDLE_COUNTS for figure in _held(count)],
    *[Figure(f"threads.{count}.{load}", f"threads {count}: {load}", "/s", True, 0,
             (Mark(f"threads.1.{load}", 1.2, 1.2),) if count == 2 else ())
      for load in ("small", "conns") for count in THREADS],
    Figure("first.one", "first byte, one at a time", "round trips", False, 2, (Mark(None, 1.1, 1.05),)),
    Figure("first.burst", "first byte, slowest of 40", "round trips", False, 2,
           (Mark(None, 4.3, 3.2), Mark(None, 2.1, 1.5))),
    Figure("first.next", "the same once more", "round trips", False, 2, (Mark(None, 1.5, 1.2), Mark(None, 1.1, 1.05))),
    Figure("wan.gibs", "wan: one stream, 50 ms", "GiB/s", True, 3, (Mark("best", 1.0, 1.0),)),
    Figure("wan.cpu", "wan: CPU", "s/GiB", False, 2, ()),
    Figure("lossy.rate", "lossy: 20 ms, 1 % lost", "req/s", True, 0, ()),
    Figure("lossy.p50_ms", "lossy: p50", "ms", False, 1, ()),
    Figure("lossy.p90_ms", "lossy: p90", "ms", False, 1, (Mark("before", 0.5, 0.5),)),
    Figure("lossy.p99_ms", "lossy: p99", "ms", False, 1, (Mark("before", 0.8, 0.8),)),
    *[figure for count in GROWTH_COUNTS for figure in _growth(count)],
]


def best(figure, medians, peers):
    """The best value of these peers, or None."""
    values = [medians[peer][figure.key] for peer in peers if medians.get(peer, {}).get(figure.key) is not None]
    return (max if figure.more_is_better else min)(values, default=None)


def compared_with(figure, against, medians):
    """(peer, key) of the other figure; a peer that was not measured where there is none."""
    if against == "best":
        value = best(figure, medians, RIVALS)
        return next((peer for peer in RIVALS if medians.get(peer, {}).get(figure.key) == value), None), figure.key
    return ("munnel", against) if "." in against else (against, figure.key)


def ratio(figure, against, result):
    """Munnel's figure in parts of another: the median of what the rounds say, for the machine is faster in one than in
    the next. None where one of the two was not measured."""
    peer, key = compared_with(figure, against, result["medians"])
    mine = result["rounds"].get("munnel", {}).get(figure.key, [])
    others = result["rounds"].get(peer, {}).get(key, [])
    if len(mine) != len(others):  # a measurement failed: which rounds belong together is unknown
        mine, others = ([statistics.median(values)] if values else [] for values in (mine, others))
    quotients = [one / other for one, other in zip(mine, others) if other > 0]
    return statistics.median(quotients) if quotients else None


def judge(figure, mark, result):
    """(ratio, "aim" | "at least" | "BELOW"), or None where one of the two was not measured. Judged as it is printed."""
    found = result["medians"].get("munnel", {}).get(figure.key) if mark.against is None else ratio(
        figure, mark.against, result)
    if found is None:
        return None
    found = round(found, 2)
    sign = 1 if figure.more_is_better else -1
    for limit, word in ((mark.aim, "aim"), (mark.least, "at least")):
        if sign * found >= sign * limit:
            return found, word
    return found, "BELOW"
