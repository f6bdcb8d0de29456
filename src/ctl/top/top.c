/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * top: see top.h.
 */
#include "config.h"

#include "ctl/top/top.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void top_begin(struct top *top, bool is_ascii) {
    *top = (struct top){.span = TABLE_10S, .must_ask = true, .is_ascii = is_ascii};
    top_use(top, tables);
}

void top_use(struct top *top, const struct top_table *const of[TABLE_COUNT]) {
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        rows_done(&top->tabs[i].rows);
        top->tabs[i] = (struct top_tab){.table = of[i], .sort = of[i]->sorts, .cursor = TOP_NO_CURSOR};
    }
}

void top_done(struct top *top) {
    for (size_t i = 0; i < TABLE_COUNT; i++)
        rows_done(&top->tabs[i].rows);
    json_decref(top->status);
    json_decref(top->detail);
    *top = (struct top){0};
}

struct top_tab *top_tab_now(struct top *top) {
    return &top->tabs[top->tab];
}

bool top_is_agent(const struct top *top) {
    return strcmp(answer_text(top->status, "program", ""), "munnel-agent") == 0;
}

bool top_is_held(const struct top_tab *tab) {
    return tab->cursor != TOP_NO_CURSOR;
}

struct rows_order top_order(const struct top *top, const struct top_tab *tab) {
    return (struct rows_order){
        .table = tab->table, .sort = tab->sort, .span = top->span, .filter = tab->filter, .is_held = top_is_held(tab)};
}

const json_t *top_chosen(const struct top *top) {
    const struct top_tab *tab = &top->tabs[top->tab];

    if (top->page == TOP_DETAIL)
        return top->detail;
    if (top->page != TOP_LIST || tab->cursor < 0 || (size_t)tab->cursor >= tab->rows.count)
        return NULL;
    return tab->rows.items[tab->cursor].item;
}

void top_release(struct top *top) {
    struct top_tab *tab = top_tab_now(top);

    tab->cursor = TOP_NO_CURSOR;
    tab->first = 0;
    memset(tab->widths, 0, sizeof tab->widths);
    top->generation++;
    top->must_ask = true;
}

void top_show(struct top *top, enum table_kind kind) {
    top->tab = kind;
    top->page = TOP_LIST;
    top->scroll = 0;
    top_release(top);
}

void top_say(struct top *top, bool is_fault, const char *format, ...) {
    va_list list;

    va_start(list, format);
    vsnprintf(top->message.text, sizeof top->message.text, format, list);
    va_end(list);
    top->is_fault = is_fault;
    top->is_answer_fault = false;
}
