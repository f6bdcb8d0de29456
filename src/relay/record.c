/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * record: see record.h.
 */
#include "config.h"

#include "relay/record.h"

#include <inttypes.h>
#include <stdio.h>

/* Microseconds between two moments as milliseconds with three decimals; "-" when one of them never was. */
static const char *span(char text[24], uint64_t from_us, uint64_t to_us) {
    if (from_us == 0 || to_us < from_us)
        return "-";
    uint64_t us = to_us - from_us;
    snprintf(text, 24, "%" PRIu64 ".%03u", us / 1000, (unsigned)(us % 1000));
    return text;
}

static enum log_level level_of(enum relay_reason reason) {
    bool is_trouble = reason == REASON_NO_AGENT || reason == REASON_REFUSED || reason == REASON_TIMEOUT ||
                      reason == REASON_PROTOCOL || reason == REASON_MEMORY;
    return is_trouble ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
}

void record_log(struct log *log, const struct record *record, uint64_t now_us) {
    enum log_level level = level_of(record->reason);
    char who[MESSAGE_RELAY_ID + 16], waited[24], dialled[24], first[24], total[24];
    if (!log_enabled(log, level))
        return;
    snprintf(who, sizeof who, "relay %s", record->id);
    log_event(log, level, who, record->reason == REASON_DONE ? "done" : "cut",
              LOG_FIELDS(LOG_TEXT("service", record->service), LOG_TEXT("client", record->client),
                         LOG_TEXT("agent", record->agent), LOG_TEXT("destination", record->destination),
                         LOG_TEXT("address", record->address), LOG_NUMBER("up", record->up),
                         LOG_NUMBER("down", record->down),
                         LOG_TEXT("waited_ms", span(waited, record->accepted_us, record->dispatched_us)),
                         LOG_TEXT("dialled_ms", span(dialled, record->dispatched_us, record->opened_us)),
                         LOG_TEXT("first_byte_ms", span(first, record->accepted_us, record->first_byte_us)),
                         LOG_TEXT("total_ms", span(total, record->accepted_us, now_us)),
                         LOG_TEXT("reason", reason_text(record->reason)), LOG_TEXT("by", record->by ? record->by : "-"),
                         LOG_TEXT("words", record->words ? record->words : "")));
}

void record_make_id(char id[MESSAGE_RELAY_ID + 1], const char *instance, uint64_t number) {
    snprintf(id, MESSAGE_RELAY_ID + 1, "%.8s-%" PRIu64, instance, number);
}
