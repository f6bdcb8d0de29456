/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_table: agent: the services of one session that OPEN may name, found by id; a part of plane.h.
 *
 * Tables and their services are immutable and counted: a changed table is a new one, which shares the services that
 * stay, and a relay holds its service even when the table is replaced.
 * Runs on: any thread. Owns: its services, their texts.
 */
#ifndef MUNNEL_RELAY_SERVICE_TABLE_H
#define MUNNEL_RELAY_SERVICE_TABLE_H

#include "proto/limits.h"
#include "proto/open.h"
#include "proto/services.h"

#include <openssl/ssl.h>
#include <stdatomic.h>

/* What its last connections to its destinations brought: written by relay threads, read by any. */
struct destination_health {
    atomic_uint_fast64_t connected_us, failed_us; /* when the last one was made, and the last one failed; 0: never */
    atomic_uint refusal;                          /* why: enum refusal */
};

enum health_state { HEALTH_UNKNOWN, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

/* What the checks of a service have found. But for `before` it is the control thread's alone. */
struct served_verdict {
    enum health_state before; /* of the same service in a table before, where its checks go on from */
    enum health_state state;
    bool is_due;       /* its server has yet to be told */
    uint64_t since_us; /* clock_us() */
    char detail[HEALTH_DETAIL_SIZE];
};

struct acl;

struct served_service {
    atomic_uint references;
    struct acl *own_rules; /* its destinations alone, which this agent publishes itself; NULL: the agent's rules hold */
    atomic_bool is_withdrawn; /* of such a one: no more clients */
    struct destination_health health;
    struct health_check check;
    struct served_verdict *verdict; /* NULL: it is not checked */
    atomic_uint udp_sessions;       /* those that run */
    uint32_t id;
    size_t to_count, size; /* size: bytes of memory */
    const char *name;
    const char *to[SERVICE_DESTINATIONS_MAX]; /* tried in order */
    enum service_protocol protocol;
    enum connect_from from;
    bool takes_bans;          /* of its clients, by this agent */
    bool end_to_end;          /* its clients' TLS is ended here */
    enum proxy_version proxy; /* of the header that the destination gets first */
    SSL_CTX *tls;             /* that its clients' agents speak within the relay, see stream/inner_tls.h; NULL: none */
    char texts[];
};

struct served_service *served_service_new(const struct service_offer *offer); /* one reference; NULL: no memory */
/* Before another has it: its relays are encrypted to the client's agent by this context, which it holds. */
void served_service_encrypt(struct served_service *service, SSL_CTX *context);
/* This agent publishes it: its destinations are permitted, and nothing else for it. Before it is in a table. False: no
 * memory, or a destination that cannot be one. */
bool served_service_permit(struct served_service *service);
/* Its rules if it has some, else those of the agent. */
const struct acl *served_service_rules(const struct served_service *service, const struct acl *agents);
struct served_service *served_service_hold(struct served_service *service);
void served_service_release(struct served_service *service); /* NULL is fine */
void served_service_note(struct served_service *service, bool is_connected, enum refusal refusal, uint64_t now_us);

struct service_table {
    atomic_uint references;
    char server[PROTO_SERVER_DIGITS + 1]; /* of the server's instance: the ids of its relays begin with them */
    size_t count, size;                   /* size: bytes of memory, services and all */
    size_t checked;                       /* of the services */
    struct served_service *services[];    /* by id, in growing order */
};

/* A table of the server with this instance, with one reference, of `old` (NULL: an empty one) without what the part
 * removes, and with the `count` services `added`, whose ids are higher. It takes references of its own. NULL: out of
 * memory. */
struct service_table *service_table_change(const struct service_table *old, const char *server,
                                           const struct services_part *part, struct served_service *const *added,
                                           size_t count);
struct service_table *service_table_hold(struct service_table *table);
void service_table_release(struct service_table *table);                                   /* NULL is fine */
struct served_service *service_table_find(const struct service_table *table, uint32_t id); /* NULL: none */

#endif
