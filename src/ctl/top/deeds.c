/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * deeds: see deeds.h. The server refuses what the role of the user does not permit.
 */
#include "config.h"

#include "ctl/top/deeds.h"

#include "ctl/answer.h"
#include "ctl/top/feed.h"
#include "ctl/top/figure.h"

#include <stdio.h>
#include <string.h>

typedef void deed_writer(struct top_deed *deed, const json_t *item);

static const char *count_relays(char *to, size_t size, const json_t *item) {
    double relays = answer_number(item, "relays");

    snprintf(to, size, relays == 1 ? "%.0f relay" : "%.0f relays", relays < 0 ? 0 : relays);
    return to;
}

static void write_end(struct top_deed *deed, const json_t *relay) {
    const char *id = answer_text(relay, "id", "");

    snprintf(deed->question, sizeof deed->question, "End relay %s, client %s of %s? Both sides are reset.", id,
             answer_text(relay, "client", ""), answer_text(relay, "service", ""));
    snprintf(deed->done, sizeof deed->done, "Relay %s was ended", id);
}

static void write_drain(struct top_deed *deed, const json_t *agent) {
    char relays[FIGURE_TEXT];

    snprintf(deed->question, sizeof deed->question, "Drain agent %s? It gets no new clients; its %s go on.",
             answer_text(agent, "name", ""), count_relays(relays, sizeof relays, agent));
    snprintf(deed->done, sizeof deed->done, "Agent %s drains", answer_text(agent, "name", ""));
}

static void write_undrain(struct top_deed *deed, const json_t *agent) {
    snprintf(deed->question, sizeof deed->question, "Undrain agent %s? It connects again and gets clients.",
             answer_text(agent, "name", ""));
    snprintf(deed->done, sizeof deed->done, "Agent %s gets clients again", answer_text(agent, "name", ""));
}

static void write_disconnect(struct top_deed *deed, const json_t *agent) {
    char relays[FIGURE_TEXT];

    snprintf(deed->question, sizeof deed->question,
             "Disconnect agent %s? Its links close and its %s end now; it may connect again.",
             answer_text(agent, "name", ""), count_relays(relays, sizeof relays, agent));
    snprintf(deed->done, sizeof deed->done, "Agent %s was disconnected", answer_text(agent, "name", ""));
}

static void write_pause(struct top_deed *deed, const json_t *service) {
    char relays[FIGURE_TEXT];

    snprintf(deed->question, sizeof deed->question,
             "Pause service %s? New clients are refused until it is resumed; its %s go on.",
             answer_text(service, "name", ""), count_relays(relays, sizeof relays, service));
    snprintf(deed->done, sizeof deed->done, "Service %s is paused", answer_text(service, "name", ""));
}

static void write_resume(struct top_deed *deed, const json_t *service) {
    snprintf(deed->question, sizeof deed->question, "Resume service %s? It takes clients again.",
             answer_text(service, "name", ""));
    snprintf(deed->done, sizeof deed->done, "Service %s takes clients", answer_text(service, "name", ""));
}

static const struct {
    int key;
    enum table_kind kind;
    const char *state, *not_state, *nor_state; /* of the item; NULL: any */
    const char *method, *path;
    deed_writer *write;
} deeds[] = {
    {'e', TABLE_RELAYS, NULL, "ended", NULL, "DELETE", "", write_end},
    {'d', TABLE_AGENTS, NULL, "draining", "offline", "POST", "/drain", write_drain},
    {'u', TABLE_AGENTS, NULL, "connected", "offline", "POST", "/undrain", write_undrain},
    {'x', TABLE_AGENTS, NULL, "offline", NULL, "POST", "/disconnect", write_disconnect},
    {'P', TABLE_SERVICES, "paused", NULL, NULL, "POST", "/resume", write_resume},
    {'P', TABLE_SERVICES, NULL, "paused", NULL, "POST", "/pause", write_pause},
};
enum { DEED_COUNT = sizeof deeds / sizeof *deeds };

bool deeds_has(int key) {
    for (size_t i = 0; i < DEED_COUNT; i++)
        if (deeds[i].key == key)
            return true;
    return false;
}

static bool applies(size_t i, const char *state) {
    return (!deeds[i].state || strcmp(deeds[i].state, state) == 0) &&
           (!deeds[i].not_state || strcmp(deeds[i].not_state, state) != 0) &&
           (!deeds[i].nor_state || strcmp(deeds[i].nor_state, state) != 0);
}

/* The one for this key whose table it is; DEED_COUNT: none. */
static size_t find(const struct top *top, int key, const char *state) {
    size_t i = 0;

    while (i < DEED_COUNT && (deeds[i].key != key || deeds[i].kind != top->tab || !applies(i, state)))
        i++;
    return i;
}

static const char *object_of(int key) {
    for (size_t i = 0; i < DEED_COUNT; i++)
        if (deeds[i].key == key)
            return tables[deeds[i].kind]->row;
    return "";
}

void deeds_prepare(struct top *top, int key) {
    const json_t *item = top_chosen(top);
    const struct top_table *table = top->tabs[top->tab].table;
    const char *state = answer_text(item, "state", "");
    char name[ROWS_KEY];
    size_t i = find(top, key, state);

    if (top_is_agent(top) && strcmp(object_of(key), "relay")) {
        top_say(top, true, "An agent ends relays only: change its services and agents on the server");
        return;
    }
    if (!item || strcmp(object_of(key), table->row)) {
        top_say(top, true, "Key %c is for one %s: choose it in its table with ↑ and ↓ first", key, object_of(key));
        return;
    }
    if (i == DEED_COUNT) {
        top_say(top, true, "%s is %s", rows_key(name, table, item), state);
        return;
    }
    if (*top->doing.method) {
        top_say(top, true, "The server has not answered yet: wait");
        return;
    }
    struct top_deed deed = {.method = ""};
    if (!feed_path(deed.target, table, rows_key(name, table, item), deeds[i].path))
        return;
    snprintf(deed.method, sizeof deed.method, "%s", deeds[i].method);
    deeds[i].write(&deed, item);
    top->deed = deed;
}
