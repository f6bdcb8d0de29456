/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits: the members of CONTROL `visit`, `visit_state`, `visit_open` and `visit_refused`, by which an agent opens
 * services of its server, that other agents serve, on its own machine.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's JSON.
 */
#ifndef MUNNEL_PROTO_VISITS_H
#define MUNNEL_PROTO_VISITS_H

#include "lib/base/error.h"
#include "proto/open.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VISITS_MAX = 64, /* of an agent */
    VISIT_REASON_SIZE = 161,
    VISIT_TICKETS_MAX = 256, /* clients of an agent whose OPEN has not come yet */
    VISIT_CLIENTS_MAX = 64   /* in one message */
};

struct visit_name { /* one that the agent asks for, by a number of its own */
    uint32_t id;
    const char *name; /* of the service */
};
/* The agent: all that it wants. malloc'ed; NULL: out of memory. */
char *visit_names_format(const struct visit_name *names, size_t count);
/* The server: checks all of it; 0, or -1 with `error`. */
int visit_names_parse(struct visit_name names[VISITS_MAX], size_t *count, const json_t *json, struct error *error);

struct visit_state { /* the server's answer for one of them, sent again when it changes */
    uint32_t id;
    const char *refusal; /* why its clients would be refused; NULL: they are taken */
    bool end_to_end;     /* TLS between the two agents is a part of the service */
};
char *visit_states_format(const struct visit_state *states, size_t count); /* malloc'ed; NULL: out of memory */
int visit_states_parse(struct visit_state states[VISITS_MAX], size_t *count, const json_t *json, struct error *error);

struct visit_arrival { /* a client that waits for an OPEN with OPEN_FLAG_VISIT and this ticket */
    uint32_t ticket;   /* not 0 */
    struct open_address client;
};
struct visit_open {            /* the agent: these clients of one visit wait */
    uint32_t visit;            /* not 0 */
    struct open_address local; /* where they have come in */
    size_t count;              /* 1 or more */
    struct visit_arrival arrivals[VISIT_CLIENTS_MAX];
};
char *visit_open_format(const struct visit_open *open); /* malloc'ed; NULL: out of memory */
int visit_open_parse(struct visit_open *open, const json_t *json, struct error *error);

struct visit_refused {  /* the server: no OPEN will come for these */
    const char *reason; /* for people; "": none */
    size_t count;       /* 1 or more */
    uint32_t tickets[VISIT_CLIENTS_MAX];
};
char *visit_refused_format(const struct visit_refused *refused); /* malloc'ed; NULL: out of memory */
int visit_refused_parse(struct visit_refused *refused, const json_t *json, struct error *error);

#endif
