/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * record: see record.h. The line itself is the data plane's, so that all records look alike.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/record.h"

#include "relay/record.h"

#include <stdio.h>

static const char *by(const struct client *client) {
    return client->attempts && client->reason != REASON_STOPPED ? "agent" : "server";
}

void record_write_failed(struct log *log, const char *instance, const struct client *client) {
    struct record record = {.up = client->bytes_up,
                            .down = client->bytes_down,
                            .accepted_us = client->accepted_us,
                            .dispatched_us = client->dispatched_us ? client->dispatched_us : client->ended_us,
                            .reason = client->reason,
                            .attempts = client->attempts,
                            .by = by(client),
                            .words = client->words};

    record_make_id(record.id, instance, client->number);
    snprintf(record.service, sizeof record.service, "%s", client->terms->service);
    addr_format(&client->peer, record.client, sizeof record.client);
    snprintf(record.agent, sizeof record.agent, "%s", client->agent);
    snprintf(record.destination, sizeof record.destination, "%s", client->terms->destination);
    snprintf(record.address, sizeof record.address, "%s", client->address);
    record_log(log, &record, client->ended_us);
}
