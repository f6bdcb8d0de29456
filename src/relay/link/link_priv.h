/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_priv: the link's insides, for its own files. Calls go from left to right, callbacks back:
 *
 *     dial.c (agent: connect, proxy) -> handshake.c (TLS) -> greeting.c (HELLO, WELCOME, REJECT)
 *       -> control.c (control links)
 *       -> data.c (reading) -> carrier.c -> send.c
 *       -> path.c (is there a way to the peer?) -> link.c (life)
 */
#ifndef MUNNEL_RELAY_LINK_LINK_PRIV_H
#define MUNNEL_RELAY_LINK_LINK_PRIV_H

#include "relay/link/link.h"
#include "relay/link/link_order.h"
#include "relay/link/path.h"
#include "relay/thread_priv.h"

#include "lib/event/readiness.h"
#include "lib/net/sock.h"

#include <event2/bufferevent.h>
#include <event2/util.h>

/* LINK_STATE(name, text): in the order in which a link goes through them; link_set_state asserts the legal steps */
#define LINK_STATES(S)                                                                                                 \
    S(NEW, "new")                                                                                                      \
    S(CONNECTING, "connecting")  /* agent: TCP */                                                                      \
    S(PROXY, "asking the proxy") /* agent, if there is one: it may have to connect again */                            \
    S(HANDSHAKE, "in the TLS handshake")                                                                               \
    S(GREETING, "in the greeting")   /* HELLO or WELCOME is awaited */                                                 \
    S(VERDICT, "awaiting a verdict") /* of the control plane */                                                        \
    S(CONTROL, "control")                                                                                              \
    S(CARRIER, "carrying streams") /* of a mux: see carrier.h */                                                       \
    S(LEAVING, "sending REJECT")                                                                                       \
    S(CLOSED, "closed")

enum link_state {
#define LINK_STATE_ENUM(name, text) LINK_##name,
    LINK_STATES(LINK_STATE_ENUM)
#undef LINK_STATE_ENUM
        LINK_STATE_COUNT
};

/* Agent, of greeting_ms: from the TCP connection, or the proxy's answer, to WELCOME; and for each answer of the proxy.
 */
enum { LINK_ANSWER_DEADLINES = 3 };

/* What a link does that differs in the course of its life; each may be NULL. */
struct link_phase {
    void (*on_event)(struct link *link, short what); /* see readiness.h */
    void (*sweep)(struct link *link, uint64_t now_us);
    void (*ping)(struct link *link, uint64_t now_us); /* its peer answers by a PONG with this payload */
    void (*on_closed)(struct link *link);
};

