/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_priv: the relay's insides, for relay.c (what is the same at both ends), relay_server.c and relay_agent.c.
 */
#ifndef MUNNEL_RELAY_STREAM_RELAY_PRIV_H
#define MUNNEL_RELAY_STREAM_RELAY_PRIV_H

#include "lib/net/sock.h"
#include "relay/link/link.h"
#include "relay/record.h"
#include "relay/stream/connect.h"
#include "relay/stream/loop_detect.h"
#include "relay/stream/relay.h"
#include "relay/stream/socket.h"
#include "relay/thread_priv.h"

/*
 * opening: OPEN is out (server), or the destination is being dialled (agent)
 * open: bytes flow
 * detached: both streams are complete and the link serves the next, or is gone; the plain side still takes what waits
 * over: the plain side is closed. An agent's relay keeps its record back until the server has the last bytes.
 */
enum relay_state { RELAY_OPENING, RELAY_OPEN, RELAY_DETACHED, RELAY_OVER, RELAY_STATE_COUNT };

enum {
    RELAY_EARLY_MAX = 65536,  /* sent before OPENED, and kept for another agent */
    RELAY_HELD_UP_TO = 16384, /* early bytes up to which OPENED may wait: a longer upload is waiting for it */
    RELAY_GRACE_MS = 2000,    /* the server waits longer than the budget that OPEN gave the agent */
    RELAY_AGENT_HALF_CLOSE_S = 300,
    RELAY_FLUSH_LEAST_S = 60,
    RELAY_STALLED_MS = 30000
};

struct relay { /* with more behind it, by the role of its program */
    struct stream_socket socket;
    struct relay *next, *previous, **list; /* of the thread; `next` also when it waits to be freed */
    struct relay_thread *thread;
    struct link *link;        /* NULL when detached or over */
    struct link_ref link_ref; /* of the link it had, and what that belonged to */
    uint64_t tag;
    uint8_t state;
    bool sent_fin, got_fin, is_kept_alive;
    bool holds_early;      /* server, while opening: the client is not read, and nothing of it is sent */
    bool lost_early;       /* server: the link was lost while opening, with bytes of the client on it */
    const char *first_end; /* who completed its stream first: "client", "destination" */
    uint64_t deadline_us;  /* of the attempt */
    uint64_t progress_us, stall_check_us;
    uint64_t reported_us;    /* agent: the last look at whether there was progress to report */
    struct sock_stall stall; /* of the plain side */
    size_t queued;           /* for the plain side, at the last sweep */
    unsigned idle_timeout_s, half_close_timeout_s;
    uint64_t up, down;                 /* bytes from client to destination and back */
    uint64_t opened_us, first_byte_us; /* clock_us(); 0: did not happen */
};

/* What a program with thousands of idle relays has in memory: each end only what is its own. */
struct relay_server {
    struct relay relay;    /* first */
    struct client *client; /* NULL: it went back */
};

struct relay_agent {
    struct relay relay;                /* first */
    struct defer_item held;            /* OPENED waits a moment for the destination's first answer */
    struct connector *dial;            /* while opening */
    struct loop_detect_entry own_dial; /* once open */
    unsigned hops;                     /* how often the client has been through this agent already */
    uint64_t begun_us;
    struct served_service *service;       /* one reference; NULL: OPEN named one that is not known */
    struct open_address client;           /* for the record, as are the next */
    uint64_t number;                      /* in its id, */
    char server[PROTO_SERVER_DIGITS + 1]; /* behind these digits */
    char address[64];
    const char *detail; /* why it was refused; valid until relay_finish */
    bool is_put_off;    /* refused for a lack of our own: the server goes on with the client */
    /* of its record, once both streams are complete */
    bool is_delivering;     /* relay_on_delivered will follow */
    enum relay_reason lost; /* what became of them, if they were lost; else REASON_DONE */
    enum relay_reason reason;
    const char *by; /* who ended it */
    uint64_t ended_us;
};

static inline bool relay_is_server(const struct relay *relay) {
    return !relay->thread->options->is_agent;
}

/* relay.c: for both ends */
void relay_init(struct relay *relay, struct link *link); /* all zero until then; enters it in the thread and the link */
void relay_move(struct relay *relay, uint64_t now_us);   /* something went on */
void relay_set_open(struct relay *relay, uint64_t now_us);
/* One read of the plain side into `batch`, with FIN if the stream ended; false: the plain side is broken. */
bool relay_pump(struct relay *relay, struct batch *batch, size_t limit);
void relay_update_reading(struct relay *relay);
void relay_check_over(struct relay *relay);
void relay_go_on_alone(struct relay *relay); /* without a link: both streams are complete, something still waits */
/* The one exit: logs the record, closes the plain side (by RST unless both streams were complete), frees the link. */
void relay_finish(struct relay *relay, enum relay_reason reason, const char *by);
/* Something cut the relay here: sends RESET (or closes the link by RST if its output is full), then relay_finish. */
void relay_abort(struct relay *relay, enum relay_reason reason, const char *by);
extern const struct stream_socket_events relay_plain_events;

/* one each in relay_server.c and relay_agent.c, chosen by the role of the link */
void relay_server_readable(struct relay *relay);
void relay_server_on_frame(struct relay *relay, const struct frame *frame);
void relay_server_link_lost(struct relay *relay, enum relay_reason reason);
void relay_server_finished(struct relay *relay, enum relay_reason reason, const char *by);
void relay_server_sweep(struct relay *relay, uint64_t now_us);
void relay_agent_readable(struct relay *relay);
void relay_agent_on_frame(struct relay *relay, const struct frame *frame);
void relay_agent_link_lost(struct relay *relay, enum relay_reason reason);
void relay_agent_send_idle(struct relay *relay);
void relay_agent_free(struct relay *relay);         /* what it holds; relay.c frees the rest */
void relay_agent_stop_opening(struct relay *relay); /* nothing has reached the destination: another agent may */
void relay_agent_let_go(struct relay *relay);       /* of what it has on the thread, before the plain side is closed */
/* Writes the record; false: that, and the relay, have to wait until it is known whether the server has it all. */
bool relay_agent_finished(struct relay *relay, enum relay_reason reason, const char *by);
void relay_agent_await_delivery(struct relay *relay, struct link *link); /* the streams are complete */

#endif
