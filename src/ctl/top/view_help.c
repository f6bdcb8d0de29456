/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view_help: all keys and marks, on a page that fits 80 columns and 24 lines.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/top/view_parts.h"

static const struct {
    const char *key, *what;
} lines[] = {
    {"1 2 3 4 Tab ← →", "services, agents (of an agent: servers), relays, events"},
    {"↑ ↓ PgUp PgDn j k", "choose a row: from then on all rows keep their places"},
    {"Esc", "back; sort anew; forget the filter"},
    {"Enter", "open: a service with both keys, an agent, a relay's story"},
    {"s S", "sort by the next column, by the one before"},
    {"t", "rates over 1, 10 or 60 s; a wide terminal shows all"},
    {"/", "filter: words that a row has; for relays also service:web"},
    {"", "agent:web1 client:192.0.2.1 state:suspended state:ended"},
    {"l", "relays of the chosen service or agent"},
    {"p Space", "pause: what is shown stays; again: go on"},
    {"!", "all problems, and what to do"},
    {"e", "end the chosen relay *"},
    {"d u", "drain, undrain the chosen agent *"},
    {"x", "disconnect the chosen agent: its relays end *"},
    {"P", "pause or resume the chosen service *"},
    {"? q", "this page; quit"},
};
static const char marks[] = "● well  ▲ limited, unhealthy, suspended  ◆ unreachable, offline  ◐ draining  ○ opening  "
                            "‖ paused";
enum { KEY_WIDTH = 20 };

unsigned view_help(const struct top *top, struct grid *grid, unsigned y) {
    (void)top;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++, y++) {
        (void)grid_put(grid, (struct place){0, y, KEY_WIDTH}, STYLE_BOLD, lines[i].key);
        (void)grid_put(grid, (struct place){KEY_WIDTH, y, grid->width}, STYLE_PLAIN, lines[i].what);
    }
    (void)grid_put(grid, (struct place){0, y++, grid->width}, STYLE_FAINT, "* asks first, and needs the role operate");
    return y + grid_wrap(grid, (struct place){0, y, grid->width}, 2, STYLE_PLAIN, marks);
}
