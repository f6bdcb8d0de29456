/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * lists: see lists.h.
 */
#include "config.h"

#include "ctl/lists.h"

#include "ctl/answer.h"
#include "ctl/value_text.h"
#include "lib/display/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

enum tone list_tone(const char *state) {
    static const struct {
        const char *state;
        enum tone tone;
    } tones[] = {{"ok", TONE_GOOD},         {"published", TONE_GOOD},   {"connected", TONE_GOOD},
                 {"serves", TONE_GOOD},     {"limited", TONE_WARN},     {"paused", TONE_WARN},
                 {"draining", TONE_WARN},   {"unhealthy", TONE_BAD},    {"suspended", TONE_WARN},
                 {"offline", TONE_DIM},     {"unreachable", TONE_BAD},  {"silent", TONE_BAD},
                 {"ejected", TONE_WARN},    {"refused", TONE_BAD},      {"ended", TONE_DIM},
                 {"opening", TONE_WARN},    {"unsupported", TONE_WARN}, {"unanswered", TONE_WARN},
                 {"connecting", TONE_WARN}, {"lost", TONE_BAD},         {"gave_up", TONE_BAD},
                 {"waiting", TONE_WARN}};

    for (size_t i = 0; i < COUNT_OF(tones); i++)
        if (strcmp(tones[i].state, state) == 0)
            return tones[i].tone;
    return TONE_PLAIN;
}

/* ---- cells ---- */

static void add(struct table *table, const json_t *json, const char *name, enum value_kind kind) {
    char *text = value_text(json, name, kind);

    table->lacks_memory |= !text;
    table_add(table, kind == VALUE_STATE && text ? list_tone(text) : TONE_PLAIN, text ? text : "");
    free(text);
}

/* ---- lists ---- */

typedef void add_row(struct table *table, const json_t *element);

static int print_list(const struct display *display, const json_t *list, const struct table_column *columns,
                      size_t column_count, add_row *add_element, const char *none, struct error *error) {
    struct table table = table_begin(columns, column_count);
    const json_t *element;
    size_t i;
    int result = 0;

    json_array_foreach (list, i, element)
        add_element(&table, element);
    if (json_array_size(list) == 0)
        fprintf(display->file, "%s\n", none);
    else if (table_print(&table, display) != 0)
        result = error_set(error, "out of memory");
    table_done(&table);
    return result;
}

/* "0.0.0.0:53 udp" */
static void add_place(struct table *table, const json_t *json, const char *name, enum value_kind kind) {
    char *text = value_text(json, name, kind);

    table->lacks_memory |= !text;
    table_format(table, TONE_PLAIN, "%s%s", text ? text : "", answer_is(json, "protocol", "udp") ? " udp" : "");
    free(text);
}

/* One without ports is for visitors. */
static void add_places(struct table *table, const json_t *service) {
    const json_t *visitors = answer_at(service, "visitors"), *group;
    char text[256] = "visitors:";
    size_t i;

    if (json_array_size(answer_at(service, "listen")) > 0 || json_array_size(visitors) == 0) {
        add_place(table, service, "listen", VALUE_LIST);
        return;
    }
    json_array_foreach (visitors, i, group) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : " ", json_string_value(group));
    }
    table_format(table, TONE_PLAIN, "%s", text);
}

static void add_service(struct table *table, const json_t *service) {
    char able[NUMBER_TEXT], known[NUMBER_TEXT];

    add(table, service, "name", VALUE_TEXT);
    add(table, service, "state", VALUE_STATE);
    add_places(table, service);
    table_format(table, TONE_PLAIN, "%s/%s", number_count(able, answer_number(service, "able")),
                 number_count(known, answer_number(service, "known")));
    add(table, service, "relays", VALUE_COUNT);
    add(table, service, "new_rate", VALUE_RATE);
    add(table, service, "in_rate", VALUE_BIT_RATE);
    add(table, service, "out_rate", VALUE_BIT_RATE);
}

static void add_service_and_agent(struct table *table, const json_t *service) {
    add_service(table, service);
    add(table, service, "published_by.agent", VALUE_TEXT);
}

static bool has_published(const json_t *services) {
    size_t i = 0;

    while (i < json_array_size(services) && !answer_text(json_array_get(services, i), "published_by.agent", NULL))
        i++;
    return i < json_array_size(services);
}

int list_services(const struct display *display, const json_t *services, struct error *error) {
    static const struct table_column columns[] = {{.title = "SERVICE"},
                                                  {.title = "STATE", .is_whole = true},
                                                  {.title = "LISTEN"},
                                                  {.title = "AGENTS", .is_right = true},
                                                  {.title = "RELAYS", .is_right = true},
                                                  {.title = "NEW", .is_right = true},
                                                  {.title = "IN", .is_right = true},
                                                  {.title = "OUT", .is_right = true},
                                                  {.title = "PUBLISHED BY"}};
    bool is_wide = has_published(services);

    return print_list(display, services, columns, COUNT_OF(columns) - !is_wide,
                      is_wide ? add_service_and_agent : add_service, "There is no service.", error);
}

