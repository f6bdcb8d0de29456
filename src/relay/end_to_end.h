/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * end_to_end: what becomes of the TLS between the two agents of a relay, for records and metrics; how much of it a
 * thread does at once.
 */
#ifndef MUNNEL_RELAY_END_TO_END_H
#define MUNNEL_RELAY_END_TO_END_H

#include <stdint.h>

/* R(name, label): of its handshake; all but the first also of what fails later */
#define END_TO_END_RESULTS(R)                                                                                          \
    R(DONE, "done")                                                                                                    \
    R(KEY, "key") /* the peer has another key, or none */                                                              \
    R(CUT, "cut") /* the bytes, or the relay, ended too early */                                                       \
    R(TLS, "tls") /* it is no TLS, or bytes were changed on their way */                                               \
    R(TIMEOUT, "timeout")                                                                                              \
    R(MEMORY, "memory")

enum end_to_end_result {
#define END_TO_END_ENUM(name, label) END_TO_END_##name,
    END_TO_END_RESULTS(END_TO_END_ENUM)
#undef END_TO_END_ENUM
        END_TO_END_RESULT_COUNT
};

struct inner_tls_pace { /* of a thread's handshakes, see stream/inner_tls.h; all zero at first */
    uint64_t turn_us;
    unsigned steps; /* in it */
};

const char *end_to_end_label(enum end_to_end_result result);

#endif
