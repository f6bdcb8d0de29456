/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * privilege_linux: no new privileges, no dumps. privilege_portable.c is its counterpart.
 * Runs on: start only. Owns: nothing.
 */
#include "config.h"

#include "lib/os/privilege.h"

#ifdef __linux__
#include <sys/prctl.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { DUMPABLE = 1 }; /* LeakSanitizer looks from outside, as a debugger does */
#else
enum { DUMPABLE = 0 };
#endif

void privilege_seal(void) {
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
    (void)prctl(PR_SET_DUMPABLE, (unsigned long)DUMPABLE, 0UL, 0UL, 0UL);
}
#endif
