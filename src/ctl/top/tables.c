/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tables: see tables.h.
 */
#include "config.h"

#include "ctl/top/tables.h"

#include "ctl/top/cells.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */

/* {above, title, sort, path, writer, least, most, rank, is right, has span, span} */
#define LEFT(above, title, sort, path, write, least, most, rank) {above, title, sort, path, write, least, most, rank, false, false, 0}
#define RIGHT(above, title, sort, path, write, width, rank) {above, title, sort, path, write, width, width + 4, rank, true, false, 0}
#define SPAN(above, title, sort, path, write, rank, span) {above, title, sort, path, write, 7, 9, rank, true, true, span}
#define SPANS(above, title, sort, path, write, rank)                                                                   \
    SPAN(above, title "1 s", sort, path, write, rank, TABLE_1S),                                                       \
    SPAN(above, title "10 s", sort, path, write, rank, TABLE_10S),                                                     \
    SPAN(above, title "60 s", sort, path, write, rank, TABLE_60S)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct column service_columns[] = {
    LEFT("", "Service", "name", "name", cell_text, 7, 24, 0),
    LEFT("", "State", "state", "", cell_service, 11, 24, 0),
    LEFT("", "Since", NULL, "since", cell_minute, 5, 16, 11),
    LEFT("", "Listens on", NULL, "listen", cell_places, 10, 40, 6),
    LEFT("", "Group", NULL, "groups", cell_texts, 5, 20, 7),
    LEFT("", "Destination", NULL, "connect", cell_texts, 11, 40, 8),
    RIGHT("", "Able", NULL, "", cell_able, 4, 1),
    RIGHT("", "Relays", "relays", "relays", cell_count, 7, 1),
    RIGHT("", "Most", NULL, "peak", cell_count, 5, 15),
    SPANS("New/s", "", "new", "new_rate", cell_per_s, 3),
    RIGHT("", "Waiting", "waiting", "waiting", cell_count, 8, 3),
    SPANS("Mbit/s", "in ", "in", "in_rate", cell_rate, 2),
    SPANS("Mbit/s", "out ", "out", "out_rate", cell_rate, 2),
    RIGHT("Refused", "clients", NULL, "refused", cell_refused, 7, 14),
    RIGHT("Dial", "ms, p50", NULL, "dial.p50_ms", cell_ms, 7, 15),
    RIGHT("First", "byte ms", "first-byte", "first_byte.p50_ms", cell_ms, 8, 4),
    RIGHT("", "p99", NULL, "first_byte.p99_ms", cell_ms, 6, 9),
};
static const struct sort service_sorts[] = {
    {"state", SORT_STATE, "", false, NULL},
    {"name", SORT_TEXT, "name", true, NULL},
    {"relays", SORT_NUMBER, "relays", false, NULL},
    {"new", SORT_RATE, "new_rate", false, NULL},
    {"waiting", SORT_NUMBER, "waiting", false, NULL},
    {"in", SORT_RATE, "in_rate", false, NULL},
    {"out", SORT_RATE, "out_rate", false, NULL},
    {"first-byte", SORT_NUMBER, "first_byte.p50_ms", false, NULL},
};

static const struct column agent_columns[] = {
    LEFT("", "Agent", "name", "name", cell_text, 5, 28, 0),
    LEFT("", "State", "state", "", cell_agent, 11, 28, 0),
    LEFT("", "Since", NULL, "since", cell_minute, 5, 16, 11),
    LEFT("", "Groups", NULL, "groups", cell_texts, 6, 24, 5),
    LEFT("", "From", NULL, "address", cell_text, 4, 47, 7),
    LEFT("", "Version", NULL, "version", cell_text, 7, 12, 8),
    RIGHT("Round", "trip ms", "rtt", "rtt_ms", cell_ms, 8, 3),
    RIGHT("Links", "shared+own", NULL, "links", cell_links, 10, 6),
    RIGHT("", "Relays", "relays", "relays", cell_count, 7, 1),
    RIGHT("", "Failures", "failures", "failures", cell_count, 9, 4),
    SPANS("Mbit/s", "in ", "in", "in_rate", cell_rate, 2),
    SPANS("Mbit/s", "out ", "out", "out_rate", cell_rate, 2),
    RIGHT("Credential", "expires in", "expires", "expires", cell_until, 10, 9),
};
static const struct sort agent_sorts[] = {
    {"state", SORT_STATE, "", false, NULL},
    {"name", SORT_TEXT, "name", true, NULL},
    {"rtt", SORT_NUMBER, "rtt_ms", false, NULL},
    {"relays", SORT_NUMBER, "relays", false, NULL},
    {"failures", SORT_NUMBER, "failures", false, NULL},
    {"in", SORT_RATE, "in_rate", false, NULL},
    {"out", SORT_RATE, "out_rate", false, NULL},
    {"expires", SORT_TEXT, "expires", true, NULL},
};

