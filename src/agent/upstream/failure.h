/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * failure: why an attempt to reach a server failed, how final that is, when the log gets a line, and how long to wait.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_FAILURE_H
#define MUNNEL_AGENT_UPSTREAM_FAILURE_H

#include "lib/base/format.h"
#include "proto/hello.h"
#include "proto/proxy.h"
#include "relay/plane.h"

enum { FAILURE_DETAIL = 400 };

enum failure_weight {
    FAILURE_PASSING, /* the network, or a server that is down or busy: tried again soon */
    FAILURE_LASTING, /* needs a person or a clock: dates of a certificate, no Munnel server: tried again ever more
                      * slowly
                      */
    FAILURE_FINAL    /* the same next time: authority, key, name or purpose is wrong, or REJECT for good */
};

struct failure { /* all zero: none yet */
    bool noted;
    bool received_nothing; /* the last address accepted the connection, and closed it before it sent a byte */
    bool proxy_refused;    /* a person has to mend it; to ask often with a wrong password may lock an account */
    enum failure_weight weight;
    unsigned retry_after_ms; /* the server asked not to be tried before that */
    char detail[FAILURE_DETAIL];
    const char *remedy; /* what to do about it; NULL: not known */
};

/* What a person can do. */
#define FAILURE_REMEDY_NAME "Check how the server's name is written, and this machine's name server: getent ahosts NAME"
#define FAILURE_REMEDY_NETWORK                                                                                         \
    "Check that munneld runs there, that this is its port for agents, and that no firewall on the way drops it"
#define FAILURE_REMEDY_UNANSWERED                                                                                      \
    "Look into the server's log: it may have blocked this address for a while; or what listens there is no Munnel "    \
    "server"
#define FAILURE_REMEDY_TLS                                                                                             \
    "Compare this machine's clock with the certificate's dates (timedatectl), and check that the port is that for "    \
    "agents"
#define FAILURE_REMEDY_TRUST                                                                                           \
    "Let the server's owner make a new join code (munnel agent add NAME), or compare --ca and --pin with the "         \
    "server's certificate"
#define FAILURE_REMEDY_CREDENTIAL                                                                                      \
    "Let the server's owner make a new join code: munnel agent add NAME, or munnel agent rotate NAME"
#define FAILURE_REMEDY_GROUP                                                                                           \
    "Name a group that the credential carries, or none: on the server, munnel agent list shows them"
#define FAILURE_REMEDY_VERSION "Upgrade the older one of munneld and munnel-agent"
#define FAILURE_REMEDY_WAIT    "It is tried again by itself; look into the server's log if it lasts"

/* Keeps the weightiest of an attempt; of two that weigh the same, the later. */
void failure_note(struct failure *failure, enum failure_weight weight, const char *remedy, const char *format, ...)
    PRINTF_LIKE(4, 5);
const char *failure_remedy_of_reject(enum reject_code code);
/* The link never got to its greeting. proxy: by which it was dialled; NULL: directly. */
void failure_note_end(struct failure *failure, const struct link_end *end, const struct proxy *proxy);
void failure_note_reject(struct failure *failure, const struct reject *reject);

struct failure_log { /* all zero at first */
    struct log_limit limit;
    char logged[FAILURE_DETAIL]; /* the last one */
    unsigned unanswered;         /* attempts in a row in which no byte was received */
};

/*
 * One warning when the reason is a new one; the same again at most once a minute (and always at debug level). After
 * several attempts that the server cut before it sent anything, the line names the probable cause.
 */
void failure_log(struct failure_log *memory, const struct failure *failure, struct log *log, const char *who,
                 unsigned retry_ms);

struct backoff {
    unsigned first_ms;   /* the first wait is anything up to this */
    unsigned longest_ms; /* and none is longer than this */
    unsigned failures;   /* in a row */
};

void backoff_reset(struct backoff *backoff); /* it worked: the next wait is a first one */

/*
 * The next wait in ms. The first is spread over 0 to first_ms, so that the agents of a server that was restarted do not
 * come all at once; then it doubles up to longest_ms, and jitter takes away up to a quarter, never adds.
 * `random` is any 32 random bits.
 */
unsigned backoff_next(struct backoff *backoff, uint32_t random);

#endif
