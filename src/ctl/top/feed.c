/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * feed: see feed.h.
 */
#include "config.h"

#include "ctl/top/feed.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"

#include <stdio.h>
#include <string.h>

enum { EVENTS_ASKED = 1000, HELD_LEAST = 200, HELD_PAGES = 3, ENCODED = 3 * ROWS_KEY + 1 };

/* ---- what is wanted ---- */

bool feed_path(char target[ASK_TARGET], const struct top_table *table, const char *key, const char *more) {
    char encoded[ENCODED];

    return *key && http_client_encode(encoded, sizeof encoded, key) &&
           snprintf(target, ASK_TARGET, "/v1/%s/%s%s", table->name, encoded, more) < ASK_TARGET;
}

/* Words "service:web", "agent:web1", "client:192.0.2.1" and "state:suspended" of the filter are the server's to look
 * for. False: there are others, which this program looks for among all. */
static bool add_filter(char target[ASK_TARGET], const char *filter) {
    static const char *const known[] = {"service:", "agent:", "client:", "state:"};
    bool is_whole = true;

    for (size_t length; *(filter += strspn(filter, " ")); filter += length) {
        char value[TOP_FILTER], encoded[3 * TOP_FILTER + 1];
        size_t used = strlen(target), i = 0;
        length = strcspn(filter, " ");
        while (i < sizeof known / sizeof *known && strncmp(filter, known[i], strlen(known[i])))
            i++;
        if (i == sizeof known / sizeof *known || length == strlen(known[i])) {
            is_whole = false;
            continue;
        }
        snprintf(value, sizeof value, "%.*s", (int)(length - strlen(known[i])), filter + strlen(known[i]));
        if (http_client_encode(encoded, sizeof encoded, value))
            snprintf(target + used, ASK_TARGET - used, "&%.*s=%s", (int)strlen(known[i]) - 1, known[i], encoded);
    }
    return is_whole;
}

/* No more relays than are shown; while their order is held enough of them to find most of the shown ones again. */
static size_t relays_wanted(const struct top *top, const struct top_tab *tab) {
    size_t shown = top->page_rows ? top->page_rows : top->height;
    size_t most = tab->first + shown;

    if (top_is_held(tab))
        most += HELD_PAGES * shown > HELD_LEAST ? HELD_PAGES * shown : HELD_LEAST;
    return most < 1 ? 1 : most;
}

static void list_target(char target[ASK_TARGET], const struct top *top, size_t rows) {
    const struct top_tab *tab = &top->tabs[top->tab];

    snprintf(target, ASK_TARGET, "/v1/%s", tab->table->name);
    if (top->tab == TABLE_EVENTS)
        snprintf(target, ASK_TARGET, "/v1/events?limit=%d", EVENTS_ASKED);
    if (top->tab != TABLE_RELAYS)
        return;
    snprintf(target, ASK_TARGET, "/v1/relays?sort=%s", tab->sort->query);
    size_t wanted = rows ? rows : relays_wanted(top, tab);
    if (!add_filter(target, tab->filter) || wanted > FEED_RELAYS_MOST)
        wanted = FEED_RELAYS_MOST;
    size_t used = strlen(target);
    snprintf(target + used, ASK_TARGET - used, "&limit=%zu", wanted);
}

/* The row under the cursor, which keys act on, is asked for by itself where the list does not have it any more. */
static bool wants_row(const struct top *top) {
    const struct top_tab *tab = &top->tabs[top->tab];

    return top->tab == TABLE_RELAYS && top->page == TOP_LIST && top_chosen(top) && tab->rows.items[tab->cursor].is_gone;
}

struct ask_round feed_wanted(const struct top *top, size_t rows) {
    struct ask_round round = {.generation = top->generation};
    const struct top_table *table = top->tabs[top->tab].table;
    char target[ASK_TARGET], key[ROWS_KEY];

    ask_add(&round, ASK_STATUS, "GET", "/v1/status");
    if (!top->status) /* which tells whose tables there are */
        return round;
    if (!table->is_in_status) {
        list_target(target, top, rows);
        ask_add(&round, ASK_LIST, "GET", target);
    }
    if (top->page == TOP_DETAIL && !table->is_whole && feed_path(target, table, top->detail_key, ""))
        ask_add(&round, ASK_DETAIL, "GET", target);
    if (wants_row(top) && feed_path(target, table, rows_key(key, table, top_chosen(top)), ""))
        ask_add(&round, ASK_ROW, "GET", target);
    return round;
}

/* ---- what the answers change ---- */

/* What is open, where all of it is in its list. One that is not there any more stays as it was. */
static void find_detail(struct top *top) {
    const struct top_tab *tab = top_tab_now(top);
    char key[ROWS_KEY];

    for (size_t i = 0; i < tab->rows.count; i++)
        if (strcmp(rows_key(key, tab->table, tab->rows.items[i].item), top->detail_key) == 0) {
            json_decref(top->detail);
            top->detail = json_incref(tab->rows.items[i].item);
        }
}

