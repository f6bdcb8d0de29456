/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reason: why a relay or a link ended; one table for records, logs and RESET.
 */
#ifndef MUNNEL_RELAY_REASON_H
#define MUNNEL_RELAY_REASON_H

/* REASON(name, text) */
#define RELAY_REASONS(R)                                                                                               \
    R(DONE, "done")                                                                                                    \
    R(CLIENT_RESET, "the client reset the connection")                                                                 \
    R(DESTINATION_RESET, "the destination reset the connection")                                                       \
    R(LINK_LOST, "the link to the other side was lost")                                                                \
    R(LINK_SILENT, "the other side went silent")                                                                       \
    R(PEER_RESET, "the other side ended the relay")                                                                    \
    R(PROTOCOL, "the other side broke the protocol")                                                                   \
    R(NO_AGENT, "no agent could serve")                                                                                \
    R(REFUSED, "the destination could not be reached")                                                                 \
    R(TIMEOUT, "no answer within the connect timeout")                                                                 \
    R(IDLE_TIMEOUT, "idle for longer than idle_timeout")                                                               \
    R(HALF_CLOSE_TIMEOUT, "half-closed without progress for half_close_timeout")                                       \
    R(STALLED, "the peer stopped acknowledging")                                                                       \
    R(STOPPED, "the program was stopped")                                                                              \
    R(MEMORY, "out of memory")                                                                                         \
    R(DENIED, "refused by a rule")                                                                                     \
    R(LIMIT, "over a limit")

enum relay_reason {
#define RELAY_REASON_ENUM(name, text) REASON_##name,
    RELAY_REASONS(RELAY_REASON_ENUM)
#undef RELAY_REASON_ENUM
        REASON_COUNT
};

const char *reason_text(enum relay_reason reason);

#endif
