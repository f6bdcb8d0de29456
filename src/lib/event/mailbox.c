/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mailbox: see mailbox.h. A linked list under a mutex. Another thread wakes the loop by a byte in a pipe; the loop's
 * own thread activates an event instead, without a system call. States: empty -> (first message: wake) filled -> (the
 * loop detaches all) empty.
 */
#include "config.h"

#include "lib/event/mailbox.h"
#include "lib/net/sock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct mailbox {
    pthread_mutex_t lock; /* guards first, last, is_woken, is_polling, is_served, server */
    struct message *first, **last;
    bool is_woken;   /* a wake-up is on its way */
    bool is_polling; /* `poll` is pending: lazy messages need not wake the loop */
    bool is_served;  /* `server` runs the loop at this moment */
    pthread_t server;
    evutil_socket_t ends[2]; /* a byte goes in at 1 and wakes the loop at 0 */
    struct event *woken;     /* by another thread: the pipe is readable */
    struct event *due;       /* by the loop's own thread */
    struct event *poll;      /* by time: MAILBOX_LAZY_MS after the last poll */
    bool is_delivering;      /* the loop's thread only; it alone changes `is_polling` */
};

static struct message *detach_all(struct mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    struct message *messages = mailbox->first;
    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    mailbox->is_woken = false;
    pthread_mutex_unlock(&mailbox->lock);
    return messages;
}

/* Delivers what is queued now; what the callbacks post waits for the next call. Returns whether there was a message. */
static bool deliver_batch(struct mailbox *mailbox) {
    struct message *message = detach_all(mailbox);
    bool was_filled = message;
    mailbox->is_delivering = true;
    while (message) {
        struct message *next = message->next; /* deliver() frees it */
        message->next = NULL;
        message->deliver(message);
        message = next;
    }
    mailbox->is_delivering = false;
    return was_filled;
}

void mailbox_deliver(struct mailbox *mailbox) {
    while (deliver_batch(mailbox)) {
    }
}

static void on_woken(evutil_socket_t end, short what, void *context) {
    (void)what;
    sock_wake_clear((int)end);
    deliver_batch(context);
}

static void on_due(evutil_socket_t none, short what, void *context) {
    (void)none, (void)what;
    deliver_batch(context);
}

/* is_polling is set only if the event could be added: without it a lazy message would wait for ever. */
static void set_polling(struct mailbox *mailbox, bool polls) {
    const struct timeval soon = {0, MAILBOX_LAZY_MS * 1000};
    polls = polls && event_add(mailbox->poll, &soon) == 0;
    pthread_mutex_lock(&mailbox->lock);
    mailbox->is_polling = polls && mailbox->is_served;
    pthread_mutex_unlock(&mailbox->lock);
}

/* Polls again as long as there were messages. is_polling is cleared before the delivery: a lazy message posted after
 * the last one wakes the loop. */
static void on_poll(evutil_socket_t none, short what, void *context) {
    struct mailbox *mailbox = context;
    (void)none, (void)what;
    set_polling(mailbox, false);
    if (deliver_batch(mailbox))
        set_polling(mailbox, true);
}

void mailbox_poll(struct mailbox *mailbox) {
    if (mailbox->is_delivering)
        return;
    deliver_batch(mailbox);
    if (!mailbox->is_polling)
        set_polling(mailbox, true);
}

static bool make_events(struct mailbox *mailbox, struct event_base *base) {
    mailbox->woken = event_new(base, mailbox->ends[0], EV_READ | EV_PERSIST, on_woken, mailbox);
    mailbox->due = event_new(base, -1, 0, on_due, mailbox);
    mailbox->poll = event_new(base, -1, 0, on_poll, mailbox);
    return mailbox->woken && mailbox->due && mailbox->poll && event_add(mailbox->woken, NULL) == 0;
}

static void dispose(struct mailbox *mailbox) {
    if (mailbox->poll)
        event_free(mailbox->poll);
    if (mailbox->due)
        event_free(mailbox->due);
    if (mailbox->woken)
        event_free(mailbox->woken);
    sock_close(mailbox->ends[0]);
    sock_close(mailbox->ends[1]);
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox);
}

struct mailbox *mailbox_new(struct event_base *base) {
    struct mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (!mailbox)
        return NULL;
    mailbox->last = &mailbox->first;
    pthread_mutex_init(&mailbox->lock, NULL);
    if (sock_wake_pair(mailbox->ends)) {
        mailbox->ends[0] = mailbox->ends[1] = -1;
        dispose(mailbox);
        return NULL;
    }
    if (!make_events(mailbox, base)) {
        dispose(mailbox);
        return NULL;
    }
    return mailbox;
}

void mailbox_free(struct mailbox *mailbox) {
    if (!mailbox)
        return;
    mailbox_deliver(mailbox);
    dispose(mailbox);
}

/* With the lock held. Returns whether the caller must wake its own loop, by wake_own() without the lock. */
static bool wake(struct mailbox *mailbox) {
    if (mailbox->is_woken)
        return false;
    mailbox->is_woken = true;
    if (mailbox->is_served && pthread_equal(mailbox->server, pthread_self()))
        return true;
    /* Under the lock: once a message is delivered, its sender no longer uses the mailbox, which may then be freed. */
    sock_wake(mailbox->ends[1]);
    return false;
}

void mailbox_serve(struct mailbox *mailbox, bool here) {
    pthread_mutex_lock(&mailbox->lock);
    mailbox->is_served = here;
    mailbox->server = pthread_self();
    if (!here) {
        mailbox->is_polling = false;
        if (mailbox->first)
            wake(mailbox); /* for event_base_loop() called without loop_run() */
    }
    pthread_mutex_unlock(&mailbox->lock);
}

/*
 * A message posted during a delivery waits for the loop's next turn by a timer of zero: event_active() would run it in
 * the same turn, and two callbacks that answer each other without end would keep the loop from its descriptors.
 */
static void wake_own(struct mailbox *mailbox) {
    const struct timeval at_once = {0, 0};
    if (!mailbox->is_delivering || event_add(mailbox->due, &at_once))
        event_active(mailbox->due, EV_TIMEOUT, 0);
}

static void post(struct mailbox *mailbox, struct message *message, bool is_lazy) {
    message->next = NULL;
    pthread_mutex_lock(&mailbox->lock);
    *mailbox->last = message;
    mailbox->last = &message->next;
    bool is_own = !(is_lazy && mailbox->is_polling) && wake(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
    if (is_own)
        wake_own(mailbox);
}

void mailbox_post(struct mailbox *mailbox, struct message *message) {
    post(mailbox, message, false);
}

void mailbox_post_lazy(struct mailbox *mailbox, struct message *message) {
    post(mailbox, message, true);
}
