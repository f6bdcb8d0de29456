/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proc_stats: see proc_stats.h.
 */
#include "config.h"

#include "harness/proc_stats.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

unsigned proc_stats_descriptors(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    if (!folder && errno == EACCES && geteuid() != 0) {
        printf("# skipped: only root sees the descriptors of a program that cannot be dumped\n");
        return 0;
    }
    ck_assert_msg(folder, "cannot read %s", path);
    unsigned count = 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* The number behind `key` in a file of "key: number kB" lines; 0 if it is not there. */
static unsigned number_in(pid_t pid, const char *name, const char *key) {
    char path[64], line[256];
    unsigned number = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    while (number == 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, strlen(key)) == 0)
            sscanf(line + strlen(key), " %u", &number);
    }
    fclose(file);
    return number;
}

unsigned proc_stats_memory_kb(pid_t pid) {
    return number_in(pid, "status", "RssAnon:");
}

unsigned proc_stats_cpu_ms(pid_t pid) {
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file, "cannot read %s", path);
    size_t got = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[got] = '\0';
    const char *behind_name = strrchr(text, ')');
    ck_assert_ptr_nonnull(behind_name);
    sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (unsigned)((user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
}

/* Of one thread, by its "status"; 0 while it runs. */
static unsigned long switches_of(const char *path) {
    char line[256], state = 'R';
    unsigned long all = 0, some;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        (void)sscanf(line, "State: %c", &state);
        if (sscanf(line, "voluntary_ctxt_switches: %lu", &some) == 1 ||
            sscanf(line, "nonvoluntary_ctxt_switches: %lu", &some) == 1)
            all += some;
    }
    if (file)
        fclose(file);
    return state == 'S' ? all : 0;
}

unsigned long proc_stats_switches(pid_t pid) {
    char path[64], status[384];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    ck_assert_msg(folder, "cannot read %s", path);
    unsigned long all = 0, some = 1;
    for (struct dirent *entry; some > 0 && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(status, sizeof status, "%s/%s/status", path, entry->d_name);
        some = switches_of(status);
        all += some;
    }
    closedir(folder);
    return some > 0 ? all : 0;
}

bool proc_stats_sanitized(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}
