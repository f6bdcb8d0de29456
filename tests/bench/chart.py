#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""chart: draws one run's figures (the JSON of bench.py) as an SVG for the README.

    chart.py RESULT.json CHART.svg

Needs matplotlib (Debian: python3-matplotlib); ends with 3 without it. The same figures give the same file.
"""
import json
import sys

try:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
except ImportError:
    sys.exit(3)

COLUMNS = 3
MUNNEL, OTHER, LIGHT = "#0b6e99", "#9aa5ad", "#c9d1d6"
NAMES = {"munnel": "Munnel", "haproxy": "HAProxy, TLS", "stunnel": "stunnel", "ssh": "ssh -R"}
# (title, unit, more is better, keys that are stacked in one bar)
PANELS = [
    ("One stream", "GiB/s", True, ["up.gibs"]),
    ("32 streams", "GiB/s", True, ["many.gibs"]),
    ("CPU for a GiB, one stream", "s", False, ["up.cpu"]),
    ("New connections", "per second", True, ["conns.rate"]),
    ("CPU for a new connection", "µs", False, ["conns.cpu_us"]),
    ("First byte, slowest of 40, again", "round trips of 50 ms, links warm", False, ["first.next"]),
    ("Small requests", "per second", True, ["small.rate"]),
    ("Small requests, p99", "ms", False, ["small.p99_ms"]),
    ("Idle relay, server + agent", "KiB each at 10,000", False, ["idle.10000.server", "idle.10000.agent"]),
]


def label(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def draw_panel(axes, panel, result):
    title, unit, more, keys = panel
    peers = [peer for peer in NAMES if all(key in result["medians"].get(peer, {}) for key in keys)]
    axes.set_title(title, fontsize=10, loc="left", fontweight="bold")
    axes.set_xlabel(f"{unit}, {'more' if more else 'less'} is better", fontsize=8, color="#555555", loc="left")
    for row, peer in enumerate(peers):
        values = [result["medians"][peer][key] for key in keys]
        start = 0
        for value in values:
            color = MUNNEL if peer == "munnel" else LIGHT if start else OTHER
            axes.barh(row, value, left=start, height=0.7, color=color, alpha=0.65 if start and color == MUNNEL else 1)
            start += value
        axes.text(start, row, f" {label(start)}", va="center", fontsize=8)
    axes.set_yticks(range(len(peers)), [NAMES[peer] for peer in peers], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.2)
    axes.set_xlim(left=0)
    axes.set_xticks([])
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def draw(result):
    panels = [panel for panel in PANELS
              if any(all(key in figures for key in panel[3]) for figures in result["medians"].values())]
    rows = -(-len(panels) // COLUMNS)
    figure, grid = pyplot.subplots(rows, COLUMNS, figsize=(10.5, 1.75 * rows + 0.5), squeeze=False)
    for axes in grid.flat[len(panels):]:
        axes.set_visible(False)
    for axes, panel in zip(grid.flat, panels):
        draw_panel(axes, panel, result)
    machine = result["machine"]
    threads = f"{result['threads']} relay thread{'' if result['threads'] == 1 else 's'}"
    figure.text(0.01, 0.01, f"All on {machine['cores']} shared cores, {threads}, medians of "
                f"{result['number_of_rounds']} rounds, {result['when'][:10]}. Ratios hold, figures are this machine's.",
                fontsize=8, color="#555555")
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    return figure


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: chart.py RESULT.json CHART.svg")
    with open(sys.argv[1]) as file:
        result = json.load(file)
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "munnel", "font.family": "sans-serif",
                                "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"]})
    metadata = {"Date": None} if sys.argv[2].endswith(".svg") else None
    draw(result).savefig(sys.argv[2], metadata=metadata, facecolor="white")


if __name__ == "__main__":
    main()
