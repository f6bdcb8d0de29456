/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_of_agent: what a munnel-agent knows: how it is connected to a server, and a service that a server asks for.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/answer.h"
#include "ctl/top/cells.h"
#include "ctl/top/figure.h"
#include "ctl/top/state.h"
#include "ctl/top/view_parts.h"

#include <stdio.h>
#include <string.h>

enum { LINE = 512, GAP = 2 };

static unsigned put_head(const struct top *top, struct grid *grid, unsigned y, const char *name, unsigned style,
                         const char *state) {
    unsigned x = grid_put(grid, (struct place){0, y, grid->width}, STYLE_BOLD, answer_text(top->detail, name, ""));

    (void)grid_put(grid, (struct place){x + GAP, y, grid->width}, view_style(top, style), state);
    return y + 1;
}

static unsigned put_time(const struct top *top, struct grid *grid, unsigned y, const char *name, const char *member) {
    char line[LINE], clock[FIGURE_TEXT], age[NUMBER_TEXT];
    double moment = figure_time(top->detail, member);

    (void)figure_clock(clock, moment, top->now);
    if (moment < 0)
        return view_fact(grid, y, name, STYLE_FAINT, clock);
    snprintf(line, sizeof line, "%s, %s ago", clock, number_span(age, top->now > moment ? top->now - moment : 0));
    return view_fact(grid, y, name, view_style(top, STYLE_PLAIN), line);
}

unsigned view_own_service(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *service = top->detail;
    char state[TABLE_CELL];
    unsigned style = state_of_own_service(state, sizeof state, service);

    y = put_head(top, grid, y, "name", style, state);
    y = view_fact_of(grid, y, "server", service, "server");
    y = view_fact_of(grid, y, "destination", service, "connect");
    if (answer_is(service, "protocol", "udp"))
        y = view_fact_of(grid, y, "protocol", service, "protocol");
    if (strcmp(answer_text(service, "proxy_protocol", "off"), "off") != 0)
        y = view_fact_of(grid, y, "PROXY header", service, "proxy_protocol");
    y = view_fact_of(grid, y, "this agent", service, "answer");
    y = view_fact_of(grid, y, "because", service, "because");
    y = put_time(top, grid, y, "last reached", "destination.connected");
    y = put_time(top, grid, y, "last failed", "destination.failed");
    return view_fact_of(grid, y, "failed by", service, "destination.reason");
}

static unsigned put_links(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *server = top->detail;
    char line[LINE], rtt[FIGURE_TEXT];

    snprintf(line, sizeof line, "%.0f shared, %.0f exclusive; round trip %s ms", answer_number(server, "links.shared"),
             answer_number(server, "links.exclusive"), figure_ms(rtt, answer_number(server, "rtt_ms")));
    return view_fact(grid, y, "links", view_style(top, STYLE_PLAIN), line);
}

/* The last one, also of before it was connected. */
static unsigned put_failure(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *server = top->detail;

    if (!answer_at(server, "failure"))
        return view_fact(grid, y, "last failure", STYLE_FAINT, "none");
    y = put_time(top, grid, y, "last failure", "failure.at");
    y = view_fact_of(grid, y, "", server, "failure.detail");
    return view_fact_of(grid, y, "what to do", server, "failure.remedy");
}

unsigned view_server(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *server = top->detail;
    char state[TABLE_CELL], line[LINE];
    unsigned style = state_of_any(state, sizeof state, server);

    y = put_head(top, grid, y, "address", style, state);
    y = put_time(top, grid, y, "since", "since");
    y = view_fact_of(grid, y, "reached at", server, "peer");
    if (answer_text(server, "proxy", NULL))
        y = view_fact_of(grid, y, "via proxy", server, "proxy");
    y = put_links(top, grid, y);
    snprintf(line, sizeof line, "%.0f permitted, %.0f refused", answer_number(server, "services.permitted"),
             answer_number(server, "services.refused"));
    y = view_fact(grid, y, "services", view_style(top, STYLE_PLAIN), line);
    y = view_fact_of(grid, y, "credential", server, "credential");
    y = view_fact_of(grid, y, "verified by", server, "verified_by");
    y = view_fact_of(grid, y, "instance", server, "instance");
    return put_failure(top, grid, y);
}
