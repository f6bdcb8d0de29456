/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * channel: the rules by which a data link carries one relay after another, and nothing else.
 *
 * A small value that takes frames and answers what they mean; it sends nothing and owns nothing, so that a test can try
 * it in every order of events (tests/unit/relay/test_channel.c).
 * Runs on: the link's thread.
 * States: free -> busy -> (waiting for IDLE n) -> free. See HACKING, "The wire".
 */
#ifndef MUNNEL_RELAY_CHANNEL_H
#define MUNNEL_RELAY_CHANNEL_H

#include "proto/frame.h"

enum { CHANNEL_SMALL = 65536 }; /* up to here a relay that ended in FIN and FIN frees its link without a word */

enum channel_role { CHANNEL_SERVER, CHANNEL_AGENT };

struct channel {
    uint64_t to_agent; /* DATA bytes of this relay from server to agent; both ends count them */
    uint32_t number;   /* of the newest relay; 0: none yet */
    uint8_t role;
    bool busy;   /* a relay is on it, or its IDLE has still to come (server) or to go (agent) */
    bool opened; /* OPENED went or came */
    bool sent_fin, got_fin;
    bool sent_reset; /* server: throw away what comes until IDLE n */
    bool got_end;    /* server: REFUSED n or RESET n came; IDLE n follows */
    bool sent_idle;  /* agent: throw away what comes until the next OPEN */
};

enum channel_verdict {
    CHANNEL_ACT,      /* the frame is for the relay (or, busy false now, it has just freed the link) */
    CHANNEL_ACT_IDLE, /* agent: the relay, if one is still there, is over by the server's RESET; answer IDLE n */
    CHANNEL_IGNORE,   /* of an older relay, or thrown away by the rules */
    CHANNEL_VIOLATION /* close the link */
};

void channel_init(struct channel *channel, enum channel_role role);

/* A relay's frame came (OPEN ... IDLE; not PING, PONG). `number` for numbered ones; `length` counts for DATA. */
enum channel_verdict channel_take(struct channel *channel, enum frame_type type, uint32_t number, size_t length);

/* May this be sent now? A relay asks where its own state does not already say so; channel_sent asserts it. */
bool channel_may_send(const struct channel *channel, enum frame_type type);

/* A frame goes out; OPEN begins a new relay (channel->number is its number then). */
void channel_sent(struct channel *channel, enum frame_type type, size_t length);

#endif