static void add_agent(struct table *table, const json_t *agent) {
    add(table, agent, "name", VALUE_TEXT);
    add(table, agent, "state", VALUE_STATE);
    add(table, agent, "since", VALUE_AGE);
    add(table, agent, "groups", VALUE_LIST);
    add(table, agent, "address", VALUE_TEXT);
    add(table, agent, "rtt_ms", VALUE_MS);
    add(table, agent, "relays", VALUE_COUNT);
    add(table, agent, "in_rate", VALUE_BIT_RATE);
    add(table, agent, "out_rate", VALUE_BIT_RATE);
}

int list_agents(const struct display *display, const json_t *agents, struct error *error) {
    static const struct table_column columns[] = {{.title = "AGENT"},
                                                  {.title = "STATE", .is_whole = true},
                                                  {.title = "FOR", .is_right = true, .spare = 1},
                                                  {.title = "GROUPS"},
                                                  {.title = "ADDRESS"},
                                                  {.title = "RTT", .is_right = true},
                                                  {.title = "RELAYS", .is_right = true},
                                                  {.title = "IN", .is_right = true, .spare = 2},
                                                  {.title = "OUT", .is_right = true, .spare = 2}};

    return print_list(display, agents, columns, COUNT_OF(columns), add_agent,
                      "There is no agent. Let one in: munnel agent add NAME", error);
}

static void add_relay(struct table *table, const json_t *relay) {
    add(table, relay, "id", VALUE_TEXT);
    add(table, relay, "service", VALUE_TEXT);
    add(table, relay, "agent", VALUE_TEXT);
    add_place(table, relay, "client", VALUE_TEXT);
    add(table, relay, "state", VALUE_STATE);
    add(table, relay, "accepted", VALUE_AGE);
    add(table, relay, "in_bytes", VALUE_BYTES);
    add(table, relay, "out_bytes", VALUE_BYTES);
}

int list_relays(const struct display *display, const json_t *relays, struct error *error) {
    static const struct table_column columns[] = {{.title = "RELAY", .is_whole = true},
                                                  {.title = "SERVICE"},
                                                  {.title = "AGENT"},
                                                  {.title = "CLIENT"},
                                                  {.title = "STATE", .is_whole = true},
                                                  {.title = "AGE", .is_right = true},
                                                  {.title = "IN", .is_right = true},
                                                  {.title = "OUT", .is_right = true}};

    return print_list(display, relays, columns, COUNT_OF(columns), add_relay, "No relay matches.", error);
}

static void add_source(struct table *table, const json_t *source) {
    add(table, source, "address", VALUE_TEXT);
    add(table, source, "until", VALUE_CLOCK);
    add(table, source, "failures", VALUE_COUNT);
    add(table, source, "last", VALUE_TEXT);
}

int list_sources(const struct display *display, const json_t *sources, struct error *error) {
    static const struct table_column columns[] = {{.title = "SOURCE", .is_whole = true},
                                                  {.title = "REFUSED UNTIL", .is_whole = true},
                                                  {.title = "FAILURES", .is_right = true},
                                                  {.title = "LAST"}};

    return print_list(display, sources, columns, COUNT_OF(columns), add_source, "No address is under a penalty.",
                      error);
}

static void add_ban(struct table *table, const json_t *ban) {
    const char *service = answer_text(ban, "service", NULL);
    char address[ANSWER_SOURCE];

    table_add(table, TONE_PLAIN, answer_source(ban, "address", address));
    table_add(table, service ? TONE_PLAIN : TONE_DIM, service ? service : "all");
    add(table, ban, "until", VALUE_CLOCK);
    add(table, ban, "by", VALUE_TEXT);
    add(table, ban, "reason", VALUE_TEXT);
}

int list_bans(const struct display *display, const json_t *bans, struct error *error) {
    static const struct table_column columns[] = {{.title = "ADDRESS", .is_whole = true},
                                                  {.title = "SERVICE"},
                                                  {.title = "UNTIL", .is_whole = true},
                                                  {.title = "BY"},
                                                  {.title = "REASON"}};

    return print_list(display, bans, columns, COUNT_OF(columns), add_ban, "No address is banned.", error);
}

static void add_key(struct table *table, const json_t *key) {
    add(table, key, "agent", VALUE_TEXT);
    add(table, key, "server", VALUE_TEXT);
    add(table, key, "answer", VALUE_TEXT);
    add(table, key, "result", VALUE_STATE);
    add(table, key, "because", VALUE_TEXT);
}

int list_keys(const struct display *display, const json_t *keys, struct error *error) {
    static const struct table_column columns[] = {{.title = "AGENT"},
                                                  {.title = "SERVER: BY GROUP"},
                                                  {.title = "AGENT: ANSWERS", .is_whole = true},
                                                  {.title = "RESULT", .is_whole = true},
                                                  {.title = "BECAUSE"}};

    return print_list(display, keys, columns, COUNT_OF(columns), add_key, "No agent may serve it.", error);
}

