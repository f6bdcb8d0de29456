/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * unit: see unit.h.
 *
 * The program makes one folder; each test, most often a forked process, makes its own inside it. The program removes
 * them all at its end, so that a test that crashes leaves nothing behind either.
 */
#include "config.h"

#include "unit.h"

#include "lib/base/clock.h"
#include "unit_system.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { TIME_FACTOR = 5 }; /* a sanitizer slows everything down */
#else
enum { TIME_FACTOR = 1 };
#endif
enum { POLL_MS = 2, TEST_LIMIT_S = 20 };

/* What the one test that this process runs has asked for; the program is a main of its own, so nothing is shared. */
struct path {
    struct path *next;
    char text[];
};
static char program_folder[4096];
static pid_t program;
static char test_folder[sizeof program_folder + 8];
static struct path *paths;

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)status, (void)where;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

static void clean_up(void) {
    while (paths) {
        struct path *next = paths->next;
        free(paths);
        paths = next;
    }
    if (program == getpid() && program_folder[0]) /* a forked test inherits this handler */
        (void)nftw(program_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static bool make_program_folder(void) {
    char parent[2048];
    program = getpid();
    if (!unit_system_make_folder(program_folder, sizeof program_folder, unit_system_temporary(parent, sizeof parent),
                                 "munnel-unit-")) {
        fprintf(stderr, "cannot make the folder %s: %s\n", program_folder, strerror(errno));
        return false;
    }
    atexit(clean_up);
    return true;
}

/* Where one process runs all tests, each needs a folder of its own as well. */
static void end_test(void) {
    test_folder[0] = '\0';
}

static TCase *prepare(TCase *group) {
    tcase_add_checked_fixture(group, NULL, end_test);
    return group;
}

int unit_main(const char *name, const unit_group *groups, size_t count) {
    char limit[16];
    snprintf(limit, sizeof limit, "%d", TEST_LIMIT_S * TIME_FACTOR);
    if (!getenv("CK_DEFAULT_TIMEOUT"))
        unit_system_set_environment("CK_DEFAULT_TIMEOUT", limit);
    unit_system_begin();
    if (!make_program_folder())
        return EXIT_FAILURE;

    Suite *suite = suite_create(name);
    for (size_t i = 0; i < count; i++)
        suite_add_tcase(suite, prepare(groups[i]()));
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

TCase *unit_walks(const char *name, const TTest *test, int count) {
    TCase *group = tcase_create(name);
    const char *only = getenv("MUNNEL_TEST_SEED");
    int first = only ? (int)strtol(only, NULL, 10) : 0;
    tcase_add_loop_test(group, test, first, only ? first + 1 : count);
    return group;
}

const char *unit_folder(void) {
    if (test_folder[0])
        return test_folder;
    ck_assert_msg(unit_system_make_folder(test_folder, sizeof test_folder, program_folder, ""), "cannot make %s: %s",
                  test_folder, strerror(errno));
    return test_folder;
}

const char *unit_path(const char *name) {
    const char *in = unit_folder();
    size_t size = strlen(in) + 1 + strlen(name) + 1;
    struct path *path = malloc(sizeof *path + size);
    ck_assert_ptr_nonnull(path);
    snprintf(path->text, size, "%s/%s", in, name);
    path->next = paths;
    paths = path;
    return path->text;
}

const char *unit_file(const char *name, const void *bytes, size_t length) {
    const char *path = unit_path(name);
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file, "cannot write %s: %s", path, strerror(errno));
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    unit_keep_to_owner(path);
    return path;
}

const char *unit_text_file(const char *name, const char *text) {
    return unit_file(name, text, strlen(text));
}

char *unit_read(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file, "cannot read %s: %s", path, strerror(errno));
    size_t used = 0, size = 4096;
    char *bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    for (size_t got; (got = fread(bytes + used, 1, size - used - 1, file)) > 0;) {
        used += got;
        if (size - used - 1 > 0)
            continue;
        bytes = realloc(bytes, size *= 2);
        ck_assert_ptr_nonnull(bytes);
    }
    ck_assert_msg(!ferror(file), "cannot read %s", path);
    fclose(file);
    bytes[used] = '\0';
    if (length)
        *length = used;
    return bytes;
}

void unit_set_environment(const char *name, const char *value) {
    ck_assert(unit_system_set_environment(name, value));
}

FILE *unit_stream_begin(void) {
    FILE *stream = fopen(unit_path("stream"), "wb");
    ck_assert_ptr_nonnull(stream);
    return stream;
}

char *unit_stream_end(FILE *stream) {
    ck_assert_int_eq(fclose(stream), 0);
    return unit_read(unit_path("stream"), NULL);
}

static void on_tick(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context; /* only to come back from the loop */
}

bool unit_run_until(struct event_base *base, unit_condition condition, void *context, unsigned limit_ms) {
    const struct timeval period = {0, POLL_MS * 1000};
    struct event *tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
    ck_assert_ptr_nonnull(tick);
    ck_assert_int_eq(event_add(tick, &period), 0);
    uint64_t end = clock_ms() + (uint64_t)limit_ms * TIME_FACTOR;
    bool holds;
    while (!(holds = condition(context)) && clock_ms() < end)
        ck_assert_int_ne(event_base_loop(base, EVLOOP_ONCE), -1);
    event_free(tick);
    return holds;
}

void unit_nap(unsigned us) {
    const struct timespec time = {us / 1000000, us % 1000000 * 1000L};
    nanosleep(&time, NULL);
}

bool unit_wait_until(unit_condition condition, void *context, unsigned limit_ms) {
    uint64_t end = clock_ms() + (uint64_t)limit_ms * TIME_FACTOR;
    bool holds;
    while (!(holds = condition(context)) && clock_ms() < end)
        unit_nap(POLL_MS * 1000);
    return holds;
}

void unit_run_rounds(struct event_base *base, unsigned rounds) {
    for (unsigned i = 0; i < rounds; i++)
        ck_assert_int_ne(event_base_loop(base, EVLOOP_NONBLOCK), -1);
}
