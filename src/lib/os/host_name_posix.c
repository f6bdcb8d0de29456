/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* host_name_posix: see host_name.h. */
#include "config.h"

#include "lib/os/host_name.h"

#include "lib/base/strbuf.h"

#include <unistd.h>

/* By way of a buffer for any name: for one that is cut, POSIX leaves open whether gethostname() fails or terminates. */
void host_name(char *name, size_t size) {
    char whole[HOST_NAME_SIZE] = "";

    if (gethostname(whole, sizeof whole - 1))
        *whole = '\0';
    strbuf_copy(name, size, whole);
}
