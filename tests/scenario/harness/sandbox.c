/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sandbox: a test's folder, its certificates and the programs that run in it.
 */
#include "config.h"

#include "harness/sandbox.h"

#include "harness/scenario.h"
#include "harness/wine.h"

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

struct sandbox {
    char *folder;
    struct text *texts;
    struct process *processes[PROCESSES_MAX]; /* in the order of their start */
    size_t count;
    const char *environment[8];
};

static const char *keep_text(struct sandbox *sandbox, const char *format, va_list list) {
    va_list again;
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    struct text *text = malloc(sizeof *text + (size_t)length + 1);
    ck_assert_ptr_nonnull(text);
    vsnprintf(text->text, (size_t)length + 1, format, list);
    text->next = sandbox->texts;
    sandbox->texts = text;
    return text->text;
}

const char *sandbox_text(struct sandbox *sandbox, const char *format, ...) {
    va_list list;
    va_start(list, format);
    const char *text = keep_text(sandbox, format, list);
    va_end(list);
    return text;
}

const char *sandbox_path(struct sandbox *sandbox, const char *format, ...) {
    va_list list;
    va_start(list, format);
    const char *name = keep_text(sandbox, format, list);
    va_end(list);
    return sandbox_text(sandbox, "%s/%s", sandbox->folder, name);
}

const char *sandbox_program(struct sandbox *sandbox, const char *name) {
    if (wine_has(name))
        return wine_program(sandbox, name);
    const char *folder = getenv("MUNNEL_BIN");
    const char *path = sandbox_text(sandbox, "%s/%s", folder ? folder : ".", name);
    ck_assert_msg(access(path, X_OK) == 0, "%s is not there; MUNNEL_BIN names the folder of the programs", path);
    return path;
}

const char *sandbox_folder(const struct sandbox *sandbox) {
    return sandbox->folder;
}

struct sandbox *sandbox_new(const char *name) {
    struct sandbox *sandbox = calloc(1, sizeof *sandbox);
    ck_assert_ptr_nonnull(sandbox);
    size_t length = strlen(name);
    if (length > 3 && strcmp(name + length - 3, "_fn") == 0) /* what Check makes of a test's name */
        length -= 3;
    int size = asprintf(&sandbox->folder, "%s/%.*s", scenario_folder(), (int)length, name);
    ck_assert_int_gt(size, 0);
    ck_assert_msg(mkdir(sandbox->folder, 0700) == 0, "cannot make %s: %s", sandbox->folder, strerror(errno));
    sandbox->environment[0] = sandbox_text(sandbox, "STATE_DIRECTORY=%s/state", sandbox->folder);
    sandbox->environment[1] = sandbox_text(sandbox, "HOME=%s", sandbox->folder);
    sandbox->environment[2] = sandbox_text(sandbox, "XDG_STATE_HOME=%s/xdg", sandbox->folder);
    sandbox->environment[3] = "CREDENTIALS_DIRECTORY=";
    sandbox->environment[4] = "MALLOC_PERTURB_=165"; /* freed memory that is still used shows */
    sandbox->environment[5] =
        "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"; /* what threads keep back would seem in use */
    sandbox->environment[6] = "https_proxy=";         /* no agent goes by the proxy of who runs the tests */
    return sandbox;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)status, (void)type, (void)where;
    return remove(path);
}

