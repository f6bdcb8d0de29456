/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fake_plane: a data plane and a resolver that only write down what they were asked; the test answers by hand.
 *
 * Defines plane_* and resolver_* itself, so that the real ones stay in their libraries.
 */
#ifndef MUNNEL_TESTS_FAKE_PLANE_H
#define MUNNEL_TESTS_FAKE_PLANE_H

#include "agent/identity/trust.h"
#include "proto/control.h"
#include "proto/hello.h"
#include "relay/plane.h"
#include "relay/service_counts.h"

enum { FAKE_DIALS = 64, FAKE_LINKS = 4096, FAKE_SENT = 64 };

struct fake_dial {
    struct dial_order order; /* with strings of its own */
    struct link_ref link;
    bool accepted, rejected, closed; /* by the control plane */
    bool gone;
    bool is_carrier; /* a data link that on_carrier was called for */
};

struct plane {
    struct plane_options options;
    struct fake_dial dials[FAKE_DIALS]; /* of control links */
    unsigned dial_count;
    struct fake_dial links[FAKE_LINKS]; /* of data links */
    unsigned link_count;
    unsigned threads, resume_s;     /* for WELCOME: 1 and 30 at first */
    bool forgets_sessions;          /* resumes none */
    bool is_full;                   /* has no memory for plane_retire_session and plane_disconnect */
    uint64_t retired, disconnected; /* the session's tag in the last call; 0: none */
    unsigned retired_count, disconnected_count;
    struct {
        unsigned dial;
        char *json;
    } sent[FAKE_SENT];
    unsigned sent_count;
    unsigned drains;            /* calls of plane_drain ... */
    unsigned sent_before_drain; /* ... and how many messages had been sent at the first */
    struct plane_counts counts;
    struct thread_counts thread_counts;
    struct service_part part;
    uint64_t viewed;                    /* ticket of the last plane_view_relays or plane_end_relay */
    char ended[PROTO_RELAY_ID_MAX + 1]; /* its relay */
    struct service_table *services;     /* set last; NULL: none, or taken away */
    uint64_t services_session;
    bool is_stuck;         /* its threads do not answer */
    unsigned path_checks;  /* calls of plane_check_paths */
    void (*on_dial)(void); /* called by plane_dial; may be NULL */
    void (*on_free)(void); /* called by plane_free, when the last events come; may be NULL */
};

struct plane *fake_plane(void); /* the one of this process; made at the first call or by plane_new */
void fake_plane_forget(void);   /* frees it */

/* One that is never used to verify a server. The caller frees it. */
struct trust *fake_trust(void);

#define FAKE_SERVER "fedcba9876543210fedcba9876543210"
extern const uint8_t FAKE_SESSION_KEY[SECRET_SIZE];

/* The server's side of dial `index`. key: the server proves itself with it; NULL: it does not. */
void fake_welcome(unsigned index, const uint8_t *key);
const char *fake_session(unsigned index); /* the id that the WELCOME of dial `index` has if it makes a session */
void fake_welcome_from(unsigned index, const uint8_t *key, const char *server); /* an instance other than FAKE_SERVER */
void fake_greet(unsigned index, bool rejected, const char *json);               /* WELCOME or REJECT as text */
void fake_reject(unsigned index, enum reject_code code, const char *reason, unsigned retry_after_s);
void fake_gone(unsigned index, const char *detail); /* TCP failed, or the link was lost */
void fake_closed_silently(unsigned index);
void fake_met_proxy(unsigned index, enum proxy_fault fault, const char *detail);
void fake_path_lost(unsigned index, const char *detail);  /* plane_check_paths found that */
void fake_tls_failed(unsigned index, const char *detail); /* in a way that may pass */
void fake_untrusted(unsigned index, const char *detail);
void fake_control(unsigned index, enum control_op op);
void fake_order_links(unsigned index, unsigned count, unsigned server_thread, bool is_exclusive);
void fake_control_text(unsigned index, const char *json);
void fake_pong(unsigned index, unsigned us); /* the answer to a ping of so long ago */
void fake_services_set(void);                /* all relay threads have what was set last */
/* The checks of a service, in the table that was set last, have found this. */
void fake_health(uint32_t service, bool is_healthy, const char *detail);
void fake_session_over(uint64_t session);

/* The same for data link `index`, in the order of their dials. */
void fake_link_up(unsigned index); /* it carries streams from now on */
void fake_link_gone(unsigned index, const char *detail);
void fake_link_met_proxy(unsigned index, enum proxy_fault fault, const char *detail);
void fake_link_reject(unsigned index, enum reject_code code, const char *reason, unsigned retry_after_s);
void fake_want_links(const struct carrier_role *role, unsigned count);

/* How many messages with this op were sent to the server of dial `index`. */
unsigned fake_sent(unsigned index, enum control_op op);

/* The resolver: what was asked last, and its answer; addresses are "1.2.3.4:5" up to a NULL. */
unsigned fake_questions(void); /* asked so far */
bool fake_question_waits(void);
void fake_answer(const char *const *addresses);
void fake_no_answer(const char *detail);

#endif