/* ---- of an agent ---- */

static void add_server(struct table *table, const json_t *server) {
    const char *proxy = answer_text(server, "proxy", NULL);
    double permitted = answer_number(server, "services.permitted"), refused = answer_number(server, "services.refused");

    add(table, server, "address", VALUE_TEXT);
    add(table, server, "state", VALUE_STATE);
    add(table, server, "since", VALUE_AGE);
    add(table, server, "rtt_ms", VALUE_MS);
    table_format(table, TONE_PLAIN, "%s%s", proxy ? "proxy " : "", proxy ? proxy : "");
    table_format(table, TONE_PLAIN, "%.0f", permitted < 0 ? 0 : permitted);
    table_format(table, refused > 0 ? TONE_WARN : TONE_PLAIN, "%.0f", refused < 0 ? 0 : refused);
    add(table, server, "failure.detail", VALUE_TEXT);
}

static void add_visit(struct table *table, const json_t *visit) {
    add(table, visit, "name", VALUE_TEXT);
    add(table, visit, "listen", VALUE_TEXT);
    add(table, visit, "state", VALUE_STATE);
    table_format(table, TONE_PLAIN, "%s", json_is_true(answer_at(visit, "end_to_end")) ? "end to end" : "-");
    add(table, visit, "server", VALUE_TEXT);
    add(table, visit, "clients", VALUE_COUNT);
    add(table, visit, "because", VALUE_TEXT);
}

int list_visits(const struct display *display, const json_t *visits, struct error *error) {
    static const struct table_column columns[] = {{.title = "VISITS"},
                                                  {.title = "LISTENS AT", .is_whole = true},
                                                  {.title = "STATE", .is_whole = true},
                                                  {.title = "TLS", .is_whole = true},
                                                  {.title = "BY"},
                                                  {.title = "CLIENTS", .is_right = true},
                                                  {.title = "BECAUSE"}};

    return print_list(display, visits, columns, COUNT_OF(columns), add_visit, "It visits no service.", error);
}

int list_servers(const struct display *display, const json_t *servers, struct error *error) {
    static const struct table_column columns[] = {{.title = "SERVER"},
                                                  {.title = "STATE", .is_whole = true},
                                                  {.title = "FOR", .is_right = true},
                                                  {.title = "RTT", .is_right = true},
                                                  {.title = "VIA"},
                                                  {.title = "SERVES", .is_right = true},
                                                  {.title = "REFUSES", .is_right = true},
                                                  {.title = "LAST FAILURE"}};

    return print_list(display, servers, columns, COUNT_OF(columns), add_server, "It serves no server.", error);
}

static void add_asked_service(struct table *table, const json_t *service) {
    const char *because = answer_text(service, "because", NULL);
    bool is_unreachable = strcmp(answer_text(service, "state", ""), "unreachable") == 0;

    add(table, service, "name", VALUE_TEXT);
    add(table, service, "state", VALUE_STATE);
    add(table, service, "server", VALUE_TEXT);
    add(table, service, "connect", VALUE_LIST);
    if (!because && is_unreachable) /* the last failure is kept when it is over */
        because = answer_text(service, "destination.reason", NULL);
    table_add(table, TONE_PLAIN, because ? because : "");
}

int list_asked_services(const struct display *display, const json_t *services, struct error *error) {
    static const struct table_column columns[] = {{.title = "SERVICE"},
                                                  {.title = "STATE", .is_whole = true},
                                                  {.title = "SERVER"},
                                                  {.title = "DESTINATION"},
                                                  {.title = "BECAUSE"}};

    return print_list(display, services, columns, COUNT_OF(columns), add_asked_service, "No service is asked of it.",
                      error);
}

/* ---- what an agent publishes ---- */

/* One row for each server. */
static void add_published(struct table *table, const json_t *entry) {
    const json_t *servers = answer_at(entry, "servers"), *at;
    size_t i;

    json_array_foreach (servers, i, at) {
        add(table, entry, "name", VALUE_TEXT);
        add(table, at, "state", VALUE_STATE);
        add(table, at, "server", VALUE_TEXT);
        table_add(table, TONE_PLAIN, answer_text(at, "address", ""));
        add(table, entry, "to", VALUE_TEXT);
        add(table, at, "since", VALUE_AGE);
        table_add(table, TONE_PLAIN, answer_text(at, "because", ""));
    }
}

int list_published(const struct display *display, const json_t *published, struct error *error) {
    static const struct table_column columns[] = {{.title = "PUBLISHED"},
                                                  {.title = "STATE", .is_whole = true},
                                                  {.title = "SERVER", .spare = 1},
                                                  {.title = "ADDRESS", .is_whole = true},
                                                  {.title = "DESTINATION"},
                                                  {.title = "FOR", .is_right = true},
                                                  {.title = "BECAUSE"}};

    return print_list(display, published, columns, COUNT_OF(columns), add_published, "It publishes nothing.", error);
}
