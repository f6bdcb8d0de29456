/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_sender: see ban_sender.h.
 */
#include "config.h"

#include "agent/upstream/ban_sender.h"

#include "agent/upstream/ban_list.h"
#include "agent/upstream/services.h"
#include "lib/base/clock.h"
#include "proto/ban_changes.h"

#include <stdlib.h>
#include <string.h>

struct due { /* gathered for one message */
    const struct served_service *services[BANS_SERVICES_MOST];
    const struct ban_entry *entries[BAN_LIST_MOST]; /* the newest first */
    size_t service_count, entry_count;
};

void ban_sender_restart(struct ban_sender *sender) {
    *sender = (struct ban_sender){.sent_ms = sender->sent_ms};
}

/* ---- gathering ---- */

static bool gather(struct due *due, const struct services *services) {
    const struct ban_entry *entry = ban_list_newest(services->bans);

    due->service_count = due->entry_count = 0;
    for (size_t i = 0; i < services->table->count && due->service_count < BANS_SERVICES_MOST; i++)
        if (services->table->services[i]->takes_bans)
            due->services[due->service_count++] = services->table->services[i];
    for (; entry && entry->serial > services->sender.serial; entry = ban_list_older(entry))
        due->entries[due->entry_count++] = entry;
    return due->entry_count;
}

/* ---- writing ---- */

static unsigned seconds_left(const struct ban_entry *entry, uint64_t now_us) {
    if (entry->is_lifted || entry->until_us <= now_us)
        return 0;
    return (unsigned)((entry->until_us - now_us + 999999) / 1000000);
}

/* For each service that it is of. False: the message is full. */
static bool put_entry(struct ban_sender *sender, const struct due *due, const struct ban_entry *entry,
                      struct ban_changes_writer *writer, uint64_t now_us) {
    uint32_t from = sender->partial_serial == entry->serial ? sender->partial_service : 0;

    for (size_t i = 0; i < due->service_count; i++) {
        const struct served_service *service = due->services[i];
        if (service->id <= from || (entry->service && strcmp(entry->service, service->name) != 0))
            continue;
        const struct ban_change change = {service->id, entry->address, seconds_left(entry, now_us), entry->reason};
        if (!ban_changes_put(writer, &change))
            return false;
        sender->partial_serial = entry->serial;
        sender->partial_service = service->id;
    }
    sender->serial = entry->serial;
    return true;
}

/* The oldest first. NULL: there is nothing for this server, or no memory; then the sender is as it was. */
static char *write_due(struct ban_sender *sender, const struct due *due) {
    struct ban_sender before = *sender;
    struct ban_changes_writer writer;
    uint64_t now_us = clock_us();
    size_t left = due->entry_count;

    ban_changes_write(&writer);
    while (left > 0 && put_entry(sender, due, due->entries[left - 1], &writer, now_us))
        left--;
    bool is_empty = writer.count == 0 && !writer.fails;
    char *json = ban_changes_finish(&writer);
    if (!json)
        *sender = before;
    if (json && is_empty) {
        free(json);
        return NULL;
    }
    return json;
}

void ban_sender_send(struct services *services) {
    struct ban_sender *sender = &services->sender;
    uint64_t now_ms = clock_ms();

    if (!services->bans || !services->table || now_ms - sender->sent_ms < BANS_INTERVAL_MS)
        return;
    struct due *due = malloc(sizeof *due);
    char *json = due && gather(due, services) ? write_due(sender, due) : NULL;
    if (json) {
        plane_send_control(services->plane, services->link, json);
        sender->sent_ms = now_ms;
    }
    free(json);
    free(due);
}

/* ---- who may ---- */

bool ban_sender_may_ban(const struct services *services, const char *service, bool *is_known) {
    const struct service_table *table = services->table;
    size_t taking = 0;

    for (size_t i = 0; table && i < table->count; i++) {
        const struct served_service *served = table->services[i];
        bool is_it = !service || strcmp(served->name, service) == 0;
        *is_known |= is_it && service;
        taking += served->takes_bans;
        if (is_it && served->takes_bans && taking <= BANS_SERVICES_MOST)
            return true;
    }
    return false;
}