#define RELAY_FIRST                                                                                                    \
    LEFT("", "Client", NULL, "client", cell_text, 21, 47, 0),                                                          \
    LEFT("", "Service", NULL, "service", cell_text, 7, 24, 0)
#define RELAY_REST                                                                                                     \
    LEFT("", "Destination", NULL, "destination", cell_text, 11, 40, 7),                                                \
    LEFT("", "State", NULL, "", cell_relay, 11, 20, 1),                                                                \
    RIGHT("", "Age", "age", "accepted", cell_life, 7, 2),                                                               \
    RIGHT("", "Idle", "idle", "progress", cell_age, 7, 5),                                                             \
    RIGHT("Mbit/s", "in", "rate", "in_rate", cell_rate, 7, 3),                                                         \
    RIGHT("Mbit/s", "out", "rate", "out_rate", cell_rate, 7, 3),                                                       \
    RIGHT("Bytes", "in", "bytes", "in_bytes", cell_bytes, 8, 4),                                                       \
    RIGHT("Bytes", "out", "bytes", "out_bytes", cell_bytes, 8, 4),                                                     \
    RIGHT("Wait", "ms", NULL, "wait_ms", cell_ms, 7, 9),                                                               \
    RIGHT("Dial", "ms", NULL, "dial_ms", cell_ms, 7, 9),                                                               \
    RIGHT("First", "byte ms", NULL, "first_byte_ms", cell_ms, 8, 8),                                                   \
    LEFT("", "Id", NULL, "id", cell_text, 10, 29, 6)

static const struct column relay_columns[] = {
    RELAY_FIRST,
    LEFT("", "Agent", NULL, "agent", cell_text, 5, 24, 1),
    RELAY_REST,
};
static const struct column own_relay_columns[] = {RELAY_FIRST, RELAY_REST};
static const struct sort relay_sorts[] = {
    {"rate", SORT_NONE, "", false, "-rate"},
    {"bytes", SORT_NONE, "", false, "-bytes"},
    {"age", SORT_NONE, "", false, "-age"},
    {"newest", SORT_NONE, "", true, "age"},
    {"idle", SORT_NONE, "", false, "-idle"},
};

static const struct column event_columns[] = {
    LEFT("", "Time", "newest", "time", cell_clock, 8, 19, 0),
    LEFT("", "", NULL, "severity", cell_severity, 1, 1, 0),
    LEFT("", "Kind", NULL, "kind", cell_text, 6, 12, 5),
    LEFT("", "About", NULL, "subject", cell_text, 5, 24, 3),
    LEFT("", "Event", NULL, "text", cell_text, 44, TABLE_FLEXIBLE, 0),
    RIGHT("", "", NULL, "count", cell_times, 8, 4),
};
static const struct sort event_sorts[] = {
    {"newest", SORT_TEXT, "time", false, NULL},
    {"oldest", SORT_TEXT, "time", true, NULL},
};

/* ---- of an agent ---- */

static const struct column own_service_columns[] = {
    LEFT("", "Service", "name", "name", cell_text, 7, 24, 0),
    LEFT("", "State", "state", "", cell_own_service, 11, 20, 0),
    LEFT("", "Server", "server", "server", cell_text, 6, 40, 4),
    LEFT("", "Destination", NULL, "connect", cell_texts, 11, 40, 2),
    RIGHT("Last", "reached", "reached", "destination.connected", cell_age, 8, 3),
    RIGHT("Last", "failed", NULL, "destination.failed", cell_age, 8, 5),
    LEFT("", "Because", NULL, "because", cell_text, 7, 60, 6),
};
static const struct sort own_service_sorts[] = {
    {"state", SORT_STATE, "state", false, NULL},
    {"name", SORT_TEXT, "name", true, NULL},
    {"server", SORT_TEXT, "server", true, NULL},
    {"reached", SORT_TEXT, "destination.connected", false, NULL},
};

