/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wine: see wine.h.
 */
#include "config.h"

#include "harness/wine.h"

#include "harness/deadline.h"
#include "harness/proc_stats.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char chosen[] = "MUNNEL_WINDOWS", programs[] = "MUNNEL_WINDOWS_BIN", prefix[] = "WINEPREFIX";
static const char session[] = "MUNNEL_WINE_SESSION"; /* for the test's process, which comes later */

void wine_choose(const char *list) {
    ck_assert_int_eq(setenv(chosen, list, 1), 0);
}

static bool lists(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *at = list; at && *at; at = strchr(at, ','), at = at ? at + 1 : NULL)
        if (strcspn(at, ",") == length && strncmp(at, word, length) == 0)
            return true;
    return false;
}

bool wine_has(const char *name) {
    static const char *const words[][2] = {{"munneld", "server"}, {"munnel-agent", "agent"}, {"munnel", "tool"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], name) == 0)
            return lists(getenv(chosen), words[i][1]);
    return false;
}

const char *wine_program(struct sandbox *sandbox, const char *name) {
    const char *folder = getenv(programs);
    const char *path = sandbox_text(sandbox, "%s/%s.exe", folder ? folder : ".", name);
    ck_assert_msg(access(path, R_OK) == 0, "%s is not there; %s names the folder of the Windows programs", path,
                  programs);
    return path;
}

bool wine_runs(const char *path) {
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, ".exe") == 0;
}

static const char *wine(void) {
    const char *given = getenv("WINE");
    return given && *given ? given : "wine";
}

static bool is_there(struct sandbox *sandbox, const char *folder, const char *name) {
    return access(sandbox_text(sandbox, "%s/%s", folder, name), R_OK) == 0;
}

static const char *why_not(struct sandbox *sandbox) {
    const char *folder = getenv(programs), *machine = getenv(prefix);
    if (!folder || !is_there(sandbox, folder, "munneld.exe") || !is_there(sandbox, folder, "munnel-agent.exe"))
        return sandbox_text(sandbox, "there are no Windows programs in $%s; contrib/windows/build makes them",
                            programs);
    if (!machine || !is_there(sandbox, machine, "system.reg"))
        return sandbox_text(sandbox, "$%s is no folder of wine's; contrib/windows/prefix makes one", prefix);
    return NULL;
}

bool wine_is_here(struct sandbox *sandbox) {
    const char *why = why_not(sandbox);
    if (why) {
        printf("# skipped: %s (%s)\n", why, strrchr(sandbox_folder(sandbox), '/') + 1);
        return false;
    }
    if (strchr(wine(), '/'))
        return access(wine(), X_OK) == 0;
    return sandbox_peer(sandbox, wine());
}

bool wine_can_run(const char *name, const char *list) {
    struct sandbox *sandbox = sandbox_new(name);
    bool can = wine_is_here(sandbox);
    ck_assert_msg(can || !getenv(programs), "$%s is set, and what its programs need is missing, see above", programs);
    sandbox_free(sandbox);
    wine_choose(list);
    return can;
}

bool wine_begin(struct sandbox *sandbox, unsigned ms) {
    struct process *wait = sandbox_run(sandbox, "wait", "wineserver", "-w", NULL);
    bool is_over = HOLDS_WITHIN(ms, process_is_over(wait));
    sandbox_kill(sandbox, wait);
    if (is_over)
        ck_assert_int_eq(sandbox_do(sandbox, "begin", "sh", "-c", "wineserver -p >/dev/null 2>&1", NULL), 0);
    setenv(session, is_over ? "1" : "", 1);
    return is_over;
}

bool wine_is_begun(void) {
    const char *begun = getenv(session);
    return begun && *begun;
}

void wine_end(struct sandbox *sandbox) {
    if (wine_is_begun())
        sandbox_do(sandbox, "end", "wineserver", "-k", NULL);
    unsetenv(session);
}

const char *wine_drive(struct sandbox *sandbox, const char *path) {
    return sandbox_text(sandbox, "%s/drive_c/%s", getenv(prefix), path);
}

const char *wine_command(struct sandbox *sandbox, const char *program) {
    return sandbox_text(sandbox, "DISPLAY= WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml= %s %s", wine(), program);
}

const char *wine_path(struct sandbox *sandbox, const char *path) {
    return *path == '/' ? sandbox_text(sandbox, "Z:%s", path) : path;
}

/* In so many looks, 10 ms from one to the next. */
enum { LOOKS_AT_REST = 4 };

static bool rests(const struct process *process, unsigned long *before, unsigned *same) {
    unsigned long now = proc_stats_switches(process_pid(process));
    *same = now > 0 && now == *before ? *same + 1 : 0;
    *before = now;
    return *same == LOOKS_AT_REST;
}

void wine_await_rest(const struct process *process, unsigned ms) {
    unsigned long before = 0;
    unsigned same = 0;
    ck_assert_msg(HOLDS_WITHIN(ms, rests(process, &before, &same)), "%s does not come to rest", process_name(process));
}

/* HOME and the like stay as they are: wine itself reads them. */
static const char *variable(struct sandbox *sandbox, const char *entry) {
    static const char state[] = "STATE_DIRECTORY=";
    size_t length = sizeof state - 1;
    if (strncmp(entry, state, length) != 0)
        return entry;
    return sandbox_text(sandbox, "%s%s", state, wine_path(sandbox, entry + length));
}

void wine_plan(struct sandbox *sandbox, struct process_plan *plan, struct wine_start *start) {
    const char *debug = getenv("WINEDEBUG");
    const char *const quiet[] = {sandbox_text(sandbox, "WINEDEBUG=%s", debug ? debug : "-all"),
                                 "WINEDLLOVERRIDES=mscoree,mshtml=", "DISPLAY="};
    size_t count = 0;
    start->arguments[count++] = wine();
    for (size_t i = 0; plan->arguments[i]; i++) {
        ck_assert_uint_lt(count, WINE_ARGUMENTS_MAX - 1);
        start->arguments[count++] = i == 0 ? plan->arguments[i] : wine_path(sandbox, plan->arguments[i]);
    }
    start->arguments[count] = NULL;
    for (count = 0; count < sizeof quiet / sizeof *quiet; count++)
        start->environment[count] = quiet[count];
    for (size_t i = 0; plan->environment && plan->environment[i]; i++) {
        ck_assert_uint_lt(count, WINE_VARIABLES_MAX - 1);
        start->environment[count++] = variable(sandbox, plan->environment[i]);
    }
    start->environment[count] = NULL;
    plan->arguments = start->arguments;
    plan->environment = start->environment;
    plan->stop_signal = SIGINT; /* what the program sees as Ctrl-C; SIGTERM would end it at once */
}
