/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * privilege_portable: systems without Linux's prctl; no core file is what all of them offer.
 * Runs on: start only. Owns: nothing.
 */
#include "config.h"

#include "lib/os/privilege.h"

#ifndef __linux__
#include <sys/resource.h>

void privilege_seal(void) {
    static const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
}
#endif