static void take_rows(struct top *top, const json_t *list, double total) {
    struct top_tab *tab = top_tab_now(top);
    struct rows_order order = top_order(top, tab);

    if (!json_is_array(list) || !rows_update(&tab->rows, list, &order))
        return;
    tab->is_answered = true;
    tab->total = total < 0 ? json_array_size(list) : (size_t)total;
    if (tab->cursor >= (int)tab->rows.count)
        tab->cursor = (int)tab->rows.count - 1;
    if (top->page == TOP_DETAIL && tab->table->is_whole)
        find_detail(top);
}

static void take_status(struct top *top, const struct ask *ask, double local) {
    const char *before = answer_text(top->status, "instance", ""), *now = answer_text(ask->json, "instance", "");
    bool is_first = !top->status, was_agent = top_is_agent(top);

    if (*before && strcmp(before, now))
        top_say(top, false, "%s was started anew", top_is_agent(top) ? "munnel-agent" : "munneld");
    json_decref(top->status);
    top->status = json_incref(ask->json);
    top->now = figure_time(top->status, "now");
    if (top->now < 0)
        top->now = local;
    if (is_first || was_agent != top_is_agent(top))
        top_use(top, top_is_agent(top) ? tables_of_agent : tables);
    if (top_tab_now(top)->table->is_in_status)
        take_rows(top, json_object_get(top->status, top_tab_now(top)->table->name), FIGURE_NONE);
}

static void take_list(struct top *top, const struct ask *ask) {
    if (top->is_answer_fault)
        top->message = (struct error){""};
    top->is_answer_fault = false;
    take_rows(top, json_object_get(ask->json, top_tab_now(top)->table->name), answer_number(ask->json, "total"));
}

static void take_detail(struct top *top, const struct ask *ask) {
    if (!ask->json) { /* what it was stays to be seen */
        top->detail_fault = ask->error;
        return;
    }
    json_decref(top->detail);
    top->detail = json_incref(ask->json);
    top->detail_fault = (struct error){""};
}

static void take_row(struct top *top, const struct ask *ask) {
    struct top_tab *tab = top_tab_now(top);
    char key[ROWS_KEY], asked[ROWS_KEY];

    if (!ask->json || !top_chosen(top))
        return;
    struct row *row = &tab->rows.items[tab->cursor];
    if (strcmp(rows_key(key, tab->table, row->item), rows_key(asked, tab->table, ask->json)))
        return;
    json_decref(row->item);
    *row = (struct row){json_incref(ask->json), false};
}

static void take_deed(struct top *top, const struct ask *ask) {
    if (ask->status / 100 == 2)
        top_say(top, false, "%s", top->doing.done);
    else
        top_say(top, true, "%s", ask->error.text);
    top->doing = (struct top_deed){.method = ""};
    top->must_ask = true;
}

/* Status and list are shown all the time. Rows of another question, before the filter was typed say, must not look like
 * the answer to this one; a server that is busy leaves them. */
static void take_fault(struct top *top, const struct ask *ask) {
    top_say(top, true, "%s", ask->error.text);
    top->is_answer_fault = true;
    if (ask->kind == ASK_LIST && ask->status / 100 == 4)
        rows_done(&top_tab_now(top)->rows);
}

static void take(struct top *top, const struct ask *ask, double local) {
    if (ask->status / 100 != 2 && (ask->kind == ASK_STATUS || ask->kind == ASK_LIST)) {
        take_fault(top, ask);
        return;
    }
    switch (ask->kind) {
    case ASK_STATUS:
        take_status(top, ask, local);
        break;
    case ASK_LIST:
        take_list(top, ask);
        break;
    case ASK_DETAIL:
        take_detail(top, ask);
        break;
    case ASK_ROW:
        take_row(top, ask);
        break;
    case ASK_DEED:
        take_deed(top, ask);
    }
}

/* The first that has none. NULL: all have been answered. */
static const struct ask *find_unanswered(const struct ask_round *round) {
    for (unsigned i = 0; i < round->count; i++)
        if (!round->asks[i].status)
            return &round->asks[i];
    return NULL;
}

static void take_loss(struct top *top, const struct ask *ask, double local) {
    if (ask->kind == ASK_DEED) {
        take_deed(top, ask);
        return;
    }
    if (!top->lost_since)
        top->lost_since = top->answered_at > 0 ? top->answered_at : local;
    top->lost_why = ask->error;
}

void feed_note_silence(struct top *top, double local) {
    if (top->lost_since > 0)
        return;
    top->lost_since = top->answered_at > 0 ? top->answered_at : local;
    error_set(&top->lost_why, "it takes requests, but does not answer");
}

void feed_apply(struct top *top, struct ask_round *round, double local) {
    const struct ask *unanswered = find_unanswered(round);
    bool is_deed = round->count && round->asks[0].kind == ASK_DEED;

    if (unanswered)
        take_loss(top, unanswered, local);
    else if (is_deed || round->generation == top->generation)
        for (unsigned i = 0; i < round->count; i++)
            take(top, &round->asks[i], local);
    if (!unanswered) {
        top->lost_since = 0;
        top->answered_at = local;
    }
    ask_done(round);
}
