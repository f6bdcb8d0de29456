/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mailbox: passes messages from any thread to one event loop.
 *
 * Posting wakes the loop only if no wake-up is on its way; the loop detaches the whole queue under the lock and
 * delivers the messages without it, in the order in which each sender posted them. Posting on the loop's own thread
 * costs no system call. A busy loop may poll its mailbox, so that lazy messages need not wake it: a wake-up costs more
 * than most messages. Runs on: mailbox_post* on any thread, the rest on the loop's. Owns: messages between post and
 * delivery.
 */
#ifndef MUNNEL_LIB_EVENT_MAILBOX_H
#define MUNNEL_LIB_EVENT_MAILBOX_H

#include <event2/event.h>
#include <stdbool.h>

struct message { /* the first member of what is sent */
    struct message *next;
    void (*deliver)(struct message *self); /* on the loop's thread; owns the message from then on */
};

enum { MAILBOX_LAZY_MS = 5 };

struct mailbox;

struct mailbox *mailbox_new(struct event_base *base); /* NULL when out of memory or descriptors */
void mailbox_free(struct mailbox *mailbox);           /* delivers what is queued; no thread may post any more */
void mailbox_post(struct mailbox *mailbox, struct message *message);
void mailbox_post_lazy(struct mailbox *mailbox, struct message *message); /* up to MAILBOX_LAZY_MS later */

/* Delivers what is queued; for MAILBOX_LAZY_MS from now on lazy messages do not wake the loop. */
void mailbox_poll(struct mailbox *mailbox);

/* The calling thread runs the loop from now on (true), or no longer (false). While no thread does, every post writes to
 * the pipe. */
void mailbox_serve(struct mailbox *mailbox, bool here);
void mailbox_deliver(struct mailbox *mailbox); /* all that is queued and what the callbacks post, without the loop */

#endif
