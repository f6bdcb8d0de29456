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

enum {
    FIELDS_MOST = 17 /* of a line, with the end */
};

/* The time between two moments; "-" if one of them did not happen. */
static struct log_field span(const char *name, uint64_t from_us, uint64_t to_us) {
    return from_us == 0 || to_us < from_us ? LOG_TEXT(name, "-") : LOG_MS(name, to_us - from_us);
}

/* Appends a text unless it is empty. */
static size_t add_text(struct log_field *fields, size_t count, const char *name, const char *text) {
    if (text && *text)
        fields[count++] = LOG_TEXT(name, text);
    return count;
}

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

void record_log(struct log *log, const struct record *record, uint64_t now_us) {
    enum log_level level = level_of(record);
    char who[PROTO_RELAY_ID_MAX + 16];
    if (!log_enabled(log, level))
        return;
    struct strbuf name = strbuf_begin(who, sizeof who);
    strbuf_add(&name, "relay ");
    strbuf_add(&name, record->id);
    struct log_field fields[FIELDS_MOST] = {LOG_TEXT("service", record->service), LOG_TEXT("client", record->client)};
    size_t count = add_text(fields, 2, "agent", record->agent);
    fields[count++] = LOG_TEXT("destination", record->destination);
    fields[count++] = LOG_TEXT("address", record->address);
    fields[count++] = LOG_NUMBER("up", record->up);
    fields[count++] = LOG_NUMBER("down", record->down);
    fields[count++] = span("waited_ms", record->accepted_us, record->dispatched_us);
    fields[count++] = span("dialled_ms", record->dispatched_us, record->opened_us);
    fields[count++] = span("first_byte_ms", record->accepted_us, record->first_byte_us);
    fields[count++] = span("total_ms", record->accepted_us, now_us);
    fields[count++] = LOG_TEXT("reason", reason_text(record->reason));
    fields[count++] = LOG_TEXT("by", record->by ? record->by : "-");
    count = add_text(fields, count, "detail", record->detail);
    if (record->attempts)
        fields[count++] = LOG_NUMBER("attempts", record->attempts);
    if (record->left_out)
        fields[count++] = LOG_NUMBER("left_out", record->left_out);
    fields[count] = LOG_END;
    log_event(log, level, who, record->reason == REASON_DONE ? "done" : "cut", fields);
}

void record_make_id(char id[PROTO_RELAY_ID_MAX + 1], const char *instance, uint64_t number) {
    struct strbuf text = strbuf_begin(id, PROTO_RELAY_ID_MAX + 1);
    strbuf_add_part(&text, instance, PROTO_SERVER_DIGITS);
    strbuf_add(&text, "-");
    strbuf_add_number(&text, number);
}

char *record_client_text(const struct client *client, char text[RECORD_CLIENT]) {
    if (addr_is_unix(&client->peer))
        strbuf_copy(text, RECORD_CLIENT, "unix:");
    else
        addr_format(&client->peer, text, RECORD_CLIENT);
    return text;
}

const char *record_address(const struct client *client) {
    return *client->address ? client->address : client->terms->destination;
}

void record_log_client(struct log *log, const char *instance, const struct client *client, const char *by,
                       const char *detail) {
    char id[PROTO_RELAY_ID_MAX + 1], from[RECORD_CLIENT];
    struct record record = {.id = id,
                            .service = client->terms->service,
                            .client = record_client_text(client, from),
                            .agent = client->agent,
                            .destination = client->terms->destination,
                            .address = client->opened_us ? record_address(client) : "",
                            .up = client->bytes_up,
                            .down = client->bytes_down,
                            .accepted_us = client->accepted_us,
                            .dispatched_us = client->dispatched_us ? client->dispatched_us : client->ended_us,
                            .opened_us = client->opened_us,
                            .first_byte_us = client->first_byte_us,
                            .reason = client->reason,
                            .attempts = client->attempts,
                            .by = by,
                            .detail = detail};
    record_make_id(id, instance, client->number);
    record_log(log, &record, client->ended_us);
}