struct link {
    struct relay_thread *thread;
    const struct link_phase *phase;
    struct link *queue_next;                   /* of handshakes that have not begun, or of the dead */
    struct link *greeting_next, **greeting_at; /* server, until HELLO is there; NULL: not in that list */
    TAILQ_ENTRY(link) handshaking;             /* server */
    struct defer_item again;                   /* more to read, or broken */
    struct defer_item recheck;     /* checks for an RST behind the last read (see on_readable in socket.c) */
    struct defer_item write_retry; /* see send.c */
    struct link_ref ref;
    uint8_t state, write_retries, proxy_fault;
    bool in_starting, is_handshaking, timed_out, is_control, was_accepted, tls_failed, refused_by_peer, untrusted,
        received_nothing, no_hello, path_lost;
    bool is_carrier;    /* on_carrier was posted */
    bool reading;       /* inside a read */
    unsigned opens;     /* OPENs that were taken in this turn of reading */
    bool paused;        /* what it brings has to wait for another carrier */
    bool needs_recheck; /* an edge came, and no read since has met the end of what the kernel has */
    bool rdhup;         /* the peer's FIN is behind what is in the kernel */
    bool high_rtt;      /* from the other end, as far as that matters for sending */
    bool broken;        /* a write failed; closed in the next turn of the loop */
    bool is_watched;    /* a link with a bufferevent is not */
    evutil_socket_t fd;
    SSL *ssl;
    struct link_bio *bio; /* belongs to ssl */
    struct bufferevent *stream;
    struct readiness readiness;
    struct carrier_role role;       /* of a data link */
    struct thread_session *session; /* in state CARRIER, as the next */
    struct mux_carrier *carrier;
    uint8_t *partial; /* the beginning of a frame whose rest has not come */
    size_t partial_length, partial_needs;
    uint64_t tag;
    uint64_t records;     /* sent since the last change of keys */
    uint64_t rate_second; /* control links: what came in this second */
    unsigned rate_frames, rate_bytes;
    size_t undelivered;               /* control links: bytes of messages on their way to the control plane */
    uint64_t deadline_us;             /* of the state it is in; 0: none */
    uint64_t begun_us;                /* when it was made, or on the server when its handshake began */
    uint64_t last_rx_us;              /* anything came */
    uint64_t used_us;                 /* carriers: a stream's frame came */
    uint64_t next_ping_us, pinged_us; /* pinged_us: a PING is out and unanswered since; 0: none */
    struct path_probe probe;
    unsigned ping_s, dead_after_s;
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

/* link.c. Takes fd and close_event; on failure closes fd, posts the event and returns NULL. */
struct link *link_new(struct relay_thread *thread, evutil_socket_t fd, uint64_t tag, struct close_event *close_event,
                      const struct link_phase *phase);
const struct addr *link_peer(const struct link *link); /* until it is closed */
void link_set_state(struct link *link, enum link_state state);
void link_set_phase(struct link *link, const struct link_phase *phase);
void link_free(struct link *link); /* only by the thread's deferred free */
void link_sweep(struct link *link, uint64_t now_us);
void link_sweep_deadline(struct link *link, uint64_t now_us); /* the absolute one of all that precedes the verdict */
void link_break(struct link *link, const char *detail);       /* closes it from the next turn of the loop */
bool link_watch(struct link *link);                           /* or closes it for want of memory */
void link_unwatch(struct link *link);
void link_pause(struct link *link);
void link_resume(struct link *link); /* reading continues in a later turn, not from within */
bool link_put_frame(struct link *link, enum frame_type type, const void *payload,
                    size_t length); /* by the bufferevent */
/* Server, of a data link in state VERDICT, between threads: to take it out of its own, and to enter it in another.
 * False: it was closed for want of memory. */
void link_leave_thread(struct link *link);
bool link_enter_thread(struct link *link, struct relay_thread *thread);

/* handshake.c */
void link_begin_handshake(struct link *link); /* agent: what is sent reaches the server */
void link_adopt(struct relay_thread *thread, evutil_socket_t fd, SSL_CTX *tls, uint64_t tag, uint64_t deadline_us,
                struct close_event *close_event);
void link_start(struct link *link); /* from the thread's queue: begin the handshake */

/* dial.c. Takes the order; connects to the peer in close_event. role NULL: a control link. */
void link_dial(struct relay_thread *thread, struct link_order *order, const struct carrier_role *role, uint64_t tag,
               struct close_event *close_event);

/* greeting.c */
void link_begin_greeting(struct link *link); /* the handshake is over */
void link_accept_control(struct link *link, uint64_t tag, const char *json, const char *who, unsigned ping_s,
                         unsigned dead_after_s);
/* On the thread of the role. False: it was closed, and carries nothing (see on_accept_failed). */
bool link_accept_data(struct link *link, const struct carrier_role *role, const char *json, const char *who,
                      unsigned resume_ms);
void link_reject(struct link *link, const char *json);

/* control.c */
void link_control_begin(struct link *link);
void link_control_read(struct link *link);
/* Queues a frame. NULL, or why the link must be closed: the peer does not read, or memory lacks. */
const char *link_control_put(struct link *link, enum frame_type type, const void *payload, size_t length);
void link_control_ping(struct link *link, uint64_t now_us);
void link_control_set_ping(struct link *link, unsigned ping_s, unsigned dead_after_s, uint64_t now_us);
void link_stream_failed(struct link *link, short what); /* error callback of the bufferevent, in every state */

/* data.c */
void link_data_begin(struct link *link); /* takes it over from the bufferevent; or closes it */

/* send.c */
/* As mux_link_ops: encrypts, until it is flushed; no other link of the thread is written to in between. */
void link_data_write(void *link, const uint8_t *bytes, size_t length);
void link_data_flush_written(void *link);
void link_data_send_frame(struct link *link, enum frame_type type, const void *payload, size_t length);
bool link_data_flush(struct link *link);         /* false: the connection is broken */
bool link_data_is_full(const struct link *link); /* the kernel does not take more */
void link_data_on_write_retry(struct defer_item *item);
void link_data_send_parked(struct link *link); /* there is room again */
bool link_data_output_overflows(
    struct link *link); /* true: it was closed, its peer requests answers and does not read them */

/* events.c: events for the control plane */
void plane_event_greeting(struct link *link, bool rejected, const char *text, size_t length,
                          const uint8_t exporter[SECRET_SIZE]);
void plane_event_handshake(const struct link *link);
bool plane_event_carrier(struct link *link); /* false: out of memory */
bool plane_event_control(struct link *link, const uint8_t *text, size_t length,
                         void (*on_taken)(struct link *link, size_t length)); /* false: out of memory */
void plane_event_pong(struct link *link, const uint8_t payload[FRAME_PING_SIZE]);
void plane_event_closed(struct link *link, bool misbehaved, const char *detail);
void plane_event_failed(struct relay_thread *thread, struct close_event *close_event, uint64_t tag, const char *detail);
struct close_event *close_event_new(const struct addr *peer); /* also holds the peer's address for the link */
const struct addr *close_event_peer(const struct close_event *close_event);
void plane_event_order_failed(struct plane *plane, uint64_t tag, const struct addr *peer); /* on the control thread */
void plane_event_want_carriers(struct relay_thread *thread, const struct carrier_role *role, unsigned count);

#endif
