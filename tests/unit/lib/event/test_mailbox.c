/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_mailbox: the order of messages, one wake-up for many of them, lazy ones, and room for descriptors between them;
 * test_mailbox_posix.c: without descriptors.
 */
#include "config.h"

#include "lib/event/loop.h"
#include "lib/os/thread.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SENDERS = 4, MESSAGES = 100000, TRIES = 20 };

struct tally { /* what one loop has received */
    struct loop *loop;
    unsigned next[SENDERS]; /* the number that each sender's next message must have */
    unsigned out_of_order, total;
};

struct numbered {
    struct message message;
    struct tally *tally;
    unsigned sender, number;
};

static void on_numbered(struct message *message) {
    struct numbered *self = (struct numbered *)message;
    struct tally *tally = self->tally;
    tally->out_of_order += self->number != tally->next[self->sender];
    tally->next[self->sender] = self->number + 1;
    if (++tally->total == SENDERS * MESSAGES)
        loop_stop(tally->loop);
    free(self);
}

struct sender {
    struct tally *tally;
    unsigned number;
    pthread_t thread;
};

static void post_numbered(struct tally *tally, unsigned sender, unsigned number) {
    struct numbered *message = malloc(sizeof *message);
    if (!message)
        abort();
    *message = (struct numbered){{NULL, on_numbered}, tally, sender, number};
    loop_post(tally->loop, &message->message);
}

static void *send_all(void *context) {
    struct sender *sender = context;
    for (unsigned i = 0; i < MESSAGES; i++)
        post_numbered(sender->tally, sender->number, i);
    return NULL;
}

START_TEST(messages_of_many_senders_arrive_in_order) {
    struct tally tally = {.loop = loop_new("receiver")};
    struct sender senders[SENDERS];
    ck_assert_ptr_nonnull(tally.loop);
    ck_assert_int_eq(loop_start(tally.loop), 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.tally = &tally, .number = i};
        ck_assert_int_eq(thread_start(&senders[i].thread, "sender", send_all, &senders[i]), 0);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(senders[i].thread, NULL);
    loop_join(tally.loop);
    ck_assert_uint_eq(tally.total, SENDERS * MESSAGES);
    ck_assert_uint_eq(tally.out_of_order, 0);
    loop_free(tally.loop);
}
END_TEST

/* ---- messages to the own loop ---- */

struct counter {
    struct message message;
    struct loop *loop;
    unsigned delivered, limit;
};

static void on_count(struct message *message) {
    struct counter *counter = (struct counter *)message;
    counter->delivered++;
    if (counter->delivered == counter->limit) {
        loop_stop(counter->loop);
    } else if (counter->delivered < counter->limit) {
        loop_post(counter->loop, message);
    }
}

START_TEST(a_message_may_post_the_next) {
    struct counter counter = {.message.deliver = on_count, .loop = loop_new("self"), .limit = 1000};
    loop_post(counter.loop, &counter.message); /* before the loop runs */
    ck_assert_int_eq(loop_run(counter.loop), 0);
    ck_assert_uint_eq(counter.delivered, 1000);
    loop_free(counter.loop);
}
END_TEST

enum { READABLE_AT = 10, TOO_LATE = 1000 };

struct endless {
    struct message message;
    struct loop *loop;
    evutil_socket_t end; /* of a connection; message number READABLE_AT makes the other end readable */
    unsigned delivered, delivered_when_read;
};

static void on_endless(struct message *message) {
    struct endless *endless = (struct endless *)message;
    if (++endless->delivered == READABLE_AT)
        ck_assert_int_eq(unit_send(endless->end, "x", 1), 1);
    if (endless->delivered < TOO_LATE) {
        loop_post(endless->loop, message);
    } else {
        loop_stop(endless->loop);
    }
}

static void on_descriptor(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    struct endless *endless = context;
    endless->delivered_when_read = endless->delivered;
}

START_TEST(messages_without_end_leave_room_for_descriptors) {
    evutil_socket_t ends[2];
    unit_tcp_pair(&ends[0], &ends[1]);
    struct endless endless = {.message.deliver = on_endless, .loop = loop_new("endless"), .end = ends[1]};
    struct event *readable = event_new(loop_base(endless.loop), ends[0], EV_READ, on_descriptor, &endless);
    event_add(readable, NULL);
    loop_post(endless.loop, &endless.message);
    ck_assert_int_eq(loop_run(endless.loop), 0);
    ck_assert_uint_ge(endless.delivered_when_read, READABLE_AT);
    ck_assert_uint_lt(endless.delivered_when_read, READABLE_AT + 10);
    event_free(readable);
    loop_free(endless.loop);
    evutil_closesocket(ends[0]);
    evutil_closesocket(ends[1]);
}
END_TEST

/* ---- waking ---- */

struct watched {
    struct event_base *base;
    struct mailbox *mailbox;
    struct message messages[3];
};

static unsigned delivered_messages;
static atomic_uint wakes; /* system calls that woke a loop */

void __real_sock_wake(evutil_socket_t end);
void __wrap_sock_wake(evutil_socket_t end);
void __wrap_sock_wake(evutil_socket_t end) {
    atomic_fetch_add(&wakes, 1);
    __real_sock_wake(end);
}

