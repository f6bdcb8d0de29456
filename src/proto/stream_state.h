/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stream_state: the rules by which a data link carries one relay after another, and nothing else.
 *
 * A small value that takes frames and answers what they mean; it sends nothing and owns nothing, so that a test can try
 * it in every order of events (tests/unit/proto/test_stream_state.c).
 * Runs on: the link's thread.
 * States: free -> busy -> (waiting for IDLE n) -> free. See docs/protocol.md.
 */
#ifndef MUNNEL_PROTO_STREAM_STATE_H
#define MUNNEL_PROTO_STREAM_STATE_H

#include "proto/frame.h"

enum { STREAM_STATE_SMALL = 65536 }; /* up to here a relay that ended in FIN and FIN frees its link without IDLE */

enum stream_role { STREAM_STATE_SERVER, STREAM_STATE_AGENT };

struct stream_state {
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

enum stream_verdict {
    STREAM_STATE_ACT,      /* the frame is for the relay (or, busy false now, it has just freed the link) */
    STREAM_STATE_ACT_IDLE, /* agent: the relay, if one is still there, is over by the server's RESET; answer IDLE n */
    STREAM_STATE_IGNORE,   /* of an older relay, or thrown away by the rules */
    STREAM_STATE_VIOLATION /* close the link */
};

void stream_state_init(struct stream_state *state, enum stream_role role);

/* A relay's frame came (OPEN ... IDLE; not PING, PONG). `number`: its stream, not 0; `length` counts for DATA. */
enum stream_verdict stream_state_take(struct stream_state *state, enum frame_type type, uint32_t number, size_t length);

/* May this be sent now? A relay asks where its own state does not already say so; stream_state_sent asserts it. */
bool stream_state_may_send(const struct stream_state *state, enum frame_type type);

/* A frame goes out; OPEN begins a new relay (state->number is its number then). */
void stream_state_sent(struct stream_state *state, enum frame_type type, size_t length);

#endif
