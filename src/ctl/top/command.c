/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * command: "munnel top": live on a terminal, else once.
 * Runs on: the main thread. Owns: what is shown, while it runs.
 */
#include "config.h"

#include "ctl/commands.h"
#include "ctl/top/feed.h"
#include "ctl/top/live.h"
#include "ctl/top/once.h"
#include "ctl/top/screen.h"
#include "ctl/top/top.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { INTERVAL_MOST_S = 3600, LIVE_WAIT_MS = 5000, SECOND_MS = 1000, RELAYS_LIMIT = 100 };

struct top_arguments {
    struct admin_place place; /* first; see admin_command.h */
    unsigned tab, interval_s, limit;
    char *sort, *filter;
};

/* enum table_kind; "servers" is where an agent has those */
static const char *const tab_words[] = {"services", "agents", "relays", "events", "servers", NULL};
enum { WORD_SERVERS = TABLE_COUNT };

#define AT(member) offsetof(struct top_arguments, member)
static const struct option_spec specs[] = {
    ADMIN_PLACE_SPECS(struct top_arguments, place),
    {"tab", OPTION_CHOICE, AT(tab), "\"services\"", .words = tab_words, .flag = "tab", .argument = "TAB",
     .help = "services, agents (servers), relays, events [services]"},
    {"sort", OPTION_TEXT, AT(sort), "null", .wanted = "what to sort by", .flag = "sort", .argument = "NAME",
     .help = "what key s chooses: \"state\", \"in\" ..."},
    {"filter", OPTION_TEXT, AT(filter), "null", .wanted = "a text", .flag = "filter", .argument = "TEXT",
     .help = "only rows that have these words; as key / takes it"},
    {"interval", OPTION_NUMBER, AT(interval_s), "1", 1, INTERVAL_MOST_S, .flag = "interval", .argument = "S",
     .help = "seconds between two looks [1]"},
    {"limit", OPTION_NUMBER, AT(limit), "0", 0, FEED_RELAYS_MOST, .flag = "limit", .argument = "N",
     .help = "with --once: rows at most; 0: all [0, relays: 100]"},
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct top_arguments)};
static const struct cmdline_flag flags[] = {{"once", 0, NULL, "print the table once, as without a terminal", NULL},
                                            ADMIN_JSON_FLAG};

/* ---- the arguments ---- */

static int choose_sort(struct top_tab *tab, const char *name, struct error *error) {
    const struct top_table *of = tab->table;
    char known[256] = "";
    size_t used = 0;

    for (size_t i = 0; i < of->sort_count; i++) {
        if (strcmp(of->sorts[i].name, name) == 0) {
            tab->sort = &of->sorts[i];
            return 0;
        }
        if (used < sizeof known)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", of->sorts[i].name);
    }
    return error_set(error, "%s cannot be sorted by \"%.40s\"; by %s", of->name, name, known);
}

static int choose_tab(struct top *top, unsigned word, struct error *error) {
    top->tab = word == WORD_SERVERS ? TABLE_AGENTS : (enum table_kind)word;
    if (strcmp(top_tab_now(top)->table->name, tab_words[word]) == 0)
        return 0;
    return error_set(error, "%s has no %s, but %s", top_is_agent(top) ? "munnel-agent" : "munneld", tab_words[word],
                     top_tab_now(top)->table->name);
}

/* Of the tables that the program has which was asked. */
static int apply(struct top *top, const struct top_arguments *arguments, struct error *error) {
    if (choose_tab(top, arguments->tab, error))
        return -1;
    struct top_tab *tab = top_tab_now(top);
    if (arguments->filter)
        snprintf(tab->filter, sizeof tab->filter, "%s", arguments->filter);
    return arguments->sort ? choose_sort(tab, arguments->sort, error) : 0;
}

/* ---- asking and showing ---- */

/* Before a screen is opened: an error is a line on standard error then. */
static int ask(struct top *top, struct http_client *client, size_t rows, struct error *error) {
    struct ask_round round = feed_wanted(top, rows);

    ask_all(&round, client);
    feed_apply(top, &round, (double)time(NULL));
    if (top->lost_since > 0)
        return error_set(error, "%s", top->lost_why.text);
    return top->is_fault && *top->message.text ? error_set(error, "%s", top->message.text) : 0;
}

static int show_once(struct top *top, struct admin_context *context, const struct top_arguments *arguments,
                     struct error *error) {
    size_t limit = arguments->limit ? arguments->limit : top->tab == TABLE_RELAYS ? RELAYS_LIMIT : 0;
    const struct once once = {stdout, limit, context->display.width};

    if (ask(top, context->client, limit, error))
        return -1;
    return context->is_json ? once_print_json(top, &once, error) : once_print(top, &once, error);
}

static int show_live(struct top *top, struct admin_context *context, const struct top_arguments *arguments,
                     struct error *error) {
    if (ask(top, context->client, 0, error))
        return -1;
    struct http_client *client = context->client;
    context->client = NULL;
    return live_run(top, client, arguments->interval_s * SECOND_MS, error);
}

static int show(struct top *top, struct admin_context *context, const struct top_arguments *arguments,
                struct error *error) {
    struct error why = {""};

    if (ask(top, context->client, 0, error) || apply(top, arguments, error)) /* the status alone */
        return -1;
    if (context->is_json || cmdline_has(context->line, "once"))
        return show_once(top, context, arguments, error);
    if (screen_is_possible(&why))
        return show_live(top, context, arguments, error);
    if (context->display.width)
        fprintf(stderr, "munnel top: shown once: %s\n", why.text);
    return show_once(top, context, arguments, error);
}

static int run(struct admin_context *context, void *arguments, struct error *error) {
    struct top top;

    top_begin(&top, !context->display.is_utf8);
    int code = show(&top, context, arguments, error);
    top_done(&top);
    return code;
}

const struct admin_command top_command = {
    .spec = {.program = "munnel top",
             .usage = "munnel top shows a running munneld or munnel-agent live: is it well, what is\n"
                      "wrong and what to do; services, agents, relays, events. Key ? explains the\n"
                      "others. Without a terminal it prints one table and ends.\n\n"
                      "usage: munnel top [OPTION]...\n",
             .table = &table,
             .flags = flags,
             .flag_count = sizeof flags / sizeof *flags},
    .run = run,
};
