/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * limits: the version of the protocol, and sizes that both sides agree on.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_LIMITS_H
#define MUNNEL_PROTO_LIMITS_H

enum {
    PROTO_VERSION = 2,
    PROTO_NAME_MAX = 64,     /* bytes of the name of an agent, a credential or a group */
    PROTO_INSTANCE_HEX = 33, /* size of a process's instance or a session's id: 32 hexadecimal digits and NUL */
    PROTO_SERVER_DIGITS = 8, /* of a server's instance, in the ids of its relays */
    PROTO_RELAY_ID_MAX = 32, /* bytes of a relay's id */
    PROTO_DETAIL_SIZE = 160, /* size of a text for people in OPENED, REFUSED and RESET, with NUL */
    PROTO_THREADS_MAX = 64,  /* relay threads of a server */
    PROTO_RESUME_MAX_S = 3600,
    PROTO_REASON_MAX = 256 /* bytes of a text for people in REJECT and CONTROL */
};

#endif
