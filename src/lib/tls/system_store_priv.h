/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * system_store_priv: where system_store_posix looks, for it and its test.
 * Runs on: the control thread or at start. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_SYSTEM_STORE_PRIV_H
#define MUNNEL_LIB_TLS_SYSTEM_STORE_PRIV_H

struct system_store_places {
    const char *file, *folder;  /* where OpenSSL looks by itself; in the folder by names that are made of digests */
    const char *const *bundles; /* files with all authorities of a system; the last one is NULL */
};

/* The first bundle that can be read if OpenSSL has nothing to find in its own places, or else NULL. */
const char *system_store_bundle(const struct system_store_places *places);

#endif
