/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_priv: what differs by system of system_store, and where system_store_posix looks, for it and its test.
 * Runs on: the control thread or at start. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_SYSTEM_STORE_PRIV_H
#define MUNNEL_LIB_TLS_SYSTEM_STORE_PRIV_H

#include <stdint.h>

/* Another number when system_store_use() would read something else, and only then: a new context takes memory as long
 * as a connection of it lives. */
uint64_t system_store_stamp(void);
extern const unsigned system_store_look_ms; /* the least time between two stamps */

struct system_store_places {
    const char *file;           /* OpenSSL's own */
    const char *const *bundles; /* files with all authorities of a system; the last one is NULL */
};

/* The first bundle that can be read and is not empty, if OpenSSL's own file is not so; or else NULL. */
const char *system_store_bundle(const struct system_store_places *places);

#endif
