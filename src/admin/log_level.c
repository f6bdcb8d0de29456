/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_level: see log_level.h.
 */
#include "config.h"

#include "admin/log_level.h"

#include "lib/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_S = 86400 };
static const char *const levels[] = {"error", "warning", "info", "debug"};
enum { LEVELS = sizeof levels / sizeof *levels };

struct level_change {
    struct level_options options;
    struct event *back;
    uint64_t until_us; /* 0: the level is as configured, or changed until the program starts anew */
};

void level_change_get(const struct level_change *change, struct http_request *request) {
    uint64_t now_us = clock_us();
    json_t *left = json_null();

    if (change->until_us > now_us)
        left = json_integer((json_int_t)((change->until_us - now_us + 999999) / 1000000));
    http_answer_json(request, 200,
                     json_pack("{s:s,s:o}", "level", levels[log_level(change->options.log)], "for_s", left));
}

static void refuse(struct http_request *request, const char *pointer, const char *detail) {
    http_answer_problem(request, &(struct http_problem){.status = 422, .detail = detail, .pointer = pointer});
}

/* False: it has been answered. */
static bool take_level(struct http_request *request, enum log_level *level) {
    const char *name = json_string_value(json_object_get(http_request_body(request), "level"));

    for (unsigned i = 0; name && i < LEVELS; i++)
        if (strcmp(levels[i], name) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    refuse(request, "/level", "the level has to be \"error\", \"warning\", \"info\" or \"debug\"");
    return false;
}

static bool take_seconds(struct http_request *request, json_int_t *seconds) {
    const json_t *json = json_object_get(http_request_body(request), "for_s");

    *seconds = 0;
    if (!json || json_is_null(json))
        return true;
    *seconds = json_integer_value(json);
    if (json_is_integer(json) && *seconds >= 1 && *seconds <= LONGEST_S)
        return true;
    refuse(request, "/for_s", "this has to be a whole number of seconds from 1 to 86400, or null");
    return false;
}

static bool has_others(struct http_request *request) {
    const json_t *body = http_request_body(request);
    size_t known = !!json_object_get(body, "level") + !!json_object_get(body, "for_s");

    if (json_object_size(body) == known)
        return false;
    refuse(request, "", "there are other members than \"level\" and \"for_s\"");
    return true;
}

static void on_time_over(evutil_socket_t fd, short what, void *context) {
    struct level_change *change = context;
    enum log_level level = change->options.configured(change->options.context);

    (void)fd, (void)what;
    change->until_us = 0;
    log_set_level(change->options.log, level);
    log_write(change->options.log, LOG_LEVEL_INFO, change->options.who, "the log level is %s again", levels[level]);
}

void level_change_put(struct level_change *change, struct http_request *request) {
    enum log_level level;
    json_int_t seconds;

    if (has_others(request) || !take_level(request, &level) || !take_seconds(request, &seconds))
        return;
    const struct timeval until = clock_timeval((uint64_t)seconds * 1000000);
    event_del(change->back);
    if (seconds && event_add(change->back, &until)) {
        http_answer_json(request, 500, NULL);
        return;
    }
    change->until_us = seconds ? clock_us() + (uint64_t)seconds * 1000000 : 0;
    log_set_level(change->options.log, level);
    level_change_get(change, request);
}

struct level_change *level_change_new(const struct level_options *options) {
    struct level_change *change = calloc(1, sizeof *change);

    if (!change)
        return NULL;
    change->options = *options;
    change->back = event_new(options->base, -1, 0, on_time_over, change);
    if (change->back)
        return change;
    free(change);
    return NULL;
}

void level_change_free(struct level_change *change) {
    if (!change)
        return;
    event_free(change->back);
    free(change);
}
