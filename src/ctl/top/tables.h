/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tables: the tables as data: what each asks for, its columns, and by what it can be sorted.
 *
 * The same table is drawn on the terminal, where the columns with the highest rank are left out first, and printed.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_TABLES_H
#define MUNNEL_CTL_TOP_TABLES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { TABLE_COLUMNS = 32, TABLE_CELL = 256, TABLE_FLEXIBLE = 255, TABLE_PATH = 64 };
enum table_span { TABLE_1S, TABLE_10S, TABLE_60S, TABLE_SPAN_COUNT };
enum table_kind {
    TABLE_SERVICES,
    TABLE_AGENTS /* of an agent: its servers */,
    TABLE_RELAYS,
    TABLE_EVENTS,
    TABLE_COUNT
};
enum table_page { PAGE_SERVICE, PAGE_AGENT, PAGE_RELAY, PAGE_EVENT, PAGE_OWN_SERVICE, PAGE_SERVER };

struct top_look {
    double now; /* of the server, in seconds since 1970 */
    enum table_span span;
};

struct top_cell {
    char text[TABLE_CELL]; /* as it came: not clean yet */
    unsigned style;
};

struct column {
    const char *above, *title; /* two lines */
    const char *sort;          /* the sort that it shows; NULL: none */
    const char *path;          /* of the member */
    void (*write)(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look);
    unsigned char least, most; /* columns of the terminal; TABLE_FLEXIBLE: takes what is left */
    unsigned char rank;
    bool is_right;
    bool has_span; /* its number is a mean of `span`: another span than the one that is looked at has a higher rank */
    enum table_span span;
};
enum { TABLE_NEEDED = 2 /* columns of this rank and below are there at any width */ };

enum sort_kind { SORT_NONE, SORT_TEXT, SORT_NUMBER, SORT_RATE, SORT_STATE };

struct sort {
    const char *name; /* for --sort */
    enum sort_kind kind;
    const char *path;
    bool is_ascending;
    const char *query; /* the server sorts; NULL: this program does */
};

struct top_table {
    const char *name, *title; /* "services" is also the member of the answer */
    const char *row;          /* "service" */
    const char *key;          /* the member that names a row */
    const char *key_before;   /* another, where that is not enough; NULL: it is */
    enum table_page page;     /* what opens for a row */
    bool is_whole;            /* all that is known of a row is in its list: nothing more is asked for */
    bool is_in_status;        /* its list is a member of the status */
    const struct column *columns;
    size_t column_count;
    const struct sort *sorts; /* the first is the default */
    size_t sort_count;
    bool newest_first; /* rows that are new wait while the order is held */
};

extern const struct top_table *const tables[TABLE_COUNT], *const tables_of_agent[TABLE_COUNT];

const char *tables_span_label(enum table_span span);                                          /* "10 s" */
const char *tables_span_path(char path[TABLE_PATH], const char *rates, enum table_span span); /* "in_rate.s10" */
void tables_write(struct top_cell *to, const struct column *column, const json_t *item, const struct top_look *look);
bool tables_is_sorted(const struct column *column, const struct sort *sort, enum table_span span);
unsigned tables_rank(const struct column *column, const struct sort *sort, enum table_span span);

#endif
