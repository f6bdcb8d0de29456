/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * data_dials: see data_dials.h.
 */
#include "config.h"

#include "agent/upstream/data_dials.h"

#include "proto/hello.h"

#include <stdlib.h>
#include <string.h>

#define DATA_LINK_TAG ((uint64_t)1 << 63)

bool data_dials_made(uint64_t tag) {
    return (tag & DATA_LINK_TAG) != 0;
}

bool data_dials_have_room(const struct data_dials *dials, bool is_exclusive) {
    return dials->dials.count < DATA_DIALS_MAX && (!is_exclusive || dials->exclusive < DATA_DIALS_EXCLUSIVE_MAX);
}

struct data_dial *data_dials_find(const struct data_dials *dials, uint64_t tag) {
    return slot_table_find(&dials->dials, tag & ~DATA_LINK_TAG);
}

static char *format_hello(const struct data_target *target, const struct carrier_role *role) {
    return hello_format(&(struct hello){.kind = HELLO_KIND_DATA,
                                        .protocol = PROTO_VERSION,
                                        .name = target->name,
                                        .instance = target->instance,
                                        .session = target->id,
                                        .server_thread = role->server_thread,
                                        .is_exclusive = role->is_exclusive});
}

/* The tag of a new dial; 0: out of memory. */
static uint64_t add(struct data_dials *dials, const struct data_target *target, const struct carrier_role *role) {
    struct data_dial *dial = malloc(sizeof *dial);
    uint64_t tag = dial ? slot_table_new_tag(&dials->dials) : 0;

    if (!tag) {
        free(dial);
        return 0;
    }
    *dial = (struct data_dial){.role = *role, .who = target->who};
    slot_table_put(&dials->dials, tag, dial);
    dials->exclusive += role->is_exclusive;
    return tag | DATA_LINK_TAG;
}

bool data_dials_begin(struct data_dials *dials, const struct data_target *target, const struct carrier_role *role) {
    char *hello = format_hello(target, role);
    uint64_t tag = hello ? add(dials, target, role) : 0;
    struct dial_order order = {.address = target->address,
                               .proxy = target->proxy,
                               .server = target->server,
                               .server_name = target->server_name,
                               .hello = hello,
                               .has_key = true,
                               .proof_role = DIAL_PROOF_DATA,
                               .tag = tag,
                               .role = *role,
                               .resume_ms = target->resume_ms};

    if (tag) {
        order.tls = trust_context(target->trust, dials->log, target->who);
        memcpy(order.key, target->key, sizeof order.key);
        plane_dial(dials->plane, &order);
        secret_wipe(&order, sizeof order);
    }
    free(hello);
    return tag;
}

void data_dials_end(struct data_dials *dials, uint64_t tag) {
    struct data_dial *dial = data_dials_find(dials, tag);

    dials->exclusive -= dial->role.is_exclusive;
    slot_table_remove(&dials->dials, tag & ~DATA_LINK_TAG);
    free(dial);
}

void data_dials_done(struct data_dials *dials) {
    struct data_dial *dial;

    for (size_t slot = 0; (dial = slot_table_next(&dials->dials, &slot));)
        free(dial);
    slot_table_done(&dials->dials);
}
