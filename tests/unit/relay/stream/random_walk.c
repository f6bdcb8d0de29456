/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * random_walk: see random_walk.h.
 */
#include "config.h"

#include "random_walk.h"

#include <stdio.h>

enum { PIECE = 3000 };

unsigned chance(struct walk *walk, unsigned of) {
    walk->seed = walk->seed * 1103515245u + 12345u;
    return (walk->seed >> 16) % of;
}

struct walk_relay *walk_some(struct walk *walk) {
    if (walk->count == 0)
        return NULL;
    unsigned recent = walk->count < 3 ? (unsigned)walk->count : 3;
    return &walk->relays[walk->count - 1 - (int)chance(walk, recent)];
}

static int index_of(const struct walk *walk, const struct walk_relay *relay) {
    return (int)(relay - walk->relays);
}

/* ---- bytes ---- */

/* The byte at a place of a stream is a function of relay, direction and place. */
static uint8_t byte_at(int number, bool up, size_t place) {
    return (uint8_t)(place * 31 + (place >> 8) * 7 + (size_t)number * 131 + (up ? 17 : 0));
}

static void send_some(evutil_socket_t end, int number, bool up, size_t *sent, size_t count) {
    uint8_t bytes[PIECE];
    while (count > 0) {
        size_t part = count < PIECE ? count : PIECE;
        for (size_t i = 0; i < part; i++)
            bytes[i] = byte_at(number, up, *sent + i);
        memory_send(end, bytes, part);
        *sent += part;
        count -= part;
    }
}

static void receive_all(evutil_socket_t end, int number, bool up, size_t *got, size_t sent) {
    uint8_t bytes[PIECE];
    size_t n, wrong = 0; /* an assertion for each byte would be most of the walk's time */
    while ((n = memory_receive(end, bytes, sizeof bytes)) > 0) {
        for (size_t i = 0; i < n; i++)
            wrong += bytes[i] != byte_at(number, up, *got + i);
        *got += n;
    }
    if (wrong > 0 || *got > sent)
        ck_abort_msg("relay %d: %zu bytes that are not its own", number, wrong);
}

uint8_t walk_client_byte(const struct walk *walk, const struct walk_relay *relay, size_t place) {
    return byte_at(index_of(walk, relay), true, place);
}

/* ---- what they do ---- */

void walk_client_speaks(struct walk *walk, struct walk_relay *relay, size_t count) {
    send_some(relay->client.end, index_of(walk, relay), true, &relay->client_sent, count);
}

void walk_client_acts(struct walk *walk, struct walk_relay *relay) {
    if (relay->client.end < 0 || relay->client_gone)
        return;
    unsigned what = chance(walk, 12);
    if (what == 0) {
        memory_reset(relay->client.end);
        relay->client_gone = true;
    } else if (what <= 2 && !relay->client_ended) {
        memory_finish(relay->client.end);
        relay->client_ended = true;
    } else if (!relay->client_ended && relay->client_sent < walk->most) {
        walk_client_speaks(walk, relay, 1 + chance(walk, (unsigned)walk->most / 4));
    }
}

void walk_far_acts(struct walk *walk, struct walk_relay *relay) {
    if (relay->client.far < 0 || relay->far_gone)
        return;
    unsigned what = chance(walk, 12);
    if (what == 0) {
        memory_reset(relay->client.far);
        relay->far_gone = true;
    } else if (what <= 2 && !relay->far_ended) {
        memory_finish(relay->client.far);
        relay->far_ended = true;
    } else if (!relay->far_ended && relay->far_sent < walk->most) {
        size_t count = 1 + chance(walk, (unsigned)walk->most / 4);
        send_some(relay->client.far, index_of(walk, relay), false, &relay->far_sent, count);
    }
}

void walk_end(struct walk_relay *relay) {
    if (!relay->client_gone && !relay->client_ended) {
        memory_finish(relay->client.end);
        relay->client_ended = true;
    }
    if (relay->client.far >= 0 && !relay->far_gone && !relay->far_ended) {
        memory_finish(relay->client.far);
        relay->far_ended = true;
    }
}

/* ---- what they see ---- */

void walk_check(struct walk *walk, struct walk_relay *relay) {
    int number = index_of(walk, relay);
    if (relay->client.end >= 0 && !relay->client_gone) {
        receive_all(relay->client.end, number, false, &relay->client_got, relay->far_sent);
        if (memory_got_end(relay->client.end) && !memory_got_reset(relay->client.end))
            ck_assert_msg(relay->far_ended && relay->client_got == relay->far_sent,
                          "relay %d: the client saw a clean end after %zu of %zu bytes", number, relay->client_got,
                          relay->far_sent);
    }
    if (relay->client.far >= 0 && !relay->far_gone) {
        receive_all(relay->client.far, number, true, &relay->far_got, relay->client_sent);
        if (memory_got_end(relay->client.far) && !memory_got_reset(relay->client.far))
            ck_assert_msg(relay->client_ended && relay->far_got == relay->client_sent,
                          "relay %d: the destination saw a clean end after %zu of %zu bytes", number, relay->far_got,
                          relay->client_sent);
    }
}

void walk_print(const struct walk *walk, const struct walk_relay *relay) {
    printf("# relay %d: back %u, client %lld%s%s sent %zu got %zu, far %lld%s%s sent %zu got %zu\n",
           index_of(walk, relay), relay->client.back, (long long)relay->client.end, relay->client_ended ? " ended" : "",
           relay->client_gone ? " gone" : "", relay->client_sent, relay->client_got, (long long)relay->client.far,
           relay->far_ended ? " ended" : "", relay->far_gone ? " gone" : "", relay->far_sent, relay->far_got);
}

void walk_close(struct walk_relay *relay) {
    if (!relay->client_gone)
        memory_close(relay->client.end);
    if (relay->client.far >= 0 && !relay->far_gone)
        memory_close(relay->client.far);
}
