/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * record: the log line of a relay that is over, with the same id on server and agent.
 * Made when it is written, of what server and agent have of the relay anyway.
 * Runs on: the relay's thread (or the control thread for a client that was never served). Owns: nothing.
 */
#ifndef MUNNEL_RELAY_RECORD_H
#define MUNNEL_RELAY_RECORD_H

#include "lib/log/log.h"
#include "proto/limits.h"
#include "relay/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_CHECK "check" /* in place of the client's address: the server checks a service */

enum {
    RECORD_UNOPENED_A_MINUTE = 10, /* lines of what has reached no destination, where a peer can make them at will */
    RECORD_AGENT = PROTO_NAME_MAX + 8, /* an agent's name, with some digits where another has the same */
    RECORD_CLIENT = 64                 /* an address as text */
};

struct record {
    const char *id, *service, *client;
    const char *visitor;                                           /* the agent by which it came; NULL or "": none */
    const char *agent;                                             /* NULL or "" in an agent's own record */
    const char *destination;                                       /* as configured */
    const char *address;                                           /* as reached; "" if it was not */
    uint64_t in, out;                                              /* bytes from client to destination and back */
    uint64_t accepted_us, dispatched_us, opened_us, first_byte_us; /* clock_us(); 0: did not happen */
    uint64_t ended_us;
    enum relay_reason reason;
    bool is_udp;            /* it was a session of datagrams; not logged */
    unsigned attempts;      /* agents that were tried before without success */
    unsigned left_out;      /* records like this one that were not logged */
    const char *end_to_end; /* as in relay_view */
    const char *by;         /* the side that ended it; static, or NULL */
    const char *detail;     /* more than `reason` has, or NULL */
};

enum record_type { RECORD_TEXT, RECORD_BYTES, RECORD_COUNT, RECORD_SPAN, RECORD_REASON };
enum { RECORD_FIELDS = 18 };
struct record_field { /* each record has all of them, in this order; one without a value is null */
    const char *name;
    enum record_type type;
    size_t at, to; /* of struct record; `to`: where a span ends */
};
extern const struct record_field record_fields[RECORD_FIELDS];

void record_log(struct log *log, const struct record *record);

struct client;
/* Server: all that the client has for its record; the address of the client as text is left out. `id` and what the
 * client points to must outlive it. */
struct record record_of_client(const struct client *client, const char *id);
/* Server: the record of a client that is over, for any reason, with its `by` and `detail`. `unopened`: limits those of
 * sessions of datagrams that have reached no destination, each of which a forged datagram may make. */
void record_log_client(struct log *log, const char *instance, const struct client *client, struct log_limit *unopened);

/* Where the agent has reached the destination: OPENED has an address only if it differs from the configured one. */
const char *record_address(const struct client *client);

/* "INSTANCE's first 8 digits-NUMBER"; of the server's instance, at both ends */
void record_make_id(char id[PROTO_RELAY_ID_MAX + 1], const char *instance, uint64_t number);

/* The client's address as the record has it; never a Unix path, which the client may choose. */
char *record_client_text(const struct client *client, char text[RECORD_CLIENT]);

#endif
