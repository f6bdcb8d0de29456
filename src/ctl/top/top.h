/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * top: all that is shown and asked for, as a value: answers and keys change it (feed.h, keys.h), the view draws it.
 *
 * It knows no terminal, no socket and no clock.
 * Runs on: the main thread. Owns: what its members point to, until top_done().
 */
#ifndef MUNNEL_CTL_TOP_TOP_H
#define MUNNEL_CTL_TOP_TOP_H

#include "ctl/top/rows.h"
#include "ctl/top/tables.h"
#include "lib/base/error.h"
#include "lib/base/format.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { TOP_FILTER = 128, TOP_TARGET = 512, TOP_NO_CURSOR = -1 };

enum top_page { TOP_LIST, TOP_DETAIL, TOP_PROBLEMS, TOP_HELP };

struct top_tab {
    const struct top_table *table;
    struct rows rows;
    const struct sort *sort;
    char filter[TOP_FILTER];
    size_t total;                   /* of relays: how many match at the server */
    bool is_answered;               /* there has been an answer for it */
    int cursor;                     /* a row, whose order is held then; TOP_NO_CURSOR */
    size_t first;                   /* row that is shown at the top */
    unsigned widths[TABLE_COLUMNS]; /* what the columns have needed so far, so that they do not jump */
};

struct top_deed { /* what an operator asks for, and is asked about */
    char method[8], target[TOP_TARGET];
    char question[512]; /* "": none is there */
    char done[256];     /* what is shown when it is done */
};

struct top {
    struct top_tab tabs[TABLE_COUNT];
    enum table_kind tab;
    enum top_page page;
    enum table_span span;
    json_t *status; /* NULL: none yet */
    double now;     /* of the server at the last answer, in seconds since 1970; 0: none yet */

    /* The detail page. */
    char detail_key[ROWS_KEY];
    json_t *detail;               /* NULL: no answer yet */
    struct error detail_fault;    /* why there is none, "it is over" say */
    unsigned scroll, scroll_most; /* lines of a page that is longer than its place */

    bool is_paused, must_ask; /* must_ask: once, although it is paused; soon, if it is not */
    bool is_editing;          /* keys go into `edit`, which becomes the filter */
    char edit[TOP_FILTER];
    struct top_deed deed, doing; /* asked about; confirmed, and not answered yet (method "": none) */
    struct error message;        /* in the last line, until the next key; "": none */
    bool is_fault;               /* the message is an error */
    bool is_answer_fault;        /* which an answer has brought: the next good one takes it away */

    double answered_at; /* local time of the last answer, in seconds since 1970; 0: none yet */
    double lost_since;  /* the same, when there is none any more; 0: the server answers */
    struct error lost_why;
    unsigned generation;    /* of the question: answers to an older one are dropped */
    unsigned width, height; /* of the terminal */
    unsigned page_rows;     /* rows of the table that the last picture had room for */
    bool is_ascii;
};

void top_begin(struct top *top, bool is_ascii);
void top_done(struct top *top);

struct top_tab *top_tab_now(struct top *top);
bool top_is_agent(const struct top *top); /* the answers are those of a munnel-agent */
/* The tables of a server, or of an agent, all of them empty. */
void top_use(struct top *top, const struct top_table *const of[TABLE_COUNT]);
bool top_is_held(const struct top_tab *tab);
struct rows_order top_order(const struct top *top, const struct top_tab *tab);
/* The item that keys act on: that of the detail page, or the row under the cursor. NULL: none. */
const json_t *top_chosen(const struct top *top);

/* The order is made anew, the cursor goes; what is shown is asked for again. */
void top_release(struct top *top);
/* Shows another tab, with its list. */
void top_show(struct top *top, enum table_kind kind);
void top_say(struct top *top, bool is_fault, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
