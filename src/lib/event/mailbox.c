/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mailbox: a queue of letters under a mutex and two ways to wake its loop: a byte in a pipe from another thread, an
 * activated event from the loop's own.
 *
 * Runs on: post on any thread, the rest on the loop's. Owns: letters between post and open.
 * States: empty -> (first letter: wake) filled -> (the loop detaches all) empty.
 */
#include "config.h"

#include "lib/event/mailbox.h"
#include "lib/net/sock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct mailbox {
    pthread_mutex_t lock; /* guards first, last, is_woken, looks, is_served, server */
    struct message *first, **last;
    bool is_woken;  /* the letters that are there will be opened soon */
    bool looks;     /* the loop will look by itself: `look` is pending */
    bool is_served; /* `server` runs the loop at this moment */
    pthread_t server;
    int ends[2];                 /* a byte goes in at 1 and wakes the loop at 0 */
    struct event *woken;         /* from another thread, by the pipe */
    struct event *due;           /* from the own thread */
    struct event *look;          /* by the clock */
    bool is_opening, is_hurried; /* the loop's thread only; so are changes of `looks` */
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

/* Opens what is there now, not what that may post. Returns whether there was anything. */
static bool open_batch(struct mailbox *mailbox) {
    struct message *message = detach_all(mailbox);
    bool was_filled = message != NULL;
    mailbox->is_opening = true;
    while (message) {
        struct message *next = message->next; /* open frees it */
        message->next = NULL;
        message->deliver(message);
        message = next;
    }
    mailbox->is_opening = false;
    return was_filled;
}

void mailbox_deliver(struct mailbox *mailbox) {
    while (open_batch(mailbox)) {
    }
}

static void on_woken(evutil_socket_t end, short what, void *context) {
    (void)what;
    sock_wake_clear((int)end);
    open_batch(context);
}

static void on_due(evutil_socket_t none, short what, void *context) {
    (void)none, (void)what;
    open_batch(context);
}

/* True only if the event is pending then: patient letters rely on it. */
static void set_looks(struct mailbox *mailbox, bool looks) {
    const struct timeval soon = {0, MAILBOX_LAZY_MS * 1000};
    looks = looks && event_add(mailbox->look, &soon) == 0;
    pthread_mutex_lock(&mailbox->lock);
    mailbox->looks = looks && mailbox->is_served;
    pthread_mutex_unlock(&mailbox->lock);
}

/* Goes on as long as there are letters; `looks` falls first, so that none is posted unseen behind the last look. */
static void on_look(evutil_socket_t none, short what, void *context) {
    struct mailbox *mailbox = context;
    (void)none, (void)what;
    set_looks(mailbox, false);
    if (open_batch(mailbox) && !mailbox->is_hurried) {
        set_looks(mailbox, true);
    }
}

void mailbox_poll(struct mailbox *mailbox) {
    if (mailbox->is_opening) {
        return;
    }
    mailbox->is_hurried = false; /* a letter may ask for haste */
    open_batch(mailbox);
    if (!mailbox->looks && !mailbox->is_hurried) {
        set_looks(mailbox, true);
    }
}

static bool make_events(struct mailbox *mailbox, struct event_base *base) {
    mailbox->woken = event_new(base, mailbox->ends[0], EV_READ | EV_PERSIST, on_woken, mailbox);
    mailbox->due = event_new(base, -1, 0, on_due, mailbox);
    mailbox->look = event_new(base, -1, 0, on_look, mailbox);
    return mailbox->woken && mailbox->due && mailbox->look && event_add(mailbox->woken, NULL) == 0;
}

static void dispose(struct mailbox *mailbox) {
    if (mailbox->look) {
        event_free(mailbox->look);
    }
    if (mailbox->due) {
        event_free(mailbox->due);
    }
    if (mailbox->woken) {
        event_free(mailbox->woken);
    }
    sock_close(mailbox->ends[0]);
    sock_close(mailbox->ends[1]);
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox);
}

struct mailbox *mailbox_new(struct event_base *base) {
    struct mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (!mailbox) {
        return NULL;
    }
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
    if (!mailbox) {
        return;
    }
    mailbox_deliver(mailbox);
    dispose(mailbox);
}

/* With the lock held; says whether the caller is to wake its own loop. */
static bool wake(struct mailbox *mailbox) {
    if (mailbox->is_woken) {
        return false;
    }
    mailbox->is_woken = true;
    if (mailbox->is_served && pthread_equal(mailbox->server, pthread_self())) {
        return true;
    }
    /* Under the lock, so that whoever has opened the letter knows that its sender has left the mailbox. */
    sock_wake(mailbox->ends[1]);
    return false;
}

void mailbox_serve(struct mailbox *mailbox, bool here) {
    pthread_mutex_lock(&mailbox->lock);
    mailbox->is_served = here;
    mailbox->server = pthread_self();
    if (!here) {
        mailbox->looks = false;
        if (mailbox->first) {
            wake(mailbox); /* whoever turns the loop by hand */
        }
    }
    pthread_mutex_unlock(&mailbox->lock);
}

/*
 * A letter posted while letters are opened waits for the loop's next turn, so that two who answer each other without
 * end do not keep the loop from its descriptors; event_active would let it run in the same turn.
 */
static void wake_own(struct mailbox *mailbox) {
    const struct timeval at_once = {0, 0};
    if (!mailbox->is_opening || event_add(mailbox->due, &at_once)) {
        event_active(mailbox->due, EV_TIMEOUT, 0);
    }
}

static void post(struct mailbox *mailbox, struct message *message, bool is_patient) {
    message->next = NULL;
    pthread_mutex_lock(&mailbox->lock);
    *mailbox->last = message;
    mailbox->last = &message->next;
    bool is_own = !(is_patient && mailbox->looks) && wake(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
    if (is_own) {
        wake_own(mailbox);
    }
}

void mailbox_post(struct mailbox *mailbox, struct message *message) {
    post(mailbox, message, false);
}

void mailbox_post_lazy(struct mailbox *mailbox, struct message *message) {
    post(mailbox, message, true);
}

void mailbox_stop_polling(struct mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    mailbox->looks = false;
    mailbox->is_hurried = true;
    bool is_own = mailbox->first && wake(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
    if (is_own) {
        wake_own(mailbox);
    }
}
