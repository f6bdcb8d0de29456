/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_priv: the link's insides, for its own files: link.c (life), handshake.c (connect, TLS), greeting.c (greeting
 * and verdict), control.c, path.c (control links), data.c, send.c, idle.c and deliver.c (data links).
 */
#ifndef MUNNEL_RELAY_LINK_LINK_PRIV_H
#define MUNNEL_RELAY_LINK_LINK_PRIV_H

#include "relay/link/link.h"
#include "relay/link/path.h"
#include "relay/thread_priv.h"

#include "lib/net/sock.h"
#include "lib/tls/tls.h"

#include <event2/bufferevent.h>

/* LINK_STATE(name, text): in the order in which a link goes through them; link_set_state asserts the legal steps */
#define LINK_STATES(S)                                                                                                 \
    S(NEW, "new")                                                                                                      \
    S(CONNECTING, "connecting") /* agent: TCP */                                                                       \
    S(HANDSHAKE, "in the TLS handshake")                                                                               \
    S(GREETING, "in the greeting")   /* HELLO or WELCOME is awaited */                                                 \
    S(VERDICT, "awaiting a verdict") /* of the control plane */                                                        \
    S(CONTROL, "control")                                                                                              \
    S(IDLE, "idle")                                                                                                    \
    S(BUSY, "busy")                /* with a relay */                                                                  \
    S(WAITING, "waiting for IDLE") /* server: the relay is over, the agent's IDLE n has not come */                    \
    S(CARRIER, "carrying streams") /* of a mux: see carrier.h */                                                       \
    S(LEAVING, "sending REJECT")                                                                                       \
    S(LINGERING, "lingering") /* on_gone was posted; the peer has not acknowledged the last bytes */                   \
    S(CLOSED, "closed")

enum link_state {
#define LINK_STATE_ENUM(name, text) LINK_##name,
    LINK_STATES(LINK_STATE_ENUM)
#undef LINK_STATE_ENUM
        LINK_STATE_COUNT
};

struct link_order { /* agent: a copy of plane_dial's order; freed when the greeting is over */
    SSL_CTX *tls;
    char *server_name, *hello;
    char identity[TLS_IDENTITY_MAX + 1]; /* "": none */
    uint8_t key[SECRET_SIZE];
    bool has_key;
    uint8_t proof_role;
    uint64_t session;
};

struct link {
    struct relay_thread *thread;
    struct link *queue_next;                   /* of handshakes that have not begun, or of the dead */
    struct link *greeting_next, **greeting_at; /* server, until HELLO is there; NULL: not in that list */
    struct defer_item again;                   /* more to read, or broken */
    struct defer_item recheck;     /* checks for an RST behind the last read (see on_readable in socket.c) */
    struct defer_item write_retry; /* see send.c */
    struct defer_item deferred;    /* sends deferred_frame if no other frame took it along */
    struct defer_item delivery;    /* see deliver.c, as the next five */
    struct relay *delivering;      /* agent: left the link; its record waits for delivery */
    uint64_t delivery_mark,
        delivered;         /* positions in the ciphertext sent: the last byte awaited, the last one acknowledged */
    uint64_t delivered_us; /* when `delivered` last moved */
    bool is_delivering;
    bool has_half_closed, peer_is_done; /* lingering: FIN was sent, FIN was received */
    bool expects_ping;                  /* agent: the server has the link as idle, and pings it */
    struct link_ref ref;
    uint8_t state, write_retries;
    uint8_t deferred_frame; /* enum frame_type: FIN or WELCOME; 0: nothing */
    bool in_starting, is_control, was_accepted, tls_failed, refused_by_peer, untrusted, received_nothing, no_hello,
        path_lost;
    bool reading;       /* inside link_data_read */
    bool paused;        /* the relay's other side does not take more */
    bool needs_recheck; /* an edge came, and no read since has met the end of what the kernel has */
    bool rdhup;         /* the peer's FIN is behind what is in the kernel */
    bool high_rtt;      /* from the other end, as far as that matters for sending */
    bool is_half_open;  /* server: identified by the session's key; the client's Finished has not come */
    bool reported_idle; /* by on_idle */
    bool broken;        /* a write failed; closed in the next turn of the loop */
    bool close_when_idle, event_is_added;
    int fd;
    SSL *ssl;
    struct link_bio *bio; /* belongs to ssl */
    struct bufferevent *stream;
    struct event event; /* edge-triggered; a link with a bufferevent has none */
    struct stream_state stream_state;
    struct relay *relay;
    struct mux_carrier *carrier; /* in state CARRIER */
    uint8_t *partial;            /* the beginning of a frame whose rest has not come */
    size_t partial_length, partial_needs;
    uint64_t tag;
    uint64_t session;     /* agent: of a data link, as its dial_order has it */
    uint64_t records;     /* sent since the last change of keys */
    uint64_t rate_second; /* control links: what came in this second */
    unsigned rate_frames, rate_bytes;
    size_t undelivered;               /* control links: bytes of messages on their way to the control plane */
    uint64_t deadline_us;             /* of the state it is in; 0: none */
    uint64_t last_rx_us;              /* anything came */
    uint64_t next_ping_us, pinged_us; /* pinged_us: a PING is out and unanswered since; 0: none */
    struct path_probe probe;
    unsigned ping_s, dead_after_s;
    unsigned flush_s; /* server: how long the agent may take over IDLE n without progress */
    struct sock_stall stall;
    struct link_order *order;
    struct close_event *close_event; /* made with the link, so that on_gone cannot fail */
    char *who;
};

