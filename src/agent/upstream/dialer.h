/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dialer: dials the data links that servers ask for, a bounded number at once.
 * Runs on: the control thread. Owns: what it knows about dials that are under way; a dialer_source belongs to its
 * session.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_DIALER_H
#define MUNNEL_AGENT_UPSTREAM_DIALER_H

#include "agent/identity/trust.h"
#include "proto/session_key.h"
#include "relay/plane.h"

#include <sys/queue.h>

enum { DIALER_AT_ONCE = 1024 };

struct dialer;

struct dialer_source { /* what the data links of a session are dialled with; the session fills in all above `next` */
    const char *who;   /* for log lines; must live as long as the dialer */
    struct addr address;
    struct trust *trust; /* lives as long as the agent */
    const char *server_name;
    char *hello;                  /* of a data link, without its proof */
    char session[SESSION_ID_HEX]; /* its id */
    uint64_t session_tag;         /* of its control link */
    uint8_t key[SECRET_SIZE];
    STAILQ_ENTRY(dialer_source) next; /* from here on dialer.c's own; zero at first */
    bool queued;
    unsigned wanted;
    uint64_t dialled; /* so many data links; each has its number */
    uint64_t expires_us;
};

struct dialer *dialer_new(struct plane *plane, struct log *log); /* NULL when out of memory */
void dialer_free(struct dialer *dialer);

/* The server asks for `count` more. What could not be dialled within expires_ms (0: 10 s) is not dialled any more. */
void dialer_want(struct dialer *dialer, struct dialer_source *source, uint64_t count, uint64_t expires_ms);
void dialer_forget(struct dialer *dialer, struct dialer_source *source); /* nothing more is dialled for it */

bool dialer_made(uint64_t tag); /* is this the tag of a data link? */
void dialer_on_ready(struct dialer *dialer, uint64_t tag);
void dialer_on_rejected(struct dialer *dialer, uint64_t tag, const char *text,
                        size_t length); /* REJECT; on_gone follows */
void dialer_on_gone(struct dialer *dialer, const struct link_end *end);

#endif
