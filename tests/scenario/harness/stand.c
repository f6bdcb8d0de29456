/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stand: what a test stands on: its folder, certificates and the programs that run in it.
 */
#include "config.h"

#include "harness/stand.h"

#include "harness/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROCESSES_MAX = 64, ARGUMENTS_MAX = 40, DO_MS = 30000 };

struct text {
    struct text *next;
    char text[];
};

struct stand {
    char *folder;
    struct text *texts;
    struct process *processes[PROCESSES_MAX]; /* in the order of their start */
    size_t count;
    const char *environment[8];
};

static const char *keep_text(struct stand *stand, const char *format, va_list list) {
    va_list again;
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    struct text *text = malloc(sizeof *text + (size_t)length + 1);
    ck_assert_ptr_nonnull(text);
    vsnprintf(text->text, (size_t)length + 1, format, list);
    text->next = stand->texts;
    stand->texts = text;
    return text->text;
}

const char *stand_text(struct stand *stand, const char *format, ...) {
    va_list list;
    va_start(list, format);
    const char *text = keep_text(stand, format, list);
    va_end(list);
    return text;
}

const char *stand_path(struct stand *stand, const char *format, ...) {
    va_list list;
    va_start(list, format);
    const char *name = keep_text(stand, format, list);
    va_end(list);
    return stand_text(stand, "%s/%s", stand->folder, name);
}

const char *stand_program(struct stand *stand, const char *name) {
    const char *folder = getenv("MUNNEL_BIN");
    const char *path = stand_text(stand, "%s/%s", folder ? folder : ".", name);
    ck_assert_msg(access(path, X_OK) == 0, "%s is not there; MUNNEL_BIN names the folder of the programs", path);
    return path;
}

const char *stand_folder(const struct stand *stand) {
    return stand->folder;
}

struct stand *stand_new(const char *name) {
    struct stand *stand = calloc(1, sizeof *stand);
    ck_assert_ptr_nonnull(stand);
    size_t length = strlen(name);
    if (length > 3 && strcmp(name + length - 3, "_fn") == 0) /* what Check makes of a test's name */
        length -= 3;
    int size = asprintf(&stand->folder, "%s/%.*s", scenario_folder(), (int)length, name);
    ck_assert_int_gt(size, 0);
    ck_assert_msg(mkdir(stand->folder, 0700) == 0, "cannot make %s: %s", stand->folder, strerror(errno));
    stand->environment[0] = stand_text(stand, "STATE_DIRECTORY=%s/state", stand->folder);
    stand->environment[1] = stand_text(stand, "HOME=%s", stand->folder);
    stand->environment[2] = stand_text(stand, "XDG_STATE_HOME=%s/xdg", stand->folder);
    stand->environment[3] = "CREDENTIALS_DIRECTORY=";
    stand->environment[4] = "MALLOC_PERTURB_=165";                        /* freed memory that is still used shows */
    stand->environment[5] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"; /* what threads keep back would seem in use */
    return stand;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)status, (void)type, (void)where;
    return remove(path);
}

void stand_free(struct stand *stand) {
    for (size_t i = 0; i < stand->count; i++)
        process_begin_stop(stand->processes[i]);
    for (size_t i = 0; i < stand->count; i++)
        process_stop(stand->processes[i]);
    for (size_t i = 0; i < stand->count; i++)
        process_free(stand->processes[i]);
    nftw(stand->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    while (stand->texts) {
        struct text *next = stand->texts->next;
        free(stand->texts);
        stand->texts = next;
    }
    free(stand->folder);
    free(stand);
}

const char *stand_write(struct stand *stand, const char *name, const char *text, bool quotes) {
    const char *path = stand_path(stand, "%s", name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_msg(fd >= 0, "cannot write %s: %s", path, strerror(errno));
    FILE *file = fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    for (; *text; text++)
        fputc(quotes && *text == '\'' ? '"' : *text, file);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

const char *stand_pki(struct stand *stand, const char *name) {
    const char *folder = stand_path(stand, "%s", name);
    if (access(folder, F_OK) == 0)
        return folder;
    const char *label = stand_text(stand, "init-%s", name);
    int code = stand_do(stand, label, stand_program(stand, "munnel"), "init", folder, NULL);
    ck_assert_msg(code == 0, "munnel init %s: exit code %d: %s", folder, code, stand_output(stand, label));
    return folder;
}

struct process *stand_run_plan(struct stand *stand, struct process_plan plan) {
    ck_assert_uint_lt(stand->count, PROCESSES_MAX);
    plan.logs = stand->folder;
    plan.environment = plan.environment ? plan.environment : stand->environment;
    struct process *process = process_start(&plan);
    stand->processes[stand->count++] = process;
    return process;
}

static struct process *run(struct stand *stand, const char *name, va_list list) {
    const char *arguments[ARGUMENTS_MAX];
    size_t count = 0;
    do
        ck_assert_uint_lt(count, ARGUMENTS_MAX);
    while ((arguments[count++] = va_arg(list, const char *)) != NULL);
    return stand_run_plan(stand, (struct process_plan){.name = name, .arguments = arguments});
}

struct process *stand_run(struct stand *stand, const char *name, ...) {
    va_list list;
    va_start(list, name);
    struct process *process = run(stand, name, list);
    va_end(list);
    return process;
}

int stand_do(struct stand *stand, const char *name, ...) {
    va_list list;
    va_start(list, name);
    struct process *process = run(stand, name, list);
    va_end(list);
    return process_wait(process, DO_MS);
}

const char *stand_output(struct stand *stand, const char *name) {
    for (size_t i = stand->count; i-- > 0;) {
        if (strcmp(process_name(stand->processes[i]), name) != 0)
            continue;
        char *output = process_output(stand->processes[i], 0);
        const char *kept = stand_text(stand, "%s", output);
        free(output);
        return kept;
    }
    ck_abort_msg("nothing by the name %s has run", name);
}

static void take_out(struct stand *stand, struct process *process) {
    for (size_t i = 0; i < stand->count; i++) {
        if (stand->processes[i] != process)
            continue;
        memmove(stand->processes + i, stand->processes + i + 1, (--stand->count - i) * sizeof *stand->processes);
        process_free(process);
        return;
    }
}

void stand_end(struct stand *stand, struct process *process) {
    process_stop(process);
    take_out(stand, process);
}

void stand_kill(struct stand *stand, struct process *process) {
    take_out(stand, process); /* process_free kills */
}

static const char *find_in_path(struct stand *stand, const char *program) {
    const char *path = getenv("PATH");
    char *all = strdup(stand_text(stand, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin")), *rest = all;
    const char *found = NULL;
    for (char *folder; !found && (folder = strsep(&rest, ":")) != NULL;) {
        const char *candidate = stand_text(stand, "%s/%s", folder, program);
        found = access(candidate, X_OK) == 0 ? candidate : NULL;
    }
    free(all);
    return found;
}

const char *stand_peer(struct stand *stand, const char *program) {
    const char *found = find_in_path(stand, program);
    const char *ci = getenv("CI");
    if (found)
        return found;
    ck_assert_msg(!ci || strcmp(ci, "true") != 0, "%s is not installed", program);
    printf("# skipped: %s is not installed (%s)\n", program, strrchr(stand->folder, '/') + 1);
    return NULL;
}
