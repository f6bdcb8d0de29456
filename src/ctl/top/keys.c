/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * keys: see keys.h.
 */
#include "config.h"

#include "ctl/top/keys.h"

#include "ctl/answer.h"
#include "ctl/top/deeds.h"
#include "ctl/top/figure.h"

#include <stdio.h>
#include <string.h>

/* ---- the filter ---- */

static void set_filter(struct top *top, const char *filter) {
    struct top_tab *tab = top_tab_now(top);

    snprintf(tab->filter, sizeof tab->filter, "%s", filter);
    top_release(top);
}

static void erase(char *text) {
    size_t length = strlen(text);

    while (length > 0 && (text[length - 1] & 0xc0) == 0x80) /* all bytes of a character */
        length--;
    text[length ? length - 1 : 0] = '\0';
}

/* The rows follow each key. */
static void edit(struct top *top, int key) {
    size_t length = strlen(top->edit);

    if (key == TOP_KEY_OPEN || key == TOP_KEY_ESCAPE)
        top->is_editing = false;
    if (key == TOP_KEY_ESCAPE)
        *top->edit = '\0';
    if (key == TOP_KEY_ERASE)
        erase(top->edit);
    if (key >= ' ' && key < TOP_KEY_CURSOR_UP && key != 0x7f && length + 1 < sizeof top->edit) {
        top->edit[length] = (char)key;
        top->edit[length + 1] = '\0';
    }
    if (strcmp(top->edit, top_tab_now(top)->filter))
        set_filter(top, top->edit);
}

/* ---- tabs ---- */

static void step_tab(struct top *top, unsigned steps) {
    top_show(top, (enum table_kind)((top->tab + steps) % TABLE_COUNT));
}

/* ---- rows and pages ---- */

static void move_cursor(struct top *top, int by) {
    struct top_tab *tab = top_tab_now(top);
    int last = (int)tab->rows.count - 1, cursor = tab->cursor + by;

    if (last < 0)
        return;
    if (tab->cursor == TOP_NO_CURSOR) /* appears on a row that is seen */
        cursor = by >= last ? last : (int)tab->first;
    tab->cursor = cursor < 0 ? 0 : cursor > last ? last : cursor;
    if (tab->cursor == last && tab->total > tab->rows.count)
        top->must_ask = true; /* there are more */
}

static void scroll(struct top *top, int by) {
    int to = (int)top->scroll + by;

    top->scroll = to < 0 ? 0 : (unsigned)to > top->scroll_most ? top->scroll_most : (unsigned)to;
}

static void move(struct top *top, int by) {
    if (top->page == TOP_LIST)
        move_cursor(top, by);
    else
        scroll(top, by);
}

static void open_row(struct top *top) {
    struct top_tab *tab = top_tab_now(top);

    if (top->page != TOP_LIST || !tab->rows.count)
        return;
    if (!top_is_held(tab))
        move_cursor(top, 0);
    json_decref(top->detail);
    top->detail = json_incref(tab->rows.items[tab->cursor].item);
    top->detail_fault = (struct error){""};
    (void)rows_key(top->detail_key, tab->table, top->detail);
    top->page = TOP_DETAIL;
    top->scroll = 0;
    top->generation++;
    top->must_ask = true;
}

static void go_back(struct top *top) {
    struct top_tab *tab = top_tab_now(top);

    if (top->page != TOP_LIST) {
        top->page = TOP_LIST;
        top->scroll = 0;
        top->generation++;
        top->must_ask = true;
    } else if (top_is_held(tab)) {
        top_release(top);
    } else if (*tab->filter) {
        set_filter(top, "");
    }
}

static void show_page(struct top *top, enum top_page page) {
    top->page = top->page == page ? TOP_LIST : page;
    top->scroll = 0;
}

/* ---- order, rates, pause ---- */

static void step_sort(struct top *top, size_t steps) {
    struct top_tab *tab = top_tab_now(top);
    size_t index = (size_t)(tab->sort - tab->table->sorts);

    tab->sort = &tab->table->sorts[(index + steps) % tab->table->sort_count];
    top_release(top);
    top_say(top, false, "Sorted by %s", tab->sort->name);
}

