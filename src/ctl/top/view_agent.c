/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_agent: one agent: where it is, how it is connected, what it carries, and until when it may join.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/answer.h"
#include "ctl/top/cells.h"
#include "ctl/top/figure.h"
#include "ctl/top/state.h"
#include "ctl/top/view_parts.h"

#include <stdio.h>

enum { LINE = 512, GAP = 2 };

static unsigned put_head(const struct top *top, struct grid *grid, unsigned y) {
    char state[TABLE_CELL], since[FIGURE_TEXT];
    unsigned style = state_of_agent(state, sizeof state, top->detail, top->now);
    unsigned x = grid_put(grid, (struct place){0, y, grid->width}, STYLE_BOLD, answer_text(top->detail, "name", ""));

    (void)grid_put(grid, (struct place){x + GAP, y, grid->width}, view_style(top, style), state);
    (void)figure_clock(since, figure_time(top->detail, "since"), top->now);
    y = view_fact(grid, y + 1, "since", view_style(top, STYLE_PLAIN), since);
    if (*answer_text(top->detail, "reason", ""))
        y = view_fact_of(grid, y, "because", top->detail, "reason");
    return y;
}

static unsigned put_links(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *agent = top->detail;
    char line[LINE], rtt[FIGURE_TEXT];

    snprintf(line, sizeof line, "%.0f shared, %.0f exclusive; round trip %s ms", answer_number(agent, "links.shared"),
             answer_number(agent, "links.exclusive"), figure_ms(rtt, answer_number(agent, "rtt_ms")));
    return view_fact(grid, y, "links", view_style(top, STYLE_PLAIN), line);
}

static unsigned put_rates(const struct top *top, struct grid *grid, unsigned y, const char *name, const char *member) {
    char line[LINE], rates[TABLE_SPAN_COUNT][FIGURE_TEXT], path[TABLE_PATH];

    for (unsigned i = 0; i < TABLE_SPAN_COUNT; i++)
        (void)figure_rate(rates[i], answer_number(top->detail, tables_span_path(path, member, i)));
    snprintf(line, sizeof line, "%s, %s, %s Mbit/s: means of 1, 10 and 60 s", rates[0], rates[1], rates[2]);
    return view_fact(grid, y, name, view_style(top, STYLE_PLAIN), line);
}

static unsigned put_credential(const struct top *top, struct grid *grid, unsigned y) {
    const struct top_look look = {top->now, top->span};
    struct top_cell expires = {.style = 0};
    char line[LINE];
    double end = figure_time(top->detail, "expires");

    cell_until(&expires, top->detail, "expires", &look);
    snprintf(line, sizeof line, "%s, %s%s", answer_text(top->detail, "credential", ""),
             end > top->now ? "expires in "
             : end > 0      ? ""
                            : "expires ",
             expires.text);
    return view_fact(grid, y, "credential", view_style(top, expires.style), line);
}

unsigned view_agent(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *agent = top->detail;
    char line[LINE];

    y = put_head(top, grid, y);
    y = view_fact_of(grid, y, "from", agent, "address");
    y = view_fact_of(grid, y, "version", agent, "version");
    y = put_links(top, grid, y);
    snprintf(line, sizeof line, "%.0f now; %.0f dials failed", answer_number(agent, "relays"),
             answer_number(agent, "failures"));
    y = view_fact(grid, y, "relays", view_style(top, STYLE_PLAIN), line);
    y = put_rates(top, grid, y, "in", "in_rate");
    y = put_rates(top, grid, y, "out", "out_rate");
    y = view_fact_of(grid, y, "groups", agent, "groups");
    y = view_fact_of(grid, y, "services", agent, "services");
    return put_credential(top, grid, y);
}
