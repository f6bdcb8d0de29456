/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_loop: how a loop stops, what it still opens then, and which libevent is refused; test_loop_posix.c: signals.
 */
#include "config.h"

#include "lib/event/loop.h"
#include "lib/event/readiness.h"
#include "unit.h"

#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>

static const char *missing[5]; /* what this system's libevent does without */

struct event_config *__real_event_config_new(void);
struct event_config *__wrap_event_config_new(void);
struct event_config *__wrap_event_config_new(void) {
    struct event_config *config = __real_event_config_new();
    for (int i = 0; i < 5 && missing[i]; i++)
        event_config_avoid_method(config, missing[i]);
    return config;
}

struct counted {
    struct message message;
    unsigned *opened;
};

static void on_counted(struct message *message) {
    struct counted *counted = (struct counted *)message;
    ++*counted->opened;
    free(counted);
}

static void post_counted(struct loop *loop, unsigned *opened) {
    struct counted *counted = malloc(sizeof *counted);
    ck_assert_ptr_nonnull(counted);
    *counted = (struct counted){{NULL, on_counted}, opened};
    loop_post(loop, &counted->message);
}

START_TEST(stopping_runs_what_is_queued_and_may_be_repeated) {
    struct loop *loop = loop_new("stopped");
    unsigned opened = 0;
    ck_assert_int_eq(loop_start(loop), 0);
    for (unsigned i = 0; i < 100; i++)
        post_counted(loop, &opened);
    loop_stop(loop);
    loop_stop(loop);
    loop_join(loop);
    loop_join(loop);
    ck_assert_uint_eq(opened, 100);
    loop_free(loop);
}
END_TEST

START_TEST(letters_behind_the_stop_are_opened_at_the_end) {
    struct loop *loop = loop_new("late");
    unsigned opened = 0;
    loop_stop(loop);
    ck_assert_int_eq(loop_run(loop), 0);
    post_counted(loop, &opened);
    loop_free(loop);
    ck_assert_uint_eq(opened, 1);
}
END_TEST

static void free_in_letter(struct message *message);
struct holder {
    struct message message;
    struct bufferevent *buffers;
};
static void free_in_letter(struct message *message) {
    bufferevent_free(((struct holder *)message)->buffers);
}

static void on_buffers(struct bufferevent *buffers, void *context) {
    (void)buffers, (void)context;
}

static bool has_ended(void *end) {
    char byte;
    return unit_receive(*(evutil_socket_t *)end, &byte, 1) == 0;
}

/* A bufferevent closes its descriptor in a finalizer, which runs in the loop, behind callbacks that are still due. */
START_TEST(freeing_runs_finalizers) {
    evutil_socket_t ends[2];
    unit_tcp_pair(&ends[0], &ends[1]);
    struct loop *loop = loop_new("finalizers");
    struct holder holder = {.message.deliver = free_in_letter};
    holder.buffers = bufferevent_socket_new(loop_base(loop), ends[0], BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    bufferevent_setcb(holder.buffers, on_buffers, on_buffers, NULL, NULL);
    bufferevent_trigger(holder.buffers, EV_READ, BEV_TRIG_IGNORE_WATERMARKS);
    loop_post(loop, &holder.message);
    loop_free(loop);
    ck_assert(unit_wait_until(has_ended, &ends[1], 1000));
    evutil_closesocket(ends[1]);
}
END_TEST

/* Poll and select tell again what was let pass, and the data plane would turn without end. */
START_TEST(a_system_without_edges_is_refused_and_named) {
    struct error error = {""};
    ck_assert_int_eq(loop_check_system(&error), 0);
    missing[0] = "epoll";
    missing[1] = "epoll (with changelist)";
    missing[2] = "kqueue";
    missing[3] = "wepoll";
    missing[4] = "select";
    ck_assert_int_eq(loop_check_system(&error), -1);
    ck_assert(strstr(error.text, "\"poll\"") || strstr(error.text, "\"win32\""));
    ck_assert_ptr_nonnull(strstr(error.text, readiness_what_lacks()));
    ck_assert_ptr_null(loop_new("test"));
    missing[0] = NULL;
}
END_TEST

static TCase *loops(void) {
    TCase *group = tcase_create("loops");
    tcase_add_test(group, stopping_runs_what_is_queued_and_may_be_repeated);
    tcase_add_test(group, letters_behind_the_stop_are_opened_at_the_end);
    tcase_add_test(group, freeing_runs_finalizers);
    tcase_add_test(group, a_system_without_edges_is_refused_and_named);
    return group;
}

UNIT_MAIN("lib/event/loop", loops)