static void pause_or_go_on(struct top *top) {
    top->is_paused = !top->is_paused;
    if (!top->is_paused)
        top->must_ask = true;
}

static void show_relays_of(struct top *top) {
    const json_t *item = top_chosen(top);
    const struct top_table *table = top->tabs[top->tab].table;
    char filter[TOP_FILTER];

    if (!item || (strcmp(table->row, "service") && strcmp(table->row, "agent"))) {
        top_say(top, true, "Key l shows the relays of one service or agent: choose it with ↑ and ↓ first");
        return;
    }
    snprintf(filter, sizeof filter, "%s:%.100s", table->row, answer_text(item, "name", ""));
    top_show(top, TABLE_RELAYS);
    set_filter(top, filter);
}

/* ---- all keys ---- */

static enum keys_result confirm(struct top *top, int key) {
    if (key == 'y' || key == 'Y') {
        top->doing = top->deed;
        top->deed = (struct top_deed){.method = ""};
        top_say(top, false, "Asked for it…");
        return KEYS_DEED;
    }
    top->deed = (struct top_deed){.method = ""};
    top_say(top, false, "Nothing was changed");
    return KEYS_DONE;
}

static int page_of(const struct top *top) {
    return top->page_rows > 2 ? (int)top->page_rows - 2 : 1;
}

static bool press_moving(struct top *top, int key) {
    enum { FAR = 100000 };
    const struct {
        int key, other, by;
    } moves[] = {
        {TOP_KEY_CURSOR_UP, 'k', -1},       {TOP_KEY_CURSOR_DOWN, 'j', 1}, {TOP_KEY_PAGE_BACK, 0, -page_of(top)},
        {TOP_KEY_PAGE_ON, 0, page_of(top)}, {TOP_KEY_FIRST, 'g', -FAR},    {TOP_KEY_LAST, 'G', FAR}};

    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (key == moves[i].key || key == moves[i].other) {
            move(top, moves[i].by);
            return true;
        }
    return false;
}

static bool press_tab(struct top *top, int key) {
    if (key >= '1' && key < '1' + TABLE_COUNT)
        top_show(top, (enum table_kind)(key - '1'));
    else if (key == TOP_KEY_NEXT_TAB || key == TOP_KEY_CURSOR_RIGHT)
        step_tab(top, 1);
    else if (key == TOP_KEY_TAB_BEFORE || key == TOP_KEY_CURSOR_LEFT)
        step_tab(top, TABLE_COUNT - 1);
    else
        return false;
    return true;
}

static void begin_editing(struct top *top) {
    top->page = TOP_LIST;
    top->is_editing = true;
    snprintf(top->edit, sizeof top->edit, "%s", top_tab_now(top)->filter);
}

static void press_letter(struct top *top, int key) {
    switch (key) {
    case 's':
        step_sort(top, 1);
        break;
    case 'S':
        step_sort(top, top_tab_now(top)->table->sort_count - 1);
        break;
    case 't':
        top->span = (enum table_span)((top->span + 1) % TABLE_SPAN_COUNT);
        top->must_ask = true;
        break;
    case '/':
        begin_editing(top);
        break;
    case 'p':
    case ' ':
        pause_or_go_on(top);
        break;
    case 'l':
        show_relays_of(top);
        break;
    case '!':
        show_page(top, TOP_PROBLEMS);
        break;
    case '?':
        show_page(top, TOP_HELP);
        break;
    default:
        if (deeds_has(key))
            deeds_prepare(top, key);
    }
}

enum keys_result keys_press(struct top *top, int key) {
    if (key == TOP_KEY_NONE)
        return KEYS_DONE;
    top->message = (struct error){""};
    if (*top->deed.question)
        return confirm(top, key);
    if (top->is_editing) {
        edit(top, key);
        return KEYS_DONE;
    }
    if (key == 'q' || key == 'Q')
        return KEYS_QUIT;
    if (key == TOP_KEY_OPEN)
        open_row(top);
    else if (key == TOP_KEY_ESCAPE)
        go_back(top);
    else if (!press_moving(top, key) && !press_tab(top, key))
        press_letter(top, key);
    return KEYS_DONE;
}
