/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_relay: one relay's story: who came from where to what, what took how long until the first byte, how it goes, and
 * how it ended.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"
#include "ctl/top/state.h"
#include "ctl/top/view_parts.h"

#include <stdio.h>
#include <string.h>

enum { LINE = 512, GAP = 2, NAME_WIDTH = 14, MS_WIDTH = 10, BAR_LEAST = 10, BAR_MOST = 100 };

static unsigned put_head(const struct top *top, struct grid *grid, unsigned y) {
    char state[TABLE_CELL], line[LINE], clock[FIGURE_TEXT];
    const json_t *relay = top->detail;
    unsigned style = state_of_relay(state, sizeof state, relay, top->now);
    unsigned x = grid_put(grid, (struct place){0, y, grid->width}, STYLE_BOLD, answer_text(relay, "id", ""));
    const char *agent = answer_text(relay, "agent", "");

    (void)grid_put(grid, (struct place){x + GAP, y, grid->width}, view_style(top, style), state);
    (void)figure_clock(clock, figure_time(relay, "accepted"), top->now);
    snprintf(line, sizeof line, "%s came to %s at %s, %s %s%s%s.", answer_text(relay, "client", ""),
             answer_text(relay, "service", ""), clock,
             answer_number(relay, "dial_ms") < 0 ? "for" : "and was joined with", answer_text(relay, "destination", ""),
             *agent ? " by " : "", agent);
    return y + 1 + grid_wrap(grid, (struct place){0, y + 1, grid->width}, 3, view_style(top, STYLE_PLAIN), line);
}

/* ---- the waterfall: each step begins where the one before it ended ---- */

struct step {
    const char *name;
    double from_ms, to_ms; /* since it was accepted; to_ms FIGURE_NONE: it has not happened */
    const char *what;
};

static double sum(double a, double b) {
    return a < 0 || b < 0 ? FIGURE_NONE : a + b;
}

static void put_bar(struct grid *grid, unsigned y, unsigned width, double scale_ms, const struct step *step,
                    unsigned style) {
    double from = step->from_ms / scale_ms * width, length = (step->to_ms - step->from_ms) / scale_ms * width;
    unsigned first = from < 0 ? 0 : (unsigned)from, count = length < 1 ? 1 : (unsigned)(length + 0.5);

    if (first >= width)
        first = width - 1;
    for (unsigned i = first; i < first + count && i < width; i++)
        (void)grid_put(grid, (struct place){NAME_WIDTH + i, y, 1}, style, length < 0.5 ? "│" : "█");
}

static void put_step(const struct top *top, struct grid *grid, unsigned y, unsigned width, double scale_ms,
                     const struct step *step) {
    char ms[FIGURE_TEXT], text[FIGURE_TEXT + 8];
    bool is_there = step->to_ms >= 0 && step->from_ms >= 0;

    (void)grid_put(grid, (struct place){0, y, NAME_WIDTH}, STYLE_FAINT, step->name);
    if (is_there && scale_ms > 0)
        put_bar(grid, y, width, scale_ms, step, view_style(top, STYLE_IN));
    (void)figure_ms(ms, is_there ? step->to_ms - step->from_ms : FIGURE_NONE);
    snprintf(text, sizeof text, is_there ? "%s ms" : "%s", ms);
    (void)grid_put_right(grid, (struct place){NAME_WIDTH + width, y, MS_WIDTH}, view_style(top, STYLE_PLAIN), text);
    (void)grid_put(grid, (struct place){NAME_WIDTH + width + MS_WIDTH + GAP, y, grid->width}, STYLE_FAINT, step->what);
}

