/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * open: the JSON of OPEN, and of its answers OPENED, REFUSED and RESET, to structs and back.
 *
 * Strings from the peer are checked for length and control characters; unknown keys are ignored.
 * Runs on: any thread. Owns: nothing; parsed strings live in the struct's `json` until its open_done().
 */
#ifndef MUNNEL_PROTO_OPEN_H
#define MUNNEL_PROTO_OPEN_H

#include "lib/base/error.h"
#include "proto/limits.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPEN_DESTINATIONS_MAX = 8, OPEN_PORTS_MAX = 8 };

struct open_request { /* the JSON of OPEN, behind the relay's number */
    json_t *json;
    const char *id; /* relay id: server instance's first 8 digits, '-', a counter */
    const char *service;
    const char *to[OPEN_DESTINATIONS_MAX]; /* tried in order */
    int to_count;
    uint16_t
        ports[OPEN_PORTS_MAX]; /* where the service listens, so that an agent knows a loop; none from old servers */
    int port_count;
    const char *from;
    uint64_t timeout_ms;
};
int open_parse(struct open_request *open, const char *text, size_t length, struct error *error);
void open_done(struct open_request *open);
/* The part that is the same for each client of a service, made once: `"service":"x","to":["a:1"],"ports":[2]`;
 * malloc'ed. Ports above OPEN_PORTS_MAX are left out. */
char *open_format_terms(const char *service, char *const *to, size_t to_count, const uint16_t *ports,
                        size_t port_count);
/* The whole JSON at `text`; `id` and `from` hold no character that JSON escapes. Returns its length, 0 if `size` is too
 * small. */
size_t open_format(char *text, size_t size, const char *terms, const char *id, const char *from, unsigned timeout_ms);

/* REFUSED codes: REFUSAL(name, code on the wire, counts against the agent) */
#define REFUSALS(R)                                                                                                    \
    R(REFUSED, "refused", true)                                                                                        \
    R(TIMEOUT, "timeout", true)                                                                                        \
    R(DNS, "dns", true)                                                                                                \
    R(DENIED, "denied", true)                                                                                          \
    R(BUSY, "busy", false)                                                                                             \
    R(DRAINING, "draining", false)
enum refusal {
#define REFUSAL_ENUM(name, code, counts) REFUSAL_##name,
    REFUSALS(REFUSAL_ENUM)
#undef REFUSAL_ENUM
};
const char *refusal_name(enum refusal refusal);
bool refusal_counts(enum refusal refusal);

/* OPENED: {"address":…,"dial_ms":n}; REFUSED: {"code":…,"message":…}; RESET: {"reason":…}. Lengths, 0 if too small. */
size_t opened_format(char *text, size_t size, const char *address, unsigned dial_ms);
size_t refused_format(char *text, size_t size, enum refusal code, const char *detail);
size_t reset_format(char *text, size_t size, const char *reason);
void opened_parse(const uint8_t *text, size_t length, char address[PROTO_DETAIL_SIZE], unsigned *dial_ms);
void refused_parse(const uint8_t *text, size_t length, enum refusal *code, char detail[PROTO_DETAIL_SIZE]);
void reset_parse(const uint8_t *text, size_t length, char reason[PROTO_DETAIL_SIZE]);

#endif
