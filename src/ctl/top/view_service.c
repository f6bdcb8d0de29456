/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_service: one service: the flow of its clients with its numbers, and both keys: what the server and each agent
 * permit.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/answer.h"
#include "ctl/top/cells.h"
#include "ctl/top/figure.h"
#include "ctl/top/state.h"
#include "ctl/top/text.h"
#include "ctl/top/view_parts.h"

#include <stdio.h>
#include <string.h>

enum {
    LINE = 512,
    AGENT_MOST = 28,
    GROUPS_MOST = 20,
    ANSWER_WIDTH = 11,
    RESULT_WIDTH = 15,
    GAP = 2,
    BECAUSE_LINES = 4
};

/* ---- the flow, from the clients to the destination ---- */

/* "3 (no agent 2, limit 1)" */
static void write_refused(char *text, size_t size, const json_t *service) {
    const char *reason;
    json_t *count, *all = json_object_get(service, "refused");
    double sum = 0;
    size_t used;

    json_object_foreach (all, reason, count)
        sum += json_number_value(count);
    used = (size_t)snprintf(text, size, "%.0f refused", sum);
    json_object_foreach (all, reason, count)
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s %.0f", used && strchr(text, '(') ? ", " : " (",
                                     reason, json_number_value(count));
    if (used < size && strchr(text, '('))
        snprintf(text + used, size - used, ")");
}

static unsigned put_clients(const struct top *top, struct grid *grid, unsigned y, const json_t *service) {
    char line[LINE], refused[LINE / 2], rate[FIGURE_TEXT], path[TABLE_PATH];

    write_refused(refused, sizeof refused, service);
    snprintf(line, sizeof line, "%s new/s, %.0f waiting, %s",
             figure_per_s(rate, answer_number(service, tables_span_path(path, "new_rate", top->span))),
             answer_number(service, "waiting"), refused);
    return view_fact(grid, y, "clients", view_style(top, STYLE_PLAIN), line);
}

static unsigned put_port(const struct top *top, struct grid *grid, unsigned y, const json_t *service) {
    struct top_cell listen = {.style = 0};
    double relays = answer_number(service, "relays");
    char line[LINE];

    cell_texts(&listen, service, "listen", NULL);
    snprintf(line, sizeof line, "%s%s: %.0f relay%s, most %.0f", listen.text,
             answer_is(service, "protocol", "udp") ? " udp" : "", relays, relays == 1 ? "" : "s",
             answer_number(service, "peak"));
    return view_fact(grid, y, "→ port", view_style(top, STYLE_PLAIN), line);
}

/* Of a UDP service; the line behind it. */
static unsigned put_datagrams(const struct top *top, struct grid *grid, unsigned y, const json_t *service) {
    char line[LINE], rate[FIGURE_TEXT], dropped[FIGURE_TEXT], path[TABLE_PATH];

    if (!answer_at(service, "datagrams"))
        return y;
    (void)figure_per_s(rate, answer_number(service, tables_span_path(path, "datagrams.rate", top->span)));
    (void)figure_per_s(dropped, answer_number(service, tables_span_path(path, "datagrams.dropped_rate", top->span)));
    snprintf(line, sizeof line, "%s/s, %s/s dropped", rate, dropped);
    return view_fact(grid, y, "→ datagrams", view_style(top, STYLE_PLAIN), line);
}

static unsigned put_agents(const struct top *top, struct grid *grid, unsigned y, const json_t *service) {
    char line[LINE], in[FIGURE_TEXT], out[FIGURE_TEXT], path[TABLE_PATH];
    double able = answer_number(service, "able"), known = answer_number(service, "known");

    if (known >= 0)
        snprintf(line, sizeof line, "%.0f of %.0f can serve; ", able, known);
    else
        *line = '\0';
    (void)figure_rate(in, answer_number(service, tables_span_path(path, "in_rate", top->span)));
    (void)figure_rate(out, answer_number(service, tables_span_path(path, "out_rate", top->span)));
    size_t used = strlen(line);
    snprintf(line + used, sizeof line - used, "in %s, out %s Mbit/s, means of %s", in, out,
             tables_span_label(top->span));
    return view_fact(grid, y, "→ agents", view_style(top, STYLE_PLAIN), line);
}

static void add_quantiles(char *line, size_t size, const char *name, const json_t *service, const char *member) {
    char p50[FIGURE_TEXT], p99[FIGURE_TEXT], path[TABLE_PATH];
    size_t used = strlen(line);

    snprintf(path, sizeof path, "%s.p50_ms", member);
    (void)figure_ms(p50, answer_number(service, path));
    snprintf(path, sizeof path, "%s.p99_ms", member);
    (void)figure_ms(p99, answer_number(service, path));
    snprintf(line + used, size - used, "%s%s %s / %s", used ? ", " : "", name, p50, p99);
}

