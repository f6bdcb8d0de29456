/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * open: OPEN as bytes, and the JSON of its answers OPENED, REFUSED and RESET.
 *
 * OPEN has a fixed size, and for some services more behind it: each client costs one.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_OPEN_H
#define MUNNEL_PROTO_OPEN_H

#include "lib/base/error.h"
#include "lib/net/addr.h"
#include "proto/frame.h"
#include "proto/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct open_address { /* of TCP */
    uint8_t host[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint16_t port;    /* 0 with :: there is no address, as with a Unix socket; 0 alone: a balancer has not told it */
};

struct open_request {
    uint64_t relay; /* the counter in the relay's id */
    uint32_t service, budget_ms;
    uint16_t flags;
    /* local: where the server listens for the service; :: or 0.0.0.0: everywhere. Of a service with a PROXY header: the
     * address that the client has connected to. */
    struct open_address client, local;
    const uint8_t *tlvs; /* of the client, for the PROXY header, see proxy_protocol.h; within the bytes parsed */
    size_t tlvs_length;  /* FRAME_OPEN_TLVS at most */
};

/* Flags that a later version may set: those of the one kind an agent may ignore, those of the other end the link. */
enum { OPEN_FLAGS_IGNORED = 0x00ff, OPEN_FLAGS_NEEDED = 0xff00 };

enum {
    OPEN_FLAG_CHECK = 0x0001, /* the client is the server itself, which checks the service */
    OPEN_FLAG_LIMITED =
        0x0002,              /* a limit of bandwidth holds back what the destination sends: to wait for it is no bulk */
    OPEN_FLAG_VISIT = 0x0100 /* for a client of the agent's own, see visits.h: `service` is its ticket */
};

int open_parse(struct open_request *open, const uint8_t *bytes, size_t length, struct error *error);
size_t open_format(uint8_t bytes[FRAME_OPEN_MOST], const struct open_request *open); /* the length */

struct open_address open_address_of(const struct addr *addr);
struct addr open_address_to_addr(const struct open_address *address); /* of IPv4 or IPv6 */
bool open_address_is_none(const struct open_address *address);        /* as of a Unix socket */
bool open_address_is_ipv4(const struct open_address *address);
/* As addr_format writes it, "unix:" where there is none; returns `text`. */
char *open_address_format(const struct open_address *address, char *text, size_t size);

/* REFUSED codes: REFUSAL(name, code on the wire, counts against the agent) */
#define REFUSALS(R)                                                                                                    \
    R(REFUSED, "refused", true)                                                                                        \
    R(TIMEOUT, "timeout", true)                                                                                        \
    R(DNS, "dns", true)                                                                                                \
    R(DENIED, "denied", true)                                                                                          \
    R(BUSY, "busy", false)                                                                                             \
    R(DRAINING, "draining", false)                                                                                     \
    R(UNKNOWN_SERVICE, "unknown_service", false)
enum refusal {
#define REFUSAL_ENUM(name, code, counts) REFUSAL_##name,
    REFUSALS(REFUSAL_ENUM)
#undef REFUSAL_ENUM
        REFUSAL_COUNT
};
bool refusal_counts(enum refusal refusal);
const char *refusal_code(enum refusal refusal); /* as on the wire: "timeout" */

/* OPENED: {"address":…,"dial_ms":n,"lookup_ms":n}, of which the look-up is a part; REFUSED: {"code":…,"message":…};
 * RESET: {"reason":…}. Lengths, 0 if too small. */
size_t opened_format(char *text, size_t size, const char *address, unsigned dial_ms, unsigned lookup_ms);
size_t refused_format(char *text, size_t size, enum refusal code, const char *detail);
size_t reset_format(char *text, size_t size, const char *reason);
void opened_parse(const uint8_t *text, size_t length, char address[PROTO_DETAIL_SIZE], unsigned *dial_ms,
                  unsigned *lookup_ms);
void refused_parse(const uint8_t *text, size_t length, enum refusal *code, char detail[PROTO_DETAIL_SIZE]);
void reset_parse(const uint8_t *text, size_t length, char reason[PROTO_DETAIL_SIZE]);

#endif