void sandbox_free(struct sandbox *sandbox) {
    for (size_t i = 0; i < sandbox->count; i++)
        process_begin_stop(sandbox->processes[i]);
    for (size_t i = 0; i < sandbox->count; i++)
        process_stop(sandbox->processes[i]);
    for (size_t i = 0; i < sandbox->count; i++)
        process_free(sandbox->processes[i]);
    nftw(sandbox->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    while (sandbox->texts) {
        struct text *next = sandbox->texts->next;
        free(sandbox->texts);
        sandbox->texts = next;
    }
    free(sandbox->folder);
    free(sandbox);
}

const char *sandbox_write(struct sandbox *sandbox, const char *name, const char *text, bool quotes) {
    const char *path = sandbox_path(sandbox, "%s", name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_msg(fd >= 0, "cannot write %s: %s", path, strerror(errno));
    FILE *file = fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    for (; *text; text++)
        fputc(quotes && *text == '\'' ? '"' : *text, file);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

void sandbox_share(const char *path, gid_t group, mode_t mode) {
    ck_assert_msg(chown(path, 0, group) == 0 && chmod(path, mode) == 0, "%s: %s", path, strerror(errno));
}

const char *sandbox_pki(struct sandbox *sandbox, const char *name) {
    const char *folder = sandbox_path(sandbox, "%s", name);
    if (access(folder, F_OK) == 0)
        return folder;
    const char *label = sandbox_text(sandbox, "init-%s", name);
    int code = sandbox_do(sandbox, label, sandbox_program(sandbox, "munnel"), "init", folder, NULL);
    ck_assert_msg(code == 0, "munnel init %s: exit code %d: %s", folder, code, sandbox_output(sandbox, label));
    return folder;
}

struct process *sandbox_run_plan(struct sandbox *sandbox, struct process_plan plan) {
    ck_assert_uint_lt(sandbox->count, PROCESSES_MAX);
    plan.logs = sandbox->folder;
    plan.environment = plan.environment ? plan.environment : sandbox->environment;
    struct wine_start start;
    if (wine_runs(plan.arguments[0]))
        wine_plan(sandbox, &plan, &start);
    struct process *process = process_start(&plan);
    sandbox->processes[sandbox->count++] = process;
    return process;
}

static struct process *run(struct sandbox *sandbox, const char *name, va_list list) {
    const char *arguments[ARGUMENTS_MAX];
    size_t count = 0;
    do
        ck_assert_uint_lt(count, ARGUMENTS_MAX);
    while ((arguments[count++] = va_arg(list, const char *)));
    return sandbox_run_plan(sandbox, (struct process_plan){.name = name, .arguments = arguments});
}

struct process *sandbox_run(struct sandbox *sandbox, const char *name, ...) {
    va_list list;
    va_start(list, name);
    struct process *process = run(sandbox, name, list);
    va_end(list);
    return process;
}

int sandbox_do(struct sandbox *sandbox, const char *name, ...) {
    va_list list;
    va_start(list, name);
    struct process *process = run(sandbox, name, list);
    va_end(list);
    return process_wait(process, DO_MS);
}

const char *sandbox_output(struct sandbox *sandbox, const char *name) {
    for (size_t i = sandbox->count; i-- > 0;) {
        if (strcmp(process_name(sandbox->processes[i]), name) != 0)
            continue;
        char *output = process_output(sandbox->processes[i], 0);
        const char *kept = sandbox_text(sandbox, "%s", output);
        free(output);
        return kept;
    }
    ck_abort_msg("nothing by the name %s has run", name);
}

static void take_out(struct sandbox *sandbox, struct process *process) {
    for (size_t i = 0; i < sandbox->count; i++) {
        if (sandbox->processes[i] != process)
            continue;
        memmove(sandbox->processes + i, sandbox->processes + i + 1,
                (--sandbox->count - i) * sizeof *sandbox->processes);
        process_free(process);
        return;
    }
}

void sandbox_end(struct sandbox *sandbox, struct process *process) {
    process_stop(process);
    take_out(sandbox, process);
}

void sandbox_kill(struct sandbox *sandbox, struct process *process) {
    take_out(sandbox, process); /* process_free kills */
}

static const char *find_in_path(struct sandbox *sandbox, const char *program) {
    const char *path = getenv("PATH");
    char *all = strdup(sandbox_text(sandbox, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin")), *rest = all;
    const char *found = NULL;
    for (char *folder; !found && (folder = strsep(&rest, ":"));) {
        const char *candidate = sandbox_text(sandbox, "%s/%s", folder, program);
        found = access(candidate, X_OK) == 0 ? candidate : NULL;
    }
    free(all);
    return found;
}

const char *sandbox_peer(struct sandbox *sandbox, const char *program) {
    const char *found = find_in_path(sandbox, program);
    const char *ci = getenv("CI");
    if (found)
        return found;
    ck_assert_msg(!ci || strcmp(ci, "true") != 0, "%s is not installed", program);
    printf("# skipped: %s is not installed (%s)\n", program, strrchr(sandbox->folder, '/') + 1);
    return NULL;
}
