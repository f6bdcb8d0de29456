/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* fd_count_windows: see fd_count.h. What has a descriptor elsewhere has a handle here; so have events and threads. */
#include "config.h"

#include "lib/os/fd_count.h"

#include <windows.h>

int fd_count(void) {
    DWORD count = 0;

    return GetProcessHandleCount(GetCurrentProcess(), &count) ? (int)count : 0;
}
