/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fd_count: see fd_count.h. /dev/fd is there on Linux, macOS and the BSDs.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/os/fd_count.h"

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The folder itself needs one, too. */
static int descriptors_when_none_is_left(void) {
    struct rlimit limit;

    return errno == EMFILE && getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (int)limit.rlim_cur : 0;
}

/* Since 6.2 Linux has the number as the size of the folder. Reading it takes milliseconds with 10,000 descriptors. */
static int count_by_size(void) {
    struct stat folder;

    return stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0 ? (int)folder.st_size : 0;
}

int fd_count(void) {
    int known = count_by_size();
    if (known)
        return known;
    DIR *folder = opendir("/dev/fd");
    int count = 0;

    if (!folder)
        return descriptors_when_none_is_left();
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count - 1; /* without the one that reads the folder */
}
