/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * record: see record.h.
 */
#include "config.h"

#include "relay/record.h"

#include "lib/base/strbuf.h"
#include "relay/plane.h"
#include "relay/service_terms.h"

#include <stddef.h>

#define AT(member) offsetof(struct record, member)

/* munneld(8) has the same table, which test_record compares with this one. */
const struct record_field record_fields[] = {
    {"service", RECORD_TEXT, AT(service), 0},
    {"client", RECORD_TEXT, AT(client), 0},
    {"visitor", RECORD_TEXT, AT(visitor), 0},
    {"agent", RECORD_TEXT, AT(agent), 0},
    {"destination", RECORD_TEXT, AT(destination), 0},
    {"address", RECORD_TEXT, AT(address), 0},
    {"end_to_end", RECORD_TEXT, AT(end_to_end), 0},
    {"in_bytes", RECORD_BYTES, AT(in), 0},
    {"out_bytes", RECORD_BYTES, AT(out), 0},
    {"wait_ms", RECORD_SPAN, AT(accepted_us), AT(dispatched_us)},
    {"dial_ms", RECORD_SPAN, AT(dispatched_us), AT(opened_us)},
    {"first_byte_ms", RECORD_SPAN, AT(accepted_us), AT(first_byte_us)},
    {"duration_ms", RECORD_SPAN, AT(accepted_us), AT(ended_us)},
    {"reason", RECORD_REASON, AT(reason), 0},
    {"by", RECORD_TEXT, AT(by), 0},
    {"detail", RECORD_TEXT, AT(detail), 0},
    {"attempts", RECORD_COUNT, AT(attempts), 0},
    {"left_out", RECORD_COUNT, AT(left_out), 0},
};
_Static_assert(sizeof record_fields / sizeof *record_fields == RECORD_FIELDS, "the number of fields");
_Static_assert(sizeof(enum relay_reason) == sizeof(unsigned), "a reason is read as such");

/* ---- one field ---- */

static const void *member(const struct record *record, size_t at) {
    return (const char *)record + at;
}

static struct log_field read_text(const char *name, const char *text) {
    return text && *text ? LOG_TEXT(name, text) : LOG_NULL(name);
}

/* The time between two moments, if both happened. */
static struct log_field read_span(const char *name, uint64_t from_us, uint64_t to_us) {
    return from_us == 0 || to_us < from_us ? LOG_NULL(name) : LOG_MS(name, to_us - from_us);
}

static struct log_field read_field(const struct record_field *field, const struct record *record) {
    const void *value = member(record, field->at);
    switch (field->type) {
    case RECORD_TEXT:
        return read_text(field->name, *(const char *const *)value);
    case RECORD_BYTES:
        return LOG_NUMBER(field->name, *(const uint64_t *)value);
    case RECORD_COUNT:
        return LOG_NUMBER(field->name, *(const unsigned *)value);
    case RECORD_SPAN:
        return read_span(field->name, *(const uint64_t *)value, *(const uint64_t *)member(record, field->to));
    case RECORD_REASON:
        return LOG_TEXT(field->name, reason_text(*(const enum relay_reason *)value));
    }
    return LOG_NULL(field->name);
}

/* ---- the line ---- */

/* A refusal by the agent's rules is worth a warning only on the server, whose client was not served. */
static bool is_denial(const struct record *record) {
    return record->reason == REASON_DENIED && record->agent && *record->agent && record->opened_us == 0;
}

static enum log_level level_of(const struct record *record) {
    enum relay_reason reason = record->reason;
    bool is_trouble = is_denial(record) || reason == REASON_NO_AGENT || reason == REASON_REFUSED ||
                      reason == REASON_TIMEOUT || reason == REASON_PROTOCOL || reason == REASON_MEMORY;
    return is_trouble ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
}

/* A session of datagrams has no other end than that nothing comes any more. */
static bool is_done(const struct record *record) {
    return record->reason == REASON_DONE || (record->is_udp && record->reason == REASON_IDLE_TIMEOUT);
}

void record_log(struct log *log, const struct record *record) {
    enum log_level level = level_of(record);
    char who[PROTO_RELAY_ID_MAX + 16];
    struct log_field fields[RECORD_FIELDS + 1];
    if (!log_enabled(log, level))
        return;
    struct strbuf name = strbuf_begin(who, sizeof who);
    strbuf_add(&name, "relay ");
    strbuf_add(&name, record->id);
    for (size_t i = 0; i < RECORD_FIELDS; i++)
        fields[i] = read_field(&record_fields[i], record);
    fields[RECORD_FIELDS] = LOG_END;
    log_event(log, level, who, is_done(record) ? "done" : "cut", fields);
}

void record_make_id(char id[PROTO_RELAY_ID_MAX + 1], const char *instance, uint64_t number) {
    struct strbuf text = strbuf_begin(id, PROTO_RELAY_ID_MAX + 1);
    strbuf_add_part(&text, instance, PROTO_SERVER_DIGITS);
    strbuf_add(&text, "-");
    strbuf_add_number(&text, number);
}

char *record_client_text(const struct client *client, char text[RECORD_CLIENT]) {
    if (client->is_check)
        strbuf_copy(text, RECORD_CLIENT, RECORD_CHECK);
    else if (addr_is_unix(&client->peer))
        strbuf_copy(text, RECORD_CLIENT, "unix:");
    else
        addr_format(&client->peer, text, RECORD_CLIENT);
    return text;
}

const char *record_address(const struct client *client) {
    return *client->address ? client->address : client->terms->destination;
}

struct record record_of_client(const struct client *client, const char *id) {
    return (struct record){.id = id,
                           .service = client->terms->service,
                           .visitor = client->visitor ? client->visitor->agent : NULL,
                           .agent = client->agent,
                           .destination = client->terms->destination,
                           .address = client->opened_us ? record_address(client) : "",
                           .in = client->bytes_up,
                           .out = client->bytes_down,
                           .accepted_us = client->accepted_us,
                           .dispatched_us = client->dispatched_us ? client->dispatched_us : client->ended_us,
                           .opened_us = client->opened_us,
                           .first_byte_us = client->first_byte_us,
                           .ended_us = client->ended_us,
                           .reason = client->reason,
                           .is_udp = client->is_udp,
                           .attempts = client->attempts,
                           .by = client->by,
                           .detail = client->detail};
}

void record_log_client(struct log *log, const char *instance, const struct client *client, struct log_limit *unopened) {
    char id[PROTO_RELAY_ID_MAX + 1], from[RECORD_CLIENT];
    unsigned left_out = 0;
    if (client->is_udp && client->opened_us == 0 && !log_limit_allows(unopened, RECORD_UNOPENED_A_MINUTE, &left_out))
        return;
    record_make_id(id, instance, client->number);
    struct record record = record_of_client(client, id);
    record.client = record_client_text(client, from);
    record.left_out = left_out;
    record_log(log, &record);
}
