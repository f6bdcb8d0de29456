/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * services: the members of CONTROL `services`, by which a server announces its services to an agent, and of
 * `services_ack`, by which the agent answers whether its own rules permit them.
 *
 * A table is sent in parts, of which one at most is under way, so that neither a message nor the rate of a control link
 * becomes too large. Ids grow: one that was announced is never used for another service.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's JSON.
 */
#ifndef MUNNEL_PROTO_SERVICES_H
#define MUNNEL_PROTO_SERVICES_H

#include "lib/base/error.h"
#include "proto/health.h"
#include "proto/proxy_protocol.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SERVICE_NAME_MAX = 255, /* bytes */
    SERVICE_DESTINATIONS_MAX = 8,
    SERVICE_DESTINATION_MAX = 300,
    SERVICES_PART_MAX = 256,        /* services that one message adds, or removes */
    SERVICES_PART_SIZE = 32 * 1024, /* bytes of JSON after which a part has no more services */
    SERVICES_REASON_SIZE = 97       /* of a refusal, with NUL: 256 of them fit into one message */
};

/* Can a service have all of these destinations? 0, or -1 with `error`. */
int services_check_destinations(char *const *to, size_t to_count, struct error *error);

/* From which of its addresses an agent connects to a destination. */
enum connect_from { CONNECT_FROM_ANY, CONNECT_FROM_LOOPBACK };
/* Why an agent does not connect to another address with CONNECT_FROM_LOOPBACK, by which the server knows its remedy. */
#define CONNECT_FROM_REFUSAL "connect_from is loopback, and this is not of 127.0.0.0/8"
#define CONNECT_FROM_REMEDY  "write 127.0.0.1:PORT in connect, or leave connect_from out"

/* F(NAME, reason, remedy): why an agent refuses a service by its keys, and what to do about it. */
#define END_TO_END_FAULTS(F)                                                                                           \
    F(NO_KEY, "end to end, and this agent has no key for it: munnel key new, --end-to-end-keys",                       \
      "Bring the service's key to the agent, into the file of its --end-to-end-keys")                                  \
    F(NOT_ANNOUNCED, "this agent has a key for it, and the server announces it without end_to_end",                    \
      "Write \"end_to_end\": true into the service; or, if it is meant to be without, drop its key at the agent")      \
    F(NO_CONNECT, "its entry in the agent's --end-to-end-keys has no \"connect\"",                                     \
      "Write where it leads into its entry there, as \"connect\": an agent that serves needs it")                      \
    F(UDP, "end to end is for services of TCP", "Drop end_to_end and the key, or relay it by TCP")                     \
    F(OTHER_CONNECT, "its connect is not the one that the agent's --end-to-end-keys have for it",                      \
      "Make \"connect\" the same in the service and in its entry of the agent's key file")                             \
    F(PROXY, "end to end with proxy_protocol, by which the server would write to it",                                  \
      "Leave proxy_protocol out of the service")                                                                       \
    F(HTTP_CHECK, "end to end with a check by HTTP, which the server words",                                           \
      "Check the service by \"tcp\" or \"tls\" instead (check.type)")
enum end_to_end_fault {
#define END_TO_END_FAULT_ENUM(name, reason, remedy) END_TO_END_##name,
    END_TO_END_FAULTS(END_TO_END_FAULT_ENUM)
#undef END_TO_END_FAULT_ENUM
        END_TO_END_FAULT_COUNT
};
const char *end_to_end_fault_reason(enum end_to_end_fault fault);
/* What to do about a refusal that an agent explains so; NULL: it is none by its keys. */
const char *services_refusal_remedy(const char *reason);

/* What a service relays: connections, or sessions of datagrams. */
enum service_protocol { SERVICE_TCP, SERVICE_UDP };

struct service_offer { /* one service as it is announced */
    uint32_t id;
    const char *name;
    const char *to[SERVICE_DESTINATIONS_MAX]; /* tried in order */
    size_t to_count;
    enum service_protocol protocol; /* UDP needs the feature `datagram` */
    enum connect_from from;         /* LOOPBACK needs FEATURE_CONNECT_FROM */
    bool takes_bans;                /* its agents may send `bans` of it */
    enum proxy_version proxy;       /* of the header that the destination gets; needs FEATURE_PROXY */
    bool end_to_end;                /* its clients come by visitors alone, with TLS that this agent ends */
    struct health_check check;
};

struct services_part { /* agent: a parsed `services` */
    const json_t *add, *remove;
    size_t add_count, remove_count;
    uint64_t version;
    bool more; /* another part follows */
};
int services_parse(struct services_part *part, const json_t *json, struct error *error); /* checks all of it */
void services_get(const struct services_part *part, size_t index, struct service_offer *offer);
uint32_t services_removed(const struct services_part *part, size_t index);

struct services_writer { /* server: a `services` in the making */
    json_t *json, *add;
    size_t size, count;
    bool fails;
};
void services_write(struct services_writer *writer, uint64_t version);
/* False, and nothing is added: the part is full. The first service always fits. */
bool services_write_offer(struct services_writer *writer, const struct service_offer *offer);
/* The service with this id is not to be asked for any more; SERVICES_PART_MAX of them at most. */
void services_write_removed(struct services_writer *writer, uint32_t id);
char *services_finish(struct services_writer *writer, bool more); /* malloc'ed; NULL: out of memory */

struct services_ack { /* server: a parsed `services_ack` */
    const json_t *refused;
    struct health_reports reports; /* of services that it permits */
    size_t count, next;
    uint64_t version;
};
int services_ack_parse(struct services_ack *ack, const json_t *json, struct error *error); /* checks all of it */
/* Why the agent refuses this service; NULL: it permits it. To be asked with growing ids. */
const char *services_ack_find(struct services_ack *ack, uint32_t id);

struct services_ack_writer { /* agent: a `services_ack` in the making */
    json_t *json, *refused;
    size_t reports;
    bool fails;
};
void services_ack_write(struct services_ack_writer *writer, uint64_t version);
void services_ack_refuse(struct services_ack_writer *writer, uint32_t id, const char *reason); /* with growing ids */
/* False: HEALTH_REPORTS_MAX are there already. */
bool services_ack_report(struct services_ack_writer *writer, const struct health_report *report);
char *services_ack_finish(struct services_ack_writer *writer); /* malloc'ed; NULL: out of memory */

#endif
