/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_protocol: the header of the PROXY protocol, versions 1 and 2, as HAProxy's doc/proxy-protocol.txt has it: the
 * first bytes of a connection that a proxy makes for a client, with the client's address.
 *
 * A header is read and written as the same struct. Its values are pieces of memory that belongs to others.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_PROXY_PROTOCOL_H
#define MUNNEL_PROTO_PROXY_PROTOCOL_H

#include "lib/base/error.h"
#include "proto/open.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROXY_V1_MAX = 107,               /* bytes of a line of version 1, with CR LF */
    PROXY_V2_FIXED = 16,              /* bytes of version 2 before the addresses */
    PROXY_WRITTEN_MAX = 536,          /* bytes of a header that is sent: so each TCP takes it in one segment */
    PROXY_TLVS_MAX = FRAME_OPEN_TLVS, /* of these; besides there is room for PROTO_RELAY_ID_MAX of a unique id */
    PROXY_AUTHORITY_MAX = 255,
    PROXY_ALPN_MAX = 255,
    PROXY_UNIQUE_ID_MAX = 128,
    PROXY_TLS_TEXT_MAX = 256
};

enum proxy_version { PROXY_OFF, PROXY_V1, PROXY_V2 };
/* A health check of the proxy itself has no client: version 2 has a command for it. */
enum proxy_command { PROXY_COMMAND_LOCAL, PROXY_COMMAND_PROXY };
enum proxy_transport { PROXY_STREAM = 1, PROXY_DATAGRAM = 2 }; /* as on the wire */

struct proxy_value { /* bytes, not terminated; none: absent */
    const uint8_t *bytes;
    size_t length;
};

struct proxy_tls { /* of the client, when a proxy ended its TLS */
    bool is_used, has_certificate, is_verified;
    struct proxy_value version, cipher, common_name;
};

struct proxy_header {
    enum proxy_version version;
    enum proxy_command command;
    enum proxy_transport transport;
    bool has_addresses; /* of IP, both; else UNKNOWN or UNSPEC: of a Unix socket, for instance */
    struct open_address source, destination;
    /* What version 2 may have besides, as TLVs. */
    struct proxy_value authority; /* the host that the client asked for: SNI, Host */
    struct proxy_value alpn, unique_id;
    struct proxy_tls tls;
};

/* "off", "v1", "v2" there and back; false: it is none of these. */
bool proxy_version_parse(enum proxy_version *version, const char *text);
const char *proxy_version_name(enum proxy_version version);

/* Returns the length, PROXY_WRITTEN_MAX at most. LOCAL has no addresses and no values; version 1 has no LOCAL, and
 * writes what addresses there are. */
size_t proxy_write(uint8_t bytes[PROXY_WRITTEN_MAX], const struct proxy_header *header);

/*
 * The TLVs alone. Writing leaves out a value that is longer than its limit or finds no room in `size`: none is cut.
 * Reading takes each value from its first TLV, leaves out those above their limits, skips types that it does not know,
 * and fails, with `error`, when a length reaches beyond its end.
 */
size_t proxy_write_tlvs(uint8_t *bytes, size_t size, const struct proxy_header *header);
int proxy_read_tlvs(struct proxy_header *header, const uint8_t *bytes, size_t length, struct error *error);

struct proxy_tlvs { /* of a client, as OPEN has them */
    size_t length;
    uint8_t bytes[PROXY_TLVS_MAX];
};
/* The values of the header but the unique id, which is the relay's; malloc'ed. NULL: out of memory. */
struct proxy_tlvs *proxy_tlvs_new(const struct proxy_header *header);

enum {
    PROXY_READ_TLVS = 2048, /* bytes of TLVs that are taken; a header may say 64 KiB */
    PROXY_READ_MAX = PROXY_V2_FIXED + 216 + PROXY_READ_TLVS
};

enum proxy_read_result {
    PROXY_READ_PART,     /* all of it belongs to the header, and more is to come; less than PROXY_READ_MAX */
    PROXY_READ_WHOLE,    /* *header is filled, and its first *taken bytes are the header */
    PROXY_READ_MALFORMED /* `error` has what is wrong */
};

/* proxy_read: looks at the first bytes of a connection. Whether more of them are there makes no difference. */
enum proxy_read_result proxy_read(struct proxy_header *header, const uint8_t *bytes, size_t length, size_t *taken,
                                  struct error *error);

#endif
