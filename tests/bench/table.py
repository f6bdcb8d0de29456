# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
"""table: one run's figures as an aligned table with Munnel's ratios and marks."""
import figures


def number(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def spread(values):
    """How far the rounds lie apart, in parts of their median: what the machine's noise does to this figure."""
    present = sorted(value for value in values if value is not None)
    middle = present[len(present) // 2] if present else 0
    return f"{(present[-1] - present[0]) / middle * 100:.0f} %" if len(present) > 1 and middle else ""


def wanted(figure, mark):
    sign = "≥" if figure.more_is_better else "≤"
    against = {None: "", "best": "of the best"}.get(mark.against, f"of {mark.against}")
    times = "" if mark.against is None else "×"
    return f"{sign} {mark.least:g}{times} {against}".rstrip() + (
        f", aim {mark.aim:g}{times}" if mark.aim != mark.least else "")


def verdicts(figure, result):
    """(ratio, what it is compared with, mark): one for each mark, or the plain ratio to the best of the others."""
    found = [(judged, mark) for mark in figure.marks if (judged := figures.judge(figure, mark, result))]
    if found:
        return [("" if mark.against is None else f"{ratio:.2f}×", wanted(figure, mark), word)
                for (ratio, word), mark in found]
    found = figures.ratio(figure, "best", result)
    return [("", "", "")] if found is None else [(f"{found:.2f}×", "of the best", "")]


def rows(result):
    peers, medians, rounds = result["peers"], result["medians"], result["rounds"]
    yield ["", "unit", *peers, "spread", "munnel", "wanted", ""]
    for figure in figures.FIGURES:
        values = [medians[peer].get(figure.key) for peer in peers]
        if all(value is None for value in values):
            continue
        last = "munnel" if "munnel" in peers else peers[-1]
        head = [figure.title, figure.unit, *[number(value, figure.digits) for value in values],
                spread(rounds[last].get(figure.key, []))]
        for index, verdict in enumerate(verdicts(figure, result)):
            yield (head if index == 0 else [""] * len(head)) + list(verdict)


def text(result):
    lines = list(rows(result))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    left = {0, 1, len(widths) - 2, len(widths) - 1}
    return "\n".join("  ".join(cell.ljust(width) if column in left else cell.rjust(width)
                               for column, (cell, width) in enumerate(zip(line, widths))).rstrip()
                     for line in lines)