static const struct column server_columns[] = {
    LEFT("", "Server", "name", "address", cell_text, 10, 40, 0),
    LEFT("", "State", "state", "", cell_state, 11, 20, 0),
    LEFT("", "Since", NULL, "since", cell_minute, 5, 16, 3),
    LEFT("", "Reached at", NULL, "peer", cell_text, 10, 47, 6),
    RIGHT("Round", "trip ms", "rtt", "rtt_ms", cell_ms, 8, 2),
    RIGHT("Links", "shared+own", NULL, "links", cell_links, 10, 4),
    RIGHT("Services", "permitted", NULL, "services.permitted", cell_count, 10, 3),
    RIGHT("Services", "refused", NULL, "services.refused", cell_count, 9, 3),
    LEFT("", "Last failure", NULL, "failure.detail", cell_text, 12, 80, 7),
};
static const struct sort server_sorts[] = {
    {"state", SORT_STATE, "state", false, NULL},
    {"name", SORT_TEXT, "address", true, NULL},
    {"rtt", SORT_NUMBER, "rtt_ms", false, NULL},
};

#define ROWS(of, by) .columns = of, .column_count = COUNT(of), .sorts = by, .sort_count = COUNT(by)

static const struct top_table services = {"services", "Services", "service", "name", .page = PAGE_SERVICE, ROWS(service_columns, service_sorts)};
static const struct top_table agents = {"agents", "Agents", "agent", "name", .page = PAGE_AGENT, ROWS(agent_columns, agent_sorts)};
static const struct top_table relays = {"relays", "Relays", "relay", "id", .page = PAGE_RELAY, ROWS(relay_columns, relay_sorts)};
static const struct top_table events = {"events", "Events", "event", "id", .page = PAGE_EVENT, .is_whole = true, .newest_first = true, ROWS(event_columns, event_sorts)};

static const struct top_table own_services = {"services", "Services", "service", "name", "server", .page = PAGE_OWN_SERVICE, .is_whole = true, ROWS(own_service_columns, own_service_sorts)};
static const struct top_table servers = {"servers", "Servers", "server", "address", .page = PAGE_SERVER, .is_whole = true, .is_in_status = true, ROWS(server_columns, server_sorts)};
static const struct top_table own_relays = {"relays", "Relays", "relay", "id", .page = PAGE_RELAY, ROWS(own_relay_columns, relay_sorts)};

const struct top_table *const tables[TABLE_COUNT] = {&services, &agents, &relays, &events};
const struct top_table *const tables_of_agent[TABLE_COUNT] = {&own_services, &servers, &own_relays, &events};

/* clang-format on */

static const char *const suffixes[TABLE_SPAN_COUNT] = {"s1", "s10", "s60"};

const char *tables_span_label(enum table_span span) {
    static const char *const labels[TABLE_SPAN_COUNT] = {"1 s", "10 s", "60 s"};
    return labels[span];
}

const char *tables_span_path(char path[TABLE_PATH], const char *rates, enum table_span span) {
    snprintf(path, TABLE_PATH, "%s.%s", rates, suffixes[span]);
    return path;
}

void tables_write(struct top_cell *to, const struct column *column, const json_t *item, const struct top_look *look) {
    char path[TABLE_PATH];

    column->write(to, item, column->has_span ? tables_span_path(path, column->path, column->span) : column->path, look);
}

/* The newest are the youngest: one column shows both. */
static bool is_of_time(const char *sort) {
    return strcmp(sort, "newest") == 0 || strcmp(sort, "oldest") == 0 || strcmp(sort, "age") == 0;
}

bool tables_is_sorted(const struct column *column, const struct sort *sort, enum table_span span) {
    if (!column->sort || (column->has_span && column->span != span))
        return false;
    return strcmp(column->sort, sort->name) == 0 || (is_of_time(column->sort) && is_of_time(sort->name));
}

/* What it is sorted by is there; of means the span that is looked at counts, and the others come after everything. */
unsigned tables_rank(const struct column *column, const struct sort *sort, enum table_span span) {
    enum { LATER = 10 };

    if (tables_is_sorted(column, sort, span))
        return column->rank < TABLE_NEEDED ? column->rank : TABLE_NEEDED;
    return column->rank + (column->has_span && column->span != span ? LATER : 0u);
}
