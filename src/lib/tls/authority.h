/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * authority: what an authority of Windows' stores is trusted for. Only files of Windows include it.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_TLS_AUTHORITY_H
#define MUNNEL_LIB_TLS_AUTHORITY_H

#include <stdbool.h>
#include <winsock2.h>

#include <windows.h>

#include <wincrypt.h>

/* By its extension, and by what Windows or an administrator has noted beside it. */
bool authority_may_verify_servers(PCCERT_CONTEXT certificate);

/* Two notes that belong together; where pbData is NULL it is not there. */
struct authority_limit {
    CRYPT_DATA_BLOB date;     /* a FILETIME, from which on it is not trusted; else it is not at all */
    CRYPT_DATA_BLOB purposes; /* an encoded list of what for; else it is not for any purpose */
};

/* Does it concern servers at that time? For what cannot be understood: true. */
bool authority_limit_holds(const struct authority_limit *limit, const FILETIME *now);

#endif
