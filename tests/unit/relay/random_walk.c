/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * random_walk: see random_walk.h.
 */
#include "config.h"

#include "random_walk.h"

#include <stdio.h>

enum { PIECE = 3000 };

unsigned chance(struct world *world, unsigned of) {
    world->seed = world->seed * 1103515245u + 12345u;
    return (world->seed >> 16) % of;
}

struct pair *pair_some(struct world *world) {
    if (world->pair_count == 0)
        return NULL;
    unsigned recent = world->pair_count < 3 ? (unsigned)world->pair_count : 3;
    return &world->pairs[world->pair_count - 1 - (int)chance(world, recent)];
}

static int index_of(const struct world *world, const struct pair *pair) {
    return (int)(pair - world->pairs);
}

/* ---- bytes ---- */

/* The byte at a place of a stream is a function of relay, direction and place. */
static uint8_t byte_at(int relay, bool up, size_t place) {
    return (uint8_t)(place * 31 + (place >> 8) * 7 + (size_t)relay * 131 + (up ? 17 : 0));
}

static void send_some(int end, int relay, bool up, size_t *sent, size_t count) {
    uint8_t bytes[PIECE];
    while (count > 0) {
        size_t part = count < PIECE ? count : PIECE;
        for (size_t i = 0; i < part; i++)
            bytes[i] = byte_at(relay, up, *sent + i);
        memory_send(end, bytes, part);
        *sent += part;
        count -= part;
    }
}

static void receive_all(int end, int relay, bool up, size_t *got, size_t sent) {
    uint8_t bytes[PIECE];
    size_t n;
    while ((n = memory_receive(end, bytes, sizeof bytes)) > 0) {
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(bytes[i] == byte_at(relay, up, *got + i), "relay %d: a byte that is not its own", relay);
        *got += n;
        ck_assert_uint_le(*got, sent);
    }
}

/* ---- what they do ---- */

void pair_client_speaks(struct world *world, struct pair *pair, size_t count) {
    send_some(pair->client, index_of(world, pair), true, &pair->client_sent, count);
}

void pair_client_acts(struct world *world, struct pair *pair) {
    if (pair->client < 0 || pair->client_gone)
        return;
    unsigned what = chance(world, 12);
    if (what == 0) {
        memory_reset(pair->client);
        pair->client_gone = true;
    } else if (what <= 2 && !pair->client_ended) {
        memory_finish(pair->client);
        pair->client_ended = true;
    } else if (!pair->client_ended && pair->client_sent < world->most) {
        pair_client_speaks(world, pair, 1 + chance(world, (unsigned)world->most / 4));
    }
}

void pair_far_acts(struct world *world, struct pair *pair) {
    if (pair->far < 0 || pair->far_gone)
        return;
    unsigned what = chance(world, 12);
    if (what == 0) {
        memory_reset(pair->far);
        pair->far_gone = true;
    } else if (what <= 2 && !pair->far_ended) {
        memory_finish(pair->far);
        pair->far_ended = true;
    } else if (!pair->far_ended && pair->far_sent < world->most) {
        size_t count = 1 + chance(world, (unsigned)world->most / 4);
        send_some(pair->far, index_of(world, pair), false, &pair->far_sent, count);
    }
}

void pair_end(struct pair *pair) {
    if (!pair->client_gone && !pair->client_ended) {
        memory_finish(pair->client);
        pair->client_ended = true;
    }
    if (pair->far >= 0 && !pair->far_gone && !pair->far_ended) {
        memory_finish(pair->far);
        pair->far_ended = true;
    }
}

/* ---- what they see ---- */

void pair_check(struct world *world, struct pair *pair) {
    int relay = index_of(world, pair);
    if (pair->client >= 0 && !pair->client_gone) {
        receive_all(pair->client, relay, false, &pair->client_got, pair->far_sent);
        if (memory_got_end(pair->client) && !memory_got_reset(pair->client))
            ck_assert_msg(pair->far_ended && pair->client_got == pair->far_sent,
                          "relay %d: the client saw a clean end after %zu of %zu bytes", relay, pair->client_got,
                          pair->far_sent);
    }
    if (pair->far >= 0 && !pair->far_gone) {
        receive_all(pair->far, relay, true, &pair->far_got, pair->client_sent);
        if (memory_got_end(pair->far) && !memory_got_reset(pair->far))
            ck_assert_msg(pair->client_ended && pair->far_got == pair->client_sent,
                          "relay %d: the destination saw a clean end after %zu of %zu bytes", relay, pair->far_got,
                          pair->client_sent);
    }
}

void pair_print(const struct world *world, const struct pair *pair) {
    printf("# relay %d: back %d, client %d%s%s sent %zu got %zu, far %d%s%s sent %zu got %zu\n", index_of(world, pair),
           pair->back, pair->client, pair->client_ended ? " ended" : "", pair->client_gone ? " gone" : "",
           pair->client_sent, pair->client_got, pair->far, pair->far_ended ? " ended" : "",
           pair->far_gone ? " gone" : "", pair->far_sent, pair->far_got);
}

void pair_close(struct pair *pair) {
    if (!pair->client_gone)
        memory_close(pair->client);
    if (pair->far >= 0 && !pair->far_gone)
        memory_close(pair->far);
}
