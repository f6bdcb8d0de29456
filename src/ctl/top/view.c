/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * view: head, problems, tabs, then a table or a page, and the last line.
 * Runs on: the main thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/top/view.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"
#include "ctl/top/text.h"
#include "ctl/top/view_parts.h"

#include <stdio.h>
#include <string.h>

enum { TEXT = 700, PROBLEMS_PART = 4, SMALL = 14, PAGE_MOST = 1100, QUESTION_LINES = 4 };

/* ---- tabs ---- */

/* How many there are, where the status knows it. */
static double count_of(const struct top *top, enum table_kind kind) {
    static const char *const paths[TABLE_COUNT] = {"services.count", "agents.known", "relays.now", ""};
    const struct top_table *table = top->tabs[kind].table;

    if (table->is_in_status && top->status)
        return (double)json_array_size(answer_at(top->status, table->name));
    return *paths[kind] ? answer_number(top->status, paths[kind]) : FIGURE_NONE;
}

static unsigned put_tab(const struct top *top, struct grid *grid, unsigned x, unsigned y, enum table_kind kind) {
    char label[FIGURE_TEXT * 2], number[NUMBER_TEXT];
    double count = count_of(top, kind);
    bool is_shown = top->tab == kind && top->page != TOP_HELP && top->page != TOP_PROBLEMS;

    snprintf(label, sizeof label, " %d %s%s%s ", (int)kind + 1, top->tabs[kind].table->title, count < 0 ? "" : " ",
             count < 0 ? "" : number_count(number, count));
    return x + 1 +
           grid_put(grid, (struct place){x, y, grid->width}, is_shown ? STYLE_REVERSE | STYLE_BOLD : STYLE_PLAIN,
                    label);
}

struct liveness {
    unsigned style;
    const char *before[3], *behind[3]; /* the time, the longest first */
};
enum { LIVENESS_LONGEST, LIVENESS_SHORTEST = 2 };

static const struct liveness *liveness_of(const struct top *top) {
    static const struct liveness lost = {STYLE_WARN | STYLE_BOLD,
                                         {"▲ No answer since ", "▲ No answer since ", "▲ "},
                                         {", trying again", "", ""}};
    static const struct liveness paused = {STYLE_REVERSE | STYLE_BOLD,
                                           {" ‖ PAUSED at ", " ‖ PAUSED ", "‖ "},
                                           {", p goes on ", " ", ""}};
    static const struct liveness live = {STYLE_OK, {"● Live ", "● ", "● "}, {"", "", ""}};

    return top->lost_since > 0 ? &lost : top->is_paused ? &paused : &live;
}

/* Whether what is shown is of now, in as many words as there is room for; over the tabs rather than not at all, but
 * for what is live. */
static void put_liveness(const struct top *top, struct grid *grid, unsigned x, unsigned y) {
    const struct liveness *liveness = liveness_of(top);
    double moment = top->lost_since > 0 ? top->lost_since : top->now;
    unsigned room = x < grid->width ? grid->width - x : 0, width = 0;
    char text[FIGURE_TEXT * 2], clock[FIGURE_TEXT];

    if (moment <= 0)
        return;
    (void)figure_clock(clock, moment, moment);
    for (unsigned i = LIVENESS_LONGEST; i <= LIVENESS_SHORTEST && (!width || width > room); i++) {
        snprintf(text, sizeof text, "%s%s%s", liveness->before[i], clock, liveness->behind[i]);
        width = text_width(text);
    }
    if (width > room && liveness->style == STYLE_OK)
        return;
    width = width < grid->width ? width : grid->width;
    (void)grid_put(grid, (struct place){grid->width - width, y, width}, liveness->style, text);
}

static unsigned put_tabs(const struct top *top, struct grid *grid, unsigned y) {
    unsigned x = 0;

    for (enum table_kind kind = 0; kind < TABLE_COUNT; kind++)
        x = put_tab(top, grid, x, y, kind);
    put_liveness(top, grid, x, y);
    return y + 1;
}

/* ---- pages: longer than their place, perhaps ---- */

static unsigned draw_detail(const struct top *top, struct grid *page) {
    static unsigned (*const draw[])(const struct top *, struct grid *,
                                    unsigned) = {[PAGE_SERVICE] = view_service,
                                                 [PAGE_AGENT] = view_agent,
                                                 [PAGE_RELAY] = view_relay,
                                                 [PAGE_EVENT] = view_event,
                                                 [PAGE_OWN_SERVICE] = view_own_service,
                                                 [PAGE_SERVER] = view_server};

    if (!top->detail) {
        const char *why = *top->detail_fault.text ? top->detail_fault.text : "-";
        return grid_wrap(page, (struct place){0, 0, page->width}, QUESTION_LINES, STYLE_FAINT, why);
    }
    unsigned y = 0;
    if (*top->detail_fault.text && top->tabs[top->tab].table->page != PAGE_RELAY) /* whose story has its end */
        y = grid_wrap(page, (struct place){0, 0, page->width}, QUESTION_LINES, STYLE_WARN, top->detail_fault.text);
    return draw[top->tabs[top->tab].table->page](top, page, y);
}

