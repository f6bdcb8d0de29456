/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * link_ref: the name of a link across threads; a part of plane.h. The generation changes when the slot is reused, so
 * that a name outlives its link safely.
 */
#ifndef MUNNEL_RELAY_LINK_REF_H
#define MUNNEL_RELAY_LINK_REF_H

#include <stdbool.h>
#include <stdint.h>

struct link_ref {
    uint32_t slot;
    uint32_t generation; /* 0: no link */
    uint16_t thread;
};
static inline bool link_ref_same(struct link_ref a, struct link_ref b) {
    return a.slot == b.slot && a.generation == b.generation && a.thread == b.thread;
}

#endif