static unsigned put_waterfall(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *relay = top->detail;
    double wait = answer_number(relay, "wait_ms"), first = answer_number(relay, "first_byte_ms");
    double dialled = sum(wait, answer_number(relay, "dial_ms"));
    const struct step steps[] = {
        {"wait", 0, wait, "for an agent"},
        {"dial", wait, dialled, "way to the agent, its dial"},
        {"first byte", dialled, first < dialled && first >= 0 ? dialled : first, "the destination, way back"},
    };
    double scale = first > dialled ? first : dialled > wait ? dialled : wait;
    unsigned others = NAME_WIDTH + MS_WIDTH + GAP + (unsigned)strlen("way to the agent, its dial");
    unsigned width = grid->width > others + BAR_LEAST ? grid->width - others : BAR_LEAST;
    char title[LINE], total[FIGURE_TEXT];

    snprintf(title, sizeof title, first < 0 ? "How it opened" : "How it opened: %s ms from accept to first byte",
             figure_ms(total, first));
    y = view_title(grid, y, title);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        put_step(top, grid, y++, width < BAR_MOST ? width : BAR_MOST, scale, &steps[i]);
    return y;
}

/* ---- how it goes, how it ended ---- */

static unsigned put_bytes(const struct top *top, struct grid *grid, unsigned y, const char *name, const char *bytes,
                          const char *rate) {
    char line[LINE], count[FIGURE_TEXT], speed[FIGURE_TEXT];
    bool is_over = figure_time(top->detail, "ended") > 0;

    (void)number_bytes(count, answer_number(top->detail, bytes));
    (void)figure_rate(speed, answer_number(top->detail, rate));
    if (is_over)
        snprintf(line, sizeof line, "%s", count);
    else
        snprintf(line, sizeof line, "%s, %s Mbit/s", count, speed);
    return view_fact(grid, y, name, view_style(top, STYLE_PLAIN), line);
}

static unsigned put_life(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *relay = top->detail;
    double accepted = figure_time(relay, "accepted"), ended = figure_time(relay, "ended");
    double until = ended > 0 ? ended : top->now, progress = figure_time(relay, "progress");
    char span[FIGURE_TEXT];

    y = view_title(grid, y, ended > 0 ? "How it went" : "How it goes");
    y = view_fact(grid, y, ended > 0 ? "lasted" : "age", view_style(top, STYLE_PLAIN),
                  number_span(span, accepted < 0       ? FIGURE_NONE
                                    : until > accepted ? until - accepted
                                                       : 0));
    y = put_bytes(top, grid, y, "in", "in_bytes", "in_rate");
    y = put_bytes(top, grid, y, "out", "out_bytes", "out_rate");
    if (ended < 0)
        y = view_fact(grid, y, "idle", view_style(top, STYLE_PLAIN),
                      number_span(span, progress < 0       ? FIGURE_NONE
                                        : until > progress ? until - progress
                                                           : 0));
    return view_fact_of(grid, y, "reached", relay, "address");
}

/* Who ended it and why; or that it is over, where the server does not remember it. */
static unsigned put_end(const struct top *top, struct grid *grid, unsigned y) {
    const json_t *relay = top->detail;
    double ended = figure_time(relay, "ended");
    const char *by = answer_text(relay, "by", ""), *detail = answer_text(relay, "detail", "");
    char line[LINE], clock[FIGURE_TEXT];

    if (ended < 0 && *top->detail_fault.text)
        return view_fact(grid, y, "end", STYLE_WARN, top->detail_fault.text);
    if (ended < 0)
        return view_fact(grid, y, "end", STYLE_FAINT, "not yet");
    const char *reason = answer_is(relay, "reason", by) ? "" : answer_text(relay, "reason", "");
    snprintf(line, sizeof line, "at %s%s%s%s%s%s%s", figure_clock(clock, ended, top->now), *by ? " by " : "", by,
             *reason ? ": " : "", reason, *detail ? ": " : "", detail);
    return view_fact(grid, y, "end", STYLE_BOLD, line);
}

unsigned view_relay(const struct top *top, struct grid *grid, unsigned y) {
    y = put_head(top, grid, y);
    y = put_waterfall(top, grid, y);
    y = put_life(top, grid, y);
    return put_end(top, grid, y);
}
