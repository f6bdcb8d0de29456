/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * flap_damping: see flap_damping.h. The first FREE short sessions cause no wait: an agent may be restarted a few times.
 */
#include "config.h"

#include "server/auth/flap_damping.h"

#include "lib/base/hash.h"
#include "lib/net/source_key.h"

#include <string.h>

enum { SHORT_SESSION_US = 10 * 1000000, FREE = 20, FIRST_S = 5, LONGEST_S = 60, FORGOTTEN_S = 60 };

struct penalty_box *flap_damping_new(void) {
    static const struct penalty_terms terms = {.free = FREE, .longest_s = LONGEST_S, .forgotten_s = FORGOTTEN_S};

    return penalty_box_new(&terms);
}

/* With its terminator: "ab", "c" is not "a", "bc". */
static uint64_t add_text(uint64_t hash, const char *text) {
    return hash_bytes(hash, text, strlen(text) + 1);
}

static uint64_t agent_key(const char *credential, const char *name, const struct addr *peer) {
    uint64_t hash = add_text(add_text(source_key_of(peer), credential), name);

    return hash ? hash : 1; /* penalty_box takes any key but 0 */
}

unsigned flap_damping_wait(struct penalty_box *box, const char *credential, const char *name, const struct addr *peer,
                           uint64_t now_us) {
    return penalty_box_left(box, agent_key(credential, name, peer), now_us);
}

void flap_damping_left(struct penalty_box *box, const struct session *session, uint64_t now_us) {
    if (!session_was_resumed(session) && now_us - session_joined_us(session) < SHORT_SESSION_US)
        penalty_box_add(box, agent_key(session_credential(session), session_name(session), session_peer(session)),
                        FIRST_S, now_us);
}
