/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reason: why a relay or a link ended; one table for records, logs, RESET and metrics.
 */
#ifndef MUNNEL_RELAY_REASON_H
#define MUNNEL_RELAY_REASON_H

/* REASON(name, label of metrics, text) */
#define RELAY_REASONS(R)                                                                                               \
    R(DONE, "done", "done")                                                                                            \
    R(CLIENT_RESET, "client_reset", "the client reset the connection")                                                 \
    R(DESTINATION_RESET, "destination_reset", "the destination reset the connection")                                  \
    R(LINK_LOST, "link_lost", "the link to the other side was lost")                                                   \
    R(LINK_SILENT, "link_silent", "the other side went silent")                                                        \
    R(PEER_RESET, "peer_reset", "the other side ended the relay")                                                      \
    R(PROTOCOL, "protocol", "the other side broke the protocol")                                                       \
    R(NO_AGENT, "no_agent", "no agent could serve")                                                                    \
    R(REFUSED, "refused", "the destination could not be reached")                                                      \
    R(TIMEOUT, "timeout", "no answer within the connect timeout")                                                      \
    R(IDLE_TIMEOUT, "idle_timeout", "idle for longer than idle_timeout")                                               \
    R(HALF_CLOSE_TIMEOUT, "half_close_timeout", "half-closed without progress for half_close_timeout")                 \
    R(STALLED, "stalled", "the peer stopped acknowledging")                                                            \
    R(STOPPED, "stopped", "the program was stopped")                                                                   \
    R(MEMORY, "memory", "out of memory")                                                                               \
    R(DENIED, "denied", "refused by a rule")                                                                           \
    R(LIMIT, "limit", "over a limit")                                                                                  \
    R(OPERATOR, "operator", "ended by operator")                                                                       \
    R(TLS, "tls", "its TLS handshake failed")                                                                          \
    R(END_TO_END, "end_to_end", "its end-to-end TLS failed")

enum relay_reason {
#define RELAY_REASON_ENUM(name, label, text) REASON_##name,
    RELAY_REASONS(RELAY_REASON_ENUM)
#undef RELAY_REASON_ENUM
        REASON_COUNT
};

const char *reason_text(enum relay_reason reason);
const char *reason_label(enum relay_reason reason); /* one word, for metrics */

#endif
