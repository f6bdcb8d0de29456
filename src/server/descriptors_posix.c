/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * descriptors: see descriptors.h. /dev/fd is there on Linux, macOS and the BSDs.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "server/descriptors.h"

#include <dirent.h>

int descriptors_count(void) {
    DIR *folder = opendir("/dev/fd");
    int count = 0;

    if (!folder)
        return -1;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count - 1; /* without the one that reads the folder */
}
