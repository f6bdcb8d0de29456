/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_log_throttle: a few lines a minute, and no number is lost.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/log/log_throttle.h"
#include "unit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60000 };

/* Atomic: the log's thread reads it, too. */
static atomic_uint_fast64_t now_ms = 1000 * MINUTE_MS;

/* In place of the real one, so that a minute takes no minute. */
uint64_t clock_ms(void) {
    return now_ms;
}

uint64_t clock_us(void) {
    return now_ms * 1000;
}

static unsigned count(const char *text, const char *word) {
    unsigned found = 0;

    for (const char *at = text; (at = strstr(at, word)); at++)
        found++;
    return found;
}

static struct log *open_log(void) {
    struct error error;
    struct log *log = log_new("test", LOG_FORMAT_TEXT, LOG_LEVEL_INFO, unit_path("log"), &error);

    ck_assert_msg(log, "%s", error.text);
    return log;
}

START_TEST(what_is_left_out_is_counted_in_the_next_line) {
    struct log_throttle throttle = {.a_minute = 2};
    struct addr from = {0};
    struct endpoint endpoint = {.host = "10.0.0.1", .port = 7};
    struct log *log = open_log();

    ck_assert(addr_from_endpoint(&from, &endpoint));
    for (int i = 0; i < 5; i++)
        log_throttle_event(&throttle, log, LOG_LEVEL_WARNING, "agents", "connection refused: not TLS", NULL, &from);
    log_throttle_event(&throttle, log, LOG_LEVEL_DEBUG, "agents", "a detail", NULL, &from); /* is not counted at all */
    now_ms += MINUTE_MS;
    log_throttle_event(&throttle, log, LOG_LEVEL_WARNING, "agents", "connection refused: not TLS",
                       "its first byte is 0x47", &from);
    log_throttle_flush(&throttle, log);
    log_free(log);
    char *text = unit_read(unit_path("log"), NULL);
    ck_assert_uint_eq(count(text, "connection refused: not TLS"), 3);
    ck_assert_uint_eq(count(text, "from=10.0.0.1:7"), 3);
    ck_assert_uint_eq(count(text, "left_out=3"), 1);
    ck_assert_uint_eq(count(text, "left_out"), 1);
    free(text);
}
END_TEST

START_TEST(what_was_left_out_is_logged_when_no_more_of_it_comes) {
    struct log_throttle throttle = {.a_minute = 1};
    struct log *log = open_log();

    for (int i = 0; i < 1000; i++)
        log_throttle_event(&throttle, log, LOG_LEVEL_WARNING, "agents", "connection refused: not TLS", NULL, NULL);
    log_throttle_flush(&throttle, log); /* not before the minute is over */
    now_ms += MINUTE_MS;
    log_throttle_flush(&throttle, log);
    log_throttle_flush(&throttle, log);
    log_free(log);
    char *text = unit_read(unit_path("log"), NULL);
    ck_assert_uint_eq(count(text, "connection refused: not TLS"), 2);
    ck_assert_uint_eq(count(text, "left_out=999"), 1);
    free(text);
}
END_TEST

static TCase *throttled(void) {
    TCase *group = tcase_create("throttled");

    tcase_add_test(group, what_is_left_out_is_counted_in_the_next_line);
    tcase_add_test(group, what_was_left_out_is_logged_when_no_more_of_it_comes);
    return group;
}

UNIT_MAIN("lib/log/log_throttle", throttled)
