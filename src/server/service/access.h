/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * access: which client addresses a service takes, and how many clients of each at once and per second.
 * Runs on: the control thread. Owns: its rules and counts. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SERVICE_ACCESS_H
#define MUNNEL_SERVER_SERVICE_ACCESS_H

#include "conf/server_config.h"
#include "lib/net/addr.h"

#include <stdint.h>

struct access;
struct bandwidth;

struct access *access_new(const struct service_config *conf, struct error *error); /* NULL with `error` */
void access_free(struct access *access);
/* A reload: the clients that `from` has counted count here from now on, and their relays obey the limits here; `from`
 * is left without any. */
void access_take_over(struct access *access, struct access *from);

/* ACCESS(name, label of metrics, detail for the log): why a client is not served */
#define ACCESS_VERDICTS(V)                                                                                             \
    V(ADMITTED, "", "")                                                                                                \
    V(DENIED, "denied", "this address is denied")                                                                      \
    V(NOT_ALLOWED, "not_allowed", "this address is not among those allowed")                                           \
    V(BANNED, "banned", "this address is banned for a time")                                                           \
    V(MAX_CLIENTS, "max_clients", "as many clients as max_clients allows")                                             \
    V(MAX_PER_SOURCE, "max_per_source", "as many clients from one address as max_per_source allows")                   \
    V(MAX_RATE, "max_rate", "as many new clients a second from one address as max_rate allows")                        \
    V(PROXY_NOT_LISTED, "proxy_not_listed", "this address is none that accept_proxy lists")                            \
    V(PROXY_MALFORMED, "proxy_malformed", "no valid PROXY header")                                                     \
    V(PROXY_TIMEOUT, "proxy_timeout", "no PROXY header within the deadline")                                           \
    V(PROXY_FULL, "proxy_full", "too many connections without a PROXY header yet")                                     \
    V(MEMORY, "memory", "out of memory")

enum access_verdict {
#define ACCESS_VERDICT_ENUM(name, label, detail) ACCESS_##name,
    ACCESS_VERDICTS(ACCESS_VERDICT_ENUM)
#undef ACCESS_VERDICT_ENUM
        ACCESS_VERDICT_COUNT
};
const char *access_verdict_label(enum access_verdict verdict);
const char *access_verdict_detail(enum access_verdict verdict);

/* ACCESS_ADMITTED: it is counted until access_left, if access_counts; a client that came without a limit is not. */
enum access_verdict access_judge(struct access *access, const struct addr *peer, uint64_t now_us);
bool access_counts(const struct access *access);
void access_left(struct access *access, const struct addr *peer); /* one that is counted */
void access_tick(struct access *access, uint64_t now_us);         /* once a second: frees sources without clients */
/* A limit for relays to the client's address, which changes with the configuration; a reference for the caller. NULL:
 * it is not counted. */
struct bandwidth *access_bandwidth(const struct access *access, const struct addr *peer);
size_t access_sources(const struct access *access);

#endif
