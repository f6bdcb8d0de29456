/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_problems: each with since when, why, and what to do; the API has the worst first.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"
#include "ctl/top/state.h"
#include "ctl/top/view_parts.h"

#include <stdio.h>

enum { SENTENCE = 900, INDENT = 2, LINES_MOST = 12 };

struct sentences {
    char what[SENTENCE], remedy[SENTENCE];
    unsigned style;
};

static struct sentences write_sentences(const json_t *problem, double now) {
    const struct state_look *look = state_look_of(answer_text(problem, "severity", ""));
    const char *why = answer_text(problem, "why", ""), *remedy = answer_text(problem, "remedy", "");
    double since = figure_time(problem, "since");
    struct sentences to = {.style = look->style};
    char clock[FIGURE_TEXT] = "";

    if (since > 0)
        (void)figure_minute(clock, since, now);
    snprintf(to.what, sizeof to.what, "%s %s%s%s%s%s", look->mark, answer_text(problem, "what", ""),
             *clock ? " since " : "", clock, *why ? ": " : "", why);
    if (*remedy)
        snprintf(to.remedy, sizeof to.remedy, "→ %s", remedy);
    return to;
}

static unsigned height_of(const struct grid *grid, const struct sentences *of) {
    unsigned inner = grid->width > INDENT ? grid->width - INDENT : grid->width;

    return grid_wrap_height(grid, grid->width, of->what) +
           (*of->remedy ? grid_wrap_height(grid, inner, of->remedy) : 0);
}

static unsigned draw(const struct top *top, struct grid *grid, unsigned y, const struct sentences *of) {
    y += grid_wrap(grid, (struct place){0, y, grid->width}, LINES_MOST, view_style(top, of->style), of->what);
    if (*of->remedy)
        y += grid_wrap(grid, (struct place){INDENT, y, grid->width - INDENT}, LINES_MOST, view_style(top, STYLE_PLAIN),
                       of->remedy);
    return y;
}

unsigned view_problems_height(const struct top *top, const struct grid *grid) {
    const json_t *problems = json_object_get(top->status, "problems");
    unsigned height = 0;

    for (size_t i = 0; i < json_array_size(problems); i++) {
        struct sentences sentences = write_sentences(json_array_get(problems, i), top->now);
        height += height_of(grid, &sentences);
    }
    return height;
}

/* The last line tells of those that there is no room for. */
unsigned view_problems(const struct top *top, struct grid *grid, unsigned y, unsigned most) {
    const json_t *problems = json_object_get(top->status, "problems");
    size_t count = json_array_size(problems);
    unsigned end = y + most;

    for (size_t i = 0; i < count; i++) {
        struct sentences sentences = write_sentences(json_array_get(problems, i), top->now);
        unsigned height = height_of(grid, &sentences);
        if (y + height + (i + 1 < count) > end) {
            char rest[FIGURE_TEXT * 2];
            snprintf(rest, sizeof rest, "%s%zu %sproblem%s: ! shows %s", i ? "  and " : "  ", count - i,
                     i ? "more " : "", count - i == 1 ? "" : "s", count - i == 1 ? "it" : "all");
            if (y < end)
                (void)grid_put(grid, (struct place){0, y++, grid->width}, STYLE_FAINT, rest);
            return y;
        }
        y = draw(top, grid, y, &sentences);
    }
    return y;
}
