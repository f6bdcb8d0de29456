/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_event: one event in full.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"
#include "ctl/top/state.h"
#include "ctl/top/view_parts.h"

#include <stdio.h>

enum { LINE = 900 };

unsigned view_event(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *event = top->detail;
    const struct state_look *look = state_look_of(answer_text(event, "severity", ""));
    char line[LINE], count[FIGURE_TEXT];

    snprintf(line, sizeof line, "%s %s", look->mark, answer_text(event, "text", ""));
    y += grid_wrap(grid, (struct place){0, y, grid->width}, 8, look->style, line);
    y = view_fact(grid, y + 1, "at", STYLE_PLAIN, figure_clock(count, figure_time(event, "time"), top->now));
    y = view_fact_of(grid, y, "kind", event, "kind");
    y = view_fact_of(grid, y, "about", event, "subject");
    return view_fact(grid, y, "times", STYLE_PLAIN, number_count(count, answer_number(event, "count")));
}