static void on_delivered(struct message *message) {
    (void)message;
    delivered_messages++;
}

static void set_up(struct watched *watched) {
    delivered_messages = 0;
    atomic_store(&wakes, 0);
    watched->base = event_base_new();
    watched->mailbox = mailbox_new(watched->base);
    ck_assert_ptr_nonnull(watched->mailbox);
    for (int i = 0; i < 3; i++)
        watched->messages[i] = (struct message){NULL, on_delivered};
}

START_TEST(only_the_first_message_wakes_the_loop) {
    struct watched watched;
    set_up(&watched);
    for (int i = 0; i < 3; i++)
        mailbox_post(watched.mailbox, &watched.messages[i]);
    ck_assert_uint_eq(wakes, 1);
    mailbox_free(watched.mailbox);
    ck_assert_uint_eq(delivered_messages, 3);
    event_base_free(watched.base);
}
END_TEST

START_TEST(a_post_on_the_own_thread_costs_no_system_call) {
    struct watched watched;
    set_up(&watched);
    mailbox_serve(watched.mailbox, true);
    mailbox_post(watched.mailbox, &watched.messages[0]);
    ck_assert_uint_eq(wakes, 0);
    ck_assert_int_ge(event_base_loop(watched.base, EVLOOP_NONBLOCK), 0);
    ck_assert_uint_eq(delivered_messages, 1);
    mailbox_free(watched.mailbox);
    event_base_free(watched.base);
}
END_TEST

/* ---- lazy messages ---- */

static void clear(struct watched *watched) {
    mailbox_free(watched->mailbox);
    event_base_free(watched->base);
}

/* Once more where this process was held up for so long that the poll was due. */
static void set_up_polling(struct watched *watched) {
    for (int tries = 1;; tries++) {
        set_up(watched);
        mailbox_serve(watched->mailbox, true);
        mailbox_poll(watched->mailbox);
        mailbox_post_lazy(watched->mailbox, &watched->messages[0]);
        ck_assert_int_ge(event_base_loop(watched->base, EVLOOP_NONBLOCK), 0);
        if (delivered_messages == 0)
            return;
        ck_assert_int_lt(tries, TRIES);
        clear(watched);
    }
}

START_TEST(a_lazy_message_is_delivered_at_the_next_poll) {
    struct watched watched;
    set_up_polling(&watched);
    mailbox_poll(watched.mailbox);
    ck_assert_uint_eq(delivered_messages, 1);
    mailbox_post_lazy(watched.mailbox, &watched.messages[1]);
    ck_assert_int_ge(event_base_loop(watched.base, EVLOOP_ONCE), 0); /* by the timer */
    ck_assert_uint_eq(delivered_messages, 2);
    ck_assert_uint_eq(wakes, 0);
    clear(&watched);
}
END_TEST

START_TEST(a_loop_that_found_nothing_is_woken_again) {
    struct watched watched;
    set_up_polling(&watched);
    ck_assert_int_ge(event_base_loop(watched.base, EVLOOP_ONCE), 0); /* finds the first message */
    ck_assert_int_ge(event_base_loop(watched.base, EVLOOP_ONCE), 0); /* finds nothing, and polls no more */
    ck_assert_uint_eq(delivered_messages, 1);
    mailbox_post_lazy(watched.mailbox, &watched.messages[1]);
    ck_assert_int_ge(event_base_loop(watched.base, EVLOOP_NONBLOCK), 0);
    ck_assert_uint_eq(delivered_messages, 2);
    clear(&watched);
}
END_TEST

START_TEST(an_urgent_message_wakes_for_all) {
    struct watched watched;
    set_up_polling(&watched);
    mailbox_post(watched.mailbox, &watched.messages[1]);
    ck_assert_int_ge(event_base_loop(watched.base, EVLOOP_NONBLOCK), 0);
    ck_assert_uint_eq(delivered_messages, 2);
    clear(&watched);
}
END_TEST

START_TEST(a_loop_that_has_ended_is_woken) {
    struct watched watched;
    set_up_polling(&watched);
    mailbox_serve(watched.mailbox, false);
    ck_assert_uint_eq(wakes, 1);
    ck_assert_int_ge(event_base_loop(watched.base, EVLOOP_NONBLOCK), 0);
    mailbox_poll(watched.mailbox);
    mailbox_post_lazy(watched.mailbox, &watched.messages[1]);
    ck_assert_uint_eq(wakes, 2);
    clear(&watched);
}
END_TEST

static TCase *messages(void) {
    TCase *group = tcase_create("messages");
    tcase_add_test(group, messages_of_many_senders_arrive_in_order);
    tcase_add_test(group, a_message_may_post_the_next);
    tcase_add_test(group, messages_without_end_leave_room_for_descriptors);
    tcase_add_test(group, only_the_first_message_wakes_the_loop);
    tcase_add_test(group, a_post_on_the_own_thread_costs_no_system_call);
    tcase_add_test(group, a_lazy_message_is_delivered_at_the_next_poll);
    tcase_add_test(group, a_loop_that_found_nothing_is_woken_again);
    tcase_add_test(group, an_urgent_message_wakes_for_all);
    tcase_add_test(group, a_loop_that_has_ended_is_woken);
    return group;
}

UNIT_MAIN("lib/event/mailbox", messages)