static unsigned draw_page(const struct top *top, struct grid *page) {
    if (top->page == TOP_HELP)
        return view_help(top, page, 0);
    if (top->page == TOP_DETAIL)
        return draw_detail(top, page);
    if (!json_array_size(json_object_get(top->status, "problems")))
        (void)grid_put(page, (struct place){0, 0, page->width}, STYLE_FAINT, "No problems.");
    return view_problems(top, page, 0, PAGE_MOST);
}

static void put_page(struct top *top, struct grid *grid, unsigned y, unsigned end) {
    struct grid page;
    unsigned room = end > y ? end - y : 0;

    if (!grid_make(&page, grid->width, PAGE_MOST, grid->is_ascii))
        return;
    unsigned height = draw_page(top, &page);
    top->scroll_most = height > room ? height - room : 0;
    if (top->scroll > top->scroll_most)
        top->scroll = top->scroll_most;
    grid_copy(grid, y, &page, top->scroll, room);
    grid_done(&page);
}

/* ---- the last line ---- */

static const char *hints_of(const struct top *top) {
    if (top->page != TOP_LIST)
        return top->scroll_most ? "Esc back  ↑↓ scroll  ? keys  q quit" : "Esc back  ? keys  q quit";
    switch (top->tabs[top->tab].table->page) {
    case PAGE_SERVICE:
        return "↑↓ row  Enter open  s sort  / filter  t rates  P pause it  ? keys  q quit";
    case PAGE_AGENT:
        return "↑↓ row  Enter open  s sort  / filter  d drain  x disconnect  ? keys  q quit";
    case PAGE_RELAY:
        return "↑↓ row  Enter story  s sort  / filter  e end relay  p pause  ? keys  q quit";
    default:
        return "↑↓ row  Enter open  s sort  / filter  p pause  ? keys  q quit";
    }
}

static void put_question(const struct top *top, struct grid *grid) {
    unsigned height = grid_wrap_height(grid, grid->width, top->deed.question);
    unsigned lines = height < QUESTION_LINES ? height : QUESTION_LINES;
    unsigned first = grid->height > lines ? grid->height - 1 - lines : 0;

    for (unsigned y = first; y < grid->height; y++)
        grid_clear(grid, y);
    (void)grid_wrap(grid, (struct place){0, first, grid->width}, lines, STYLE_BOLD, top->deed.question);
    (void)grid_put(grid, (struct place){0, grid->height - 1, grid->width}, STYLE_PLAIN,
                   "y: do it   any other key: leave it");
    for (unsigned y = first; y < grid->height; y++)
        grid_add_style(grid, (struct place){0, y, grid->width}, STYLE_REVERSE);
}

static void put_last_line(const struct top *top, struct grid *grid) {
    struct place line = {0, grid->height - 1, grid->width};
    char text[TEXT], clock[FIGURE_TEXT];

    if (*top->deed.question) {
        put_question(top, grid);
    } else if (top->is_editing) {
        snprintf(text, sizeof text, "/%s", top->edit);
        unsigned x = grid_put(grid, line, STYLE_BOLD, text);
        (void)grid_put(grid, (struct place){x, line.y, 1}, STYLE_REVERSE, " ");
        (void)grid_put(grid, (struct place){x + 2, line.y, grid->width}, STYLE_FAINT, "Enter keeps it, Esc forgets it");
    } else if (*top->message.text) {
        (void)grid_put(grid, line, top->is_fault ? STYLE_BAD | STYLE_BOLD : STYLE_BOLD, top->message.text);
    } else if (top->lost_since > 0) {
        snprintf(text, sizeof text, "No answer since %s, trying again: %s",
                 figure_clock(clock, top->lost_since, top->lost_since), top->lost_why.text);
        (void)grid_put(grid, line, STYLE_WARN | STYLE_BOLD, text);
    } else {
        (void)grid_put(grid, line, STYLE_FAINT, hints_of(top));
    }
}

void view_draw(struct top *top, struct grid *grid) {
    unsigned y = 0, end = grid->height ? grid->height - 1 : 0;
    bool is_list = top->page == TOP_LIST;

    if (!grid->height || !grid->width)
        return;
    if (top->page != TOP_HELP)
        y = view_head(top, grid, y);
    if (is_list && grid->height >= SMALL)
        y = view_problems(top, grid, y, grid->height / PROBLEMS_PART);
    y = put_tabs(top, grid, y);
    top->scroll_most = 0;
    if (is_list)
        view_table(top, grid, y, end);
    else
        put_page(top, grid, top->page == TOP_HELP ? y : y + 1, end);
    put_last_line(top, grid);
}
