/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * record: see record.h.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/record.h"

#include <inttypes.h>
#include <stdio.h>

/* Microseconds between two moments as milliseconds with three decimals; "-" when one of them never was. */
static const char *span(char text[24], uint64_t from_us, uint64_t to_us) {
    if (!from_us || to_us < from_us)
        return "-";
    uint64_t us = to_us - from_us;
    snprintf(text, 24, "%" PRIu64 ".%03u", us / 1000, (unsigned)(us % 1000));
    return text;
}

static const char *by(const struct client *client) {
    if (client->reason == REASON_STOPPED)
        return "server";
    return client->attempts ? "agent" : "server";
}

/* The fields and their order are those of the data plane's records. */
void record_write_failed(struct log *log, const char *instance, const struct client *client) {
    char who[MESSAGE_RELAY_ID + 16], peer[ADDR_TEXT], waited[24], total[24];
    uint64_t served_us = client->dispatched_us ? client->dispatched_us : client->ended_us;

    snprintf(who, sizeof who, "relay %.8s-%" PRIu64, instance, client->number);
    log_event(log, LOG_LEVEL_WARNING, who, "cut",
              LOG_FIELDS(LOG_TEXT("service", client->terms->service),
                         LOG_TEXT("client", addr_format(&client->peer, peer, sizeof peer)),
                         LOG_TEXT("agent", client->agent), LOG_TEXT("destination", client->terms->destination),
                         LOG_TEXT("address", client->address), LOG_NUMBER("up", client->bytes_up),
                         LOG_NUMBER("down", client->bytes_down),
                         LOG_TEXT("waited_ms", span(waited, client->accepted_us, served_us)),
                         LOG_TEXT("dialled_ms", "-"), LOG_TEXT("first_byte_ms", "-"),
                         LOG_TEXT("total_ms", span(total, client->accepted_us, client->ended_us)),
                         LOG_TEXT("reason", reason_text(client->reason)), LOG_TEXT("by", by(client)),
                         LOG_TEXT("words", client->words), LOG_NUMBER("attempts", client->attempts)));
}
