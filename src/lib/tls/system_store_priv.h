/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_priv: where system_store_posix looks, for it and its test.
 * Runs on: the control thread or at start. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_SYSTEM_STORE_PRIV_H
#define MUNNEL_LIB_TLS_SYSTEM_STORE_PRIV_H

struct system_store_places {
    const char *file;           /* OpenSSL's own */
    const char *const *bundles; /* files with all authorities of a system; the last one is NULL */
};

/* The first bundle that can be read and is not empty, if OpenSSL's own file cannot; or else NULL. */
const char *system_store_bundle(const struct system_store_places *places);

#endif
