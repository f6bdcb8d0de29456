/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* error_posix: see error.h. */
#include "config.h"

#include "lib/base/error.h"

#include <errno.h>
#include <string.h>

/* Static texts, also where POSIX would allow another thread's call to overwrite them: glibc, musl and the BSDs write
 * into memory only for a number that they do not know. */
const char *error_text(int number) {
    return strerror(number);
}

bool error_is_disk_full(int number) {
    return number == ENOSPC || number == EDQUOT;
}
