/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * record: see record.h.
 */
#include "config.h"

#include "relay/record.h"

#include <inttypes.h>
#include <stdio.h>

/* The time between two moments; "-" when one of them never was. */
static struct log_field span(const char *name, uint64_t from_us, uint64_t to_us) {
    return from_us == 0 || to_us < from_us ? LOG_TEXT(name, "-") : LOG_MS(name, to_us - from_us);
}

static enum log_level level_of(enum relay_reason reason) {
    bool is_trouble = reason == REASON_NO_AGENT || reason == REASON_REFUSED || reason == REASON_TIMEOUT ||
                      reason == REASON_PROTOCOL || reason == REASON_MEMORY;
    return is_trouble ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
}

void record_log(struct log *log, const struct record *record, uint64_t now_us) {
    enum log_level level = level_of(record->reason);
    char who[MESSAGE_RELAY_ID + 16];
    if (!log_enabled(log, level))
        return;
    snprintf(who, sizeof who, "relay %s", record->id);
    log_event(log, level, who, record->reason == REASON_DONE ? "done" : "cut",
              LOG_FIELDS(LOG_TEXT("service", record->service), LOG_TEXT("client", record->client),
                         LOG_TEXT("agent", record->agent), LOG_TEXT("destination", record->destination),
                         LOG_TEXT("address", record->address), LOG_NUMBER("up", record->up),
                         LOG_NUMBER("down", record->down),
                         span("waited_ms", record->accepted_us, record->dispatched_us),
                         span("dialled_ms", record->dispatched_us, record->opened_us),
                         span("first_byte_ms", record->accepted_us, record->first_byte_us),
                         span("total_ms", record->accepted_us, now_us), LOG_TEXT("reason", reason_text(record->reason)),
                         LOG_TEXT("by", record->by ? record->by : "-"),
                         LOG_TEXT("words", record->words ? record->words : ""),
                         record->attempts ? LOG_NUMBER("attempts", record->attempts) : LOG_END));
}

void record_make_id(char id[MESSAGE_RELAY_ID + 1], const char *instance, uint64_t number) {
    snprintf(id, MESSAGE_RELAY_ID + 1, "%.8s-%" PRIu64, instance, number);
}