static inline bool link_is_agent(const struct link *link) {
    return link->thread->options->is_agent;
}

static inline const char *link_who(const struct link *link) { /* in front of its log lines */
    return link->who ? link->who : "link";
}

/* Takes fd and close_event; on failure closes fd, posts the event and returns NULL. */
struct link *link_new(struct relay_thread *thread, int fd, uint64_t tag, struct close_event *close_event);
const struct addr *link_peer(const struct link *link); /* until it is closed */
void link_set_state(struct link *link, enum link_state state);
void link_free(struct link *link); /* only by the thread's deferred free */
void link_sweep(struct link *link, uint64_t now_us);
void link_break(struct link *link, const char *detail); /* closes it from the next turn of the loop */

/* handshake.c */
void link_adopt(struct relay_thread *thread, int fd, SSL_CTX *tls, uint64_t tag, uint64_t deadline_us,
                struct close_event *close_event);
void link_dial(struct relay_thread *thread, struct link_order *order, bool is_control, uint64_t tag,
               struct close_event *close_event); /* takes the order; connects to the peer in close_event */
void link_start(struct link *link);              /* from the thread's queue: begin the handshake */
void link_order_free(struct link_order *order);
bool link_watch(struct link *link); /* adds its event; or closes it for want of memory */
void link_unwatch(struct link *link);
void link_note_handshake(struct link *link); /* it is over */

/* greeting.c */
void link_begin_greeting(struct link *link); /* the handshake is over */
/* The first frame of a link in state GREETING; `frame_length`: what it takes in the bufferevent, if there is one. */
void link_take_greeting(struct link *link, const struct frame *frame, size_t frame_length);
void link_accept(struct link *link, bool is_control, uint64_t tag, const char *json, const char *who, unsigned ping_s,
                 unsigned dead_after_s);
void link_reject(struct link *link, const char *json);
bool link_put_frame(struct link *link, enum frame_type type, const void *payload,
                    size_t length); /* by the bufferevent */

/* control.c */
void link_control_begin(struct link *link);
void link_control_read(struct link *link);
/* Queues a frame. NULL, or why the link must be closed: the peer does not read, or memory lacks. */
const char *link_control_put(struct link *link, enum frame_type type, const void *payload, size_t length);
void link_control_delivered(struct link *link, size_t length); /* the control plane has taken so much */
void link_control_sweep(struct link *link, uint64_t now_us);
void link_control_ping(struct link *link, uint64_t now_us);
void link_stream_failed(struct link *link, short what); /* error callback of the bufferevent, in every state */

/* data.c */
void link_data_take_over(struct link *link); /* from the bufferevent, if it has one, to its own event */
void link_data_on_event(struct link *link, short what);
void link_data_read(struct link *link);
void link_data_on_resume(struct defer_item *item);
void link_data_on_recheck(struct defer_item *item);

/* send.c */
void link_data_on_write_retry(struct defer_item *item);
void link_data_on_deferred(struct defer_item *item);
void link_data_send_deferred(struct link *link); /* sends deferred_frame now */
void link_data_send_frame(struct link *link, enum frame_type type, const void *payload, size_t length);
bool link_data_flush(struct link *link);       /* false: the connection is broken */
void link_data_send_parked(struct link *link); /* there is room again */
bool link_data_output_overflows(
    struct link *link); /* true: it was closed, its peer requests answers and does not read them */

/* idle.c */
void link_data_sweep(struct link *link, uint64_t now_us);
void link_become_idle(struct link *link);
void link_extend_wait(struct link *link, uint64_t now_us); /* there was progress: IDLE n may take as long again */

/* deliver.c */
bool link_has_delivered(const struct link *link); /* the peer's kernel has all that was ever sent; a system call */
void link_data_on_delivery(struct defer_item *item);
void link_end_delivery(struct link *link,
                       enum relay_reason reason); /* REASON_DONE: the peer has it; else: it is lost */
void link_linger(struct link *link);

/* events.c: events for the control plane */
void plane_event_identified(struct link *link, const char *identity);
void plane_event_greeting(struct link *link, bool rejected, const char *text, size_t length,
                          const uint8_t exporter[SECRET_SIZE]);
void plane_event_idle(struct link *link);
void plane_event_control(struct link *link, const uint8_t *text, size_t length);
void plane_event_pong(struct link *link, const uint8_t payload[FRAME_PING_SIZE]);
void plane_event_closed(struct link *link, bool misbehaved, const char *detail);
void plane_event_failed(struct relay_thread *thread, struct close_event *close_event, uint64_t tag, const char *detail);
struct close_event *close_event_new(const struct addr *peer); /* also holds the peer's address for the link */
const struct addr *close_event_peer(const struct close_event *close_event);
void plane_event_order_failed(struct plane *plane, uint64_t tag, const struct addr *peer); /* on the control thread */
void plane_event_client_back(struct relay_thread *thread, struct client *client, struct link_ref link, uint64_t tag);

#endif
