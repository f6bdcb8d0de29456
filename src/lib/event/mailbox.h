/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mailbox: how one thread hands something to another.
 *
 * A queue of letters for one event loop. Posting wakes the loop only when nobody else has; the loop detaches the whole
 * queue under the lock and opens the letters outside it, in the order in which each sender posted them. Posting from
 * the loop's own thread costs no system call. A loop that is busy anyway may look into its mailbox by itself, so that
 * letters that can wait need not wake it: waking a thread costs more than most letters.
 * Runs on: post on any thread, the rest on the loop's. Owns: letters between post and open.
 */
#ifndef MUNNEL_LIB_EVENT_MAILBOX_H
#define MUNNEL_LIB_EVENT_MAILBOX_H

#include <event2/event.h>
#include <stdbool.h>

struct message { /* the first member of whatever is sent */
    struct message *next;
    void (*deliver)(struct message *self); /* runs on the receiver's thread and frees (or keeps) the letter */
};

enum { MAILBOX_LAZY_MS = 5 };

struct mailbox;

struct mailbox *mailbox_new(struct event_base *base); /* NULL when out of memory or descriptors */
void mailbox_free(struct mailbox *mailbox);           /* opens what is still there first; nobody may post any more */
void mailbox_post(struct mailbox *mailbox, struct message *message);
void mailbox_post_lazy(struct mailbox *mailbox, struct message *message); /* may be opened MAILBOX_LAZY_MS later */

/* On the loop's thread: opens what is there, and for a while the patient letters do not wake this loop. */
void mailbox_poll(struct mailbox *mailbox);
void mailbox_stop_polling(struct mailbox *mailbox); /* from now on they do, and so do those that are there */

/* The calling thread runs the loop from here on (true), or has ceased to (false). Until told, every post goes by the
 * pipe. */
void mailbox_serve(struct mailbox *mailbox, bool here);
void mailbox_deliver(struct mailbox *mailbox); /* opens what is there, and what that posts, without the loop */

#endif
