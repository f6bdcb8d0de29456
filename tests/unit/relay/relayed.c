/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relayed: see relayed.h.
 */
#include "config.h"

#include "relayed.h"

#include <stdio.h>
#include <string.h>

enum { PIECE = 4096, FIRST_PORT = 1000, SOON_MS = 10000 };

static struct relayed all[RELAYED_MAX];
static int count;

static uint8_t byte_at(const struct relayed *relayed, int direction, size_t position) {
    uint64_t place = position + (uint64_t)(relayed - all) * 7919 + (direction == RELAYED_UP ? 0 : 104729);
    return (uint8_t)(place * 0x9e3779b97f4a7c15u >> 40);
}

/* ---- clients ---- */

struct relayed *relayed_serve(struct two_planes *planes, const struct service_terms_plan *plan) {
    char destination[32];
    ck_assert_int_lt(count, RELAYED_MAX);
    struct relayed *relayed = &all[count];
    *relayed = (struct relayed){.ends = {-1, -1}};
    snprintf(destination, sizeof destination, "127.0.0.1:%d", FIRST_PORT + count);
    relayed->client = two_planes_client(plan, destination, &relayed->ends[0]);
    relayed->client->number = (uint64_t)count++;
    relayed->client->is_check = planes->is_check;
    plane_serve(planes->server, planes->role.server_thread, relayed->client);
    return relayed;
}

void relayed_open_many(struct two_planes *planes, struct relayed **relayed, int many) {
    static const struct service_terms_plan plan = {.half_close_timeout_s = 1000};
    memory_connect_will(MEMORY_AT_ONCE);
    for (int i = 0; i < many; i++)
        relayed[i] = relayed_serve(planes, &plan);
    relayed_carry(planes);
    for (int i = 0; i < many; i++)
        ck_assert_int_ge(relayed[i]->ends[1], 0);
}

struct relayed *relayed_open(struct two_planes *planes) {
    struct relayed *relayed;
    relayed_open_many(planes, &relayed, 1);
    return relayed;
}

void relayed_on_client_back(void *world, struct client *client) {
    struct relayed *relayed = &all[client->number];
    (void)world;
    ck_assert_ptr_eq(relayed->client, client);
    relayed->client = NULL;
    relayed->outcome = client->outcome;
    relayed->reason = client->reason;
    snprintf(relayed->detail, sizeof relayed->detail, "%s", client->detail);
    two_planes_free_client(client);
}

/* ---- bytes ---- */

void relayed_send(struct relayed *relayed, int direction, size_t length) {
    uint8_t bytes[PIECE];
    while (length > 0) {
        size_t part = length < sizeof bytes ? length : sizeof bytes;
        for (size_t i = 0; i < part; i++)
            bytes[i] = byte_at(relayed, direction, relayed->sent[direction]++);
        memory_send(relayed->ends[direction], bytes, part);
        length -= part;
    }
}

void relayed_end(struct relayed *relayed, int direction) {
    if (!relayed->has_ended[direction] && relayed->ends[direction] >= 0)
        memory_finish(relayed->ends[direction]);
    relayed->has_ended[direction] = true;
}

void relayed_finish(struct relayed *relayed) {
    relayed_end(relayed, RELAYED_UP);
    relayed_end(relayed, RELAYED_DOWN);
}

void relayed_reset(struct relayed *relayed, int direction) {
    memory_close(relayed->ends[direction]);
    relayed->ends[direction] = -1;
    relayed->has_ended[direction] = true;
    relayed->is_cut = true;
}

static void receive(struct relayed *relayed, int direction) {
    uint8_t bytes[PIECE];
    size_t length, wrong = 0;
    evutil_socket_t end = relayed->ends[1 - direction];
    while ((length = memory_receive(end, bytes, sizeof bytes)) > 0) {
        for (size_t i = 0; i < length; i++)
            wrong += bytes[i] != byte_at(relayed, direction, relayed->got[direction]++);
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_le(relayed->got[direction], relayed->sent[direction]);
    if (memory_got_end(end) && !memory_got_reset(end))
        ck_assert(relayed->has_ended[direction] && relayed->got[direction] == relayed->sent[direction]);
}

void relayed_take_dials(void) {
    unsigned port;
    for (evutil_socket_t far; (far = memory_accepted(&port)) >= 0;)
        all[port - FIRST_PORT].ends[1] = far;
}

void relayed_carry_plain(struct relayed *relayed, size_t most) {
    for (int i = 0; i < 2; i++) {
        memory_carry(memory_peer(relayed->ends[i]), most);
        memory_carry(relayed->ends[i], most);
        receive(relayed, 1 - i);
    }
}

void relayed_carry(struct two_planes *planes) {
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < 2; k++)
            memory_carry(memory_peer(all[i].ends[k]), MUCH);
    }
    two_planes_settle(planes);
    two_planes_carry_all(planes);
    relayed_take_dials();
    for (int i = 0; i < count; i++)
        relayed_carry_plain(&all[i], MUCH);
    two_planes_settle(planes);
}

struct condition {
    struct two_planes *planes;
    unit_condition holds;
    void *context;
};

static bool holds_when_carried(void *context) {
    const struct condition *condition = context;
    relayed_carry(condition->planes);
    return condition->holds(condition->context);
}

bool relayed_carry_until(struct two_planes *planes, unit_condition condition, void *context) {
    struct condition carried = {planes, condition, context};
    return unit_run_until(loop_base(planes->loop), holds_when_carried, &carried, SOON_MS);
}

/* ---- how it ended ---- */

bool relayed_is_back(void *relayed) {
    return !((struct relayed *)relayed)->client;
}

bool relayed_has_all(void *relayed) {
    const struct relayed *one = relayed;
    return one->got[0] == one->sent[0] && one->got[1] == one->sent[1];
}

void relayed_assert_whole(struct two_planes *planes, struct relayed *relayed) {
    relayed_finish(relayed);
    ck_assert_msg(relayed_carry_until(planes, relayed_is_back, relayed), "%zu of %zu bytes up, %zu of %zu down",
                  relayed->got[0], relayed->sent[0], relayed->got[1], relayed->sent[1]);
    ck_assert_int_eq(relayed->outcome, CLIENT_ENDED);
    ck_assert_msg(relayed->reason == REASON_DONE, "%s", reason_text(relayed->reason));
    ck_assert(relayed_has_all(relayed));
    for (int i = 0; i < 2; i++)
        ck_assert(memory_got_end(relayed->ends[i]) && !memory_got_reset(relayed->ends[i]));
}

void relayed_assert_reset(const struct relayed *relayed) {
    for (int i = 0; i < 2; i++)
        ck_assert_msg(memory_got_reset(relayed->ends[i]), "%s saw no reset", i ? "the destination" : "the client");
}

void relayed_close_all(void) {
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < 2; k++)
            memory_close(all[i].ends[k]);
    }
    count = 0;
}
