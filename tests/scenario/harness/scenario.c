/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * scenario: the main of a scenario test.
 */
#include "config.h"

#include "harness/scenario.h"

#include "harness/deadline.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char folder_variable[] = "MUNNEL_SCENARIO_FOLDER";

bool scenario_runs_slow(void) {
    const char *wanted = getenv("MUNNEL_SLOW_TESTS");
    return wanted && strcmp(wanted, "1") == 0;
}

const char *scenario_folder(void) {
    const char *folder = getenv(folder_variable);
    ck_assert_msg(folder, "%s is not set: run the test by its main", folder_variable);
    return folder;
}

static void make_folder(void) {
    const char *parent = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/munnel-scenario-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(path)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    setenv(folder_variable, path, 1);
}

/* What is still there belongs to tests that failed. */
static void name_what_is_kept(void) {
    const char *path = getenv(folder_variable);
    if (!path || rmdir(path) == 0)
        return;
    DIR *folder = opendir(path);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] != '.')
            printf("# kept: %s/%s\n", path, entry->d_name);
    }
    closedir(folder);
}

static void find_programs(void) {
    const char *top = getenv("top_builddir");
    char *whole = realpath(top ? top : ".", NULL); /* agents run in folders of their own */
    if (whole && !getenv("MUNNEL_BIN"))
        setenv("MUNNEL_BIN", whole, 1);
    free(whole);
}

/* A thousand connections need a descriptor at each end, and the programs inherit the limit. */
static void raise_limits(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static Suite *make_suite(const char *name, const struct scenario *scenarios, size_t count) {
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < count; i++) {
        TCase *group = tcase_create(scenarios[i].test->name);
        tcase_add_test(group, scenarios[i].test);
        if (scenarios[i].before)
            tcase_add_unchecked_fixture(group, scenarios[i].before, scenarios[i].after);
        tcase_set_timeout(group, scenarios[i].seconds * slow_factor());
        suite_add_tcase(suite, group);
    }
    return suite;
}

int scenario_main(const char *name, const struct scenario *scenarios, size_t count) {
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    find_programs();
    raise_limits();
    make_folder();
    SRunner *runner = srunner_create(make_suite(name, scenarios, count));
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    name_what_is_kept();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
