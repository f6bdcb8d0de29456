/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reason: why a relay or a link ended; one table for logs, counters and the wire.
 */
#ifndef MUNNEL_RELAY_REASON_H
#define MUNNEL_RELAY_REASON_H

#include <stdbool.h>

/* REASON(name, text, whole): whole = both streams were complete */
#define RELAY_REASONS(R)                                                                                               \
    R(DONE, "done", true)                                                                                              \
    R(CLIENT_RESET, "the client reset the connection", false)                                                          \
    R(DESTINATION_RESET, "the destination reset the connection", false)                                                \
    R(LINK_LOST, "the link to the other side was lost", false)                                                         \
    R(LINK_SILENT, "the other side went silent", false)                                                                \
    R(PEER_RESET, "the other side ended the relay", false)                                                             \
    R(PROTOCOL, "the other side broke the protocol", false)                                                            \
    R(NO_AGENT, "no agent could serve", false)                                                                         \
    R(REFUSED, "the destination could not be reached", false)                                                          \
    R(TIMEOUT, "no answer within the connect timeout", false)                                                          \
    R(IDLE_TIMEOUT, "idle for longer than idle_timeout", false)                                                        \
    R(HALF_CLOSE_TIMEOUT, "half-closed without progress for half_close_timeout", false)                                \
    R(STALLED, "the peer stopped acknowledging", false)                                                                \
    R(STOPPED, "the program was stopped", false)                                                                       \
    R(MEMORY, "out of memory", false)                                                                                  \
    R(DENIED, "refused by a rule", false)                                                                              \
    R(LIMIT, "over a limit", false)

enum relay_reason {
#define RELAY_REASON_ENUM(name, text, whole) REASON_##name,
    RELAY_REASONS(RELAY_REASON_ENUM)
#undef RELAY_REASON_ENUM
        REASON_COUNT
};

const char *reason_text(enum relay_reason reason);

#endif
