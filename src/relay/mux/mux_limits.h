/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mux_limits: windows, times, and what a peer may cost; a part of mux.h.
 */
#ifndef MUNNEL_RELAY_MUX_MUX_LIMITS_H
#define MUNNEL_RELAY_MUX_MUX_LIMITS_H

#include "relay/mux/send_buffer.h"

enum {
    MUX_WINDOW_SHARED = 65536, /* of one direction of a stream: sent and not yet taken by the peer's reader */
    MUX_WINDOW_EXCLUSIVE = 4 * 1024 * 1024,
    MUX_WINDOW_FIRST = 4 * SEND_BUFFER_BURST, /* of the sender's own, on an exclusive carrier; grows where that helps */
    MUX_TURN_CARRIER = 65536,                 /* what a carrier sends before other events are served */
    MUX_BLOCKED_MS = 120000,                  /* how long a carrier waits for what precedes; then the stream is reset */
    MUX_CONFIRM_MS = 300000 /* how long the peer may take to confirm ends: it may be blocked, and slow */
};

/*
 * What a session's peer may cost. An honest one reaches none of these: mux_open keeps to half of the streams that an
 * agent takes, whose outcomes it may forget a PING later than its server; answers to 65,536 streams that all come back,
 * and their OPENs and RESETs, are 14 MiB; and a sender keeps what it has sent within SEND_MEMORY_LIMIT, and
 * SEND_MEMORY_FLOOR for each stream.
 */
enum {
    MUX_STREAMS_MOST = 1 << 16,               /* that mux_open opens: live, or over and not yet confirmed by the peer */
    MUX_SESSIONS_MOST = MUX_STREAMS_MOST / 2, /* of datagrams among them, which anybody can make: bytes have the rest */
    MUX_UNREAD_MOST = 16 * 1024 * 1024,       /* bytes of frames other than DATA put to carriers that are full */
    MUX_WAITING_MOST = 2 * SEND_MEMORY_LIMIT  /* bytes that readers have not consumed; more for each stream */
};

#endif