static unsigned put_flow(const struct top *top, struct grid *grid, unsigned y, const json_t *service) {
    char times[LINE] = "";

    y = put_clients(top, grid, y, service);
    y = put_port(top, grid, y, service);
    y = put_datagrams(top, grid, y, service);
    y = view_fact_of(grid, y, "→ group", service, "groups");
    y = put_agents(top, grid, y, service);
    y = view_fact_of(grid, y, "→ destination", service, "connect");
    if (strcmp(answer_text(service, "proxy_protocol", "off"), "off") != 0)
        y = view_fact_of(grid, y, "PROXY header", service, "proxy_protocol");
    add_quantiles(times, sizeof times, "wait", service, "wait");
    add_quantiles(times, sizeof times, "dial", service, "dial");
    add_quantiles(times, sizeof times, "first byte", service, "first_byte");
    y = view_fact(grid, y, "p50 / p99, ms", view_style(top, STYLE_PLAIN), times);
    return y;
}

/* ---- both keys ---- */

struct keys_widths {
    unsigned agent, groups;
};

static unsigned width_of(const json_t *keys, const char *member, unsigned least, unsigned most) {
    char clean[TABLE_CELL];

    for (size_t i = 0; i < json_array_size(keys); i++) {
        text_clean(clean, sizeof clean, answer_text(json_array_get(keys, i), member, ""), false);
        if (text_width(clean) > least)
            least = text_width(clean);
    }
    return least < most ? least : most;
}

static unsigned put_column(struct grid *grid, unsigned x, unsigned y, unsigned width, unsigned style,
                           const char *text) {
    (void)grid_put(grid, (struct place){x, y, width}, style, text);
    return x + width + GAP;
}

/* Returns the line behind it. */
static unsigned put_key(const struct top *top, struct grid *grid, unsigned y, const json_t *key,
                        const struct keys_widths *widths) {
    const char *result = answer_text(key, "result", ""), *because = answer_text(key, "because", "");
    const struct state_look *look = state_look_of(result);
    char text[FIGURE_TEXT];
    unsigned x = put_column(grid, 0, y, widths->agent, view_style(top, STYLE_PLAIN), answer_text(key, "agent", ""));

    snprintf(text, sizeof text, "%s %s", look->mark, *look->word ? look->word : result);
    x = put_column(grid, x, y, widths->groups, view_style(top, STYLE_PLAIN), answer_text(key, "server", ""));
    x = put_column(grid, x, y, ANSWER_WIDTH, view_style(top, STYLE_PLAIN), answer_text(key, "answer", ""));
    x = put_column(grid, x, y, RESULT_WIDTH, view_style(top, look->style), text);
    unsigned width = grid->width > x ? grid->width - x : 1;
    unsigned lines = grid_wrap(grid, (struct place){x, y, width}, BECAUSE_LINES, view_style(top, STYLE_PLAIN),
                               *because ? because : "-");
    return y + (lines ? lines : 1);
}

static unsigned put_keys(const struct top *top, struct grid *grid, unsigned y, const json_t *keys) {
    struct keys_widths widths = {width_of(keys, "agent", 5, AGENT_MOST), width_of(keys, "server", 11, GROUPS_MOST)};
    unsigned x = put_column(grid, 0, y, widths.agent, STYLE_FAINT, "Agent");

    x = put_column(grid, x, y, widths.groups, STYLE_FAINT, "Server says");
    x = put_column(grid, x, y, ANSWER_WIDTH, STYLE_FAINT, "Agent says");
    x = put_column(grid, x, y, RESULT_WIDTH, STYLE_FAINT, "Result");
    (void)grid_put(grid, (struct place){x, y, grid->width}, STYLE_FAINT, "Because");
    y++;
    for (size_t i = 0; i < json_array_size(keys); i++)
        y = put_key(top, grid, y, json_array_get(keys, i), &widths);
    if (!json_array_size(keys))
        (void)grid_put(grid, (struct place){0, y++, grid->width}, STYLE_FAINT, "No agent is known for it.");
    return y;
}

static unsigned put_head(const struct top *top, struct grid *grid, unsigned y, const json_t *service) {
    char state[TABLE_CELL], line[LINE], since[FIGURE_TEXT] = "";
    unsigned style = state_of_service(state, sizeof state, service, top->now);
    double moment = figure_time(service, "since");

    if (moment > 0)
        (void)figure_minute(since, moment, top->now);
    unsigned x = grid_put(grid, (struct place){0, y, grid->width}, STYLE_BOLD, answer_text(service, "name", ""));
    snprintf(line, sizeof line, "%s%s%s", state, *since ? " since " : "", since);
    (void)grid_put(grid, (struct place){x + GAP, y, grid->width}, view_style(top, style), line);
    return y + 1;
}

unsigned view_service(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *service = top->detail;

    y = put_head(top, grid, y, service);
    y = put_flow(top, grid, y, service);
    if (*answer_text(service, "origin.file", ""))
        y = view_fact_of(grid, y, "written in", service, "origin.file");
    y = view_title(grid, y, "Both keys: an agent serves where the server and the agent permit it");
    return put_keys(top, grid, y, json_object_get(service, "keys"));
}
