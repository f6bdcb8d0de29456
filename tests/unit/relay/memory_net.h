/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * memory_net: a network in memory under the real data plane, so that a test decides when each byte arrives.
 *
 * The linker sends the data plane's calls of lib/net/sock.h here (-Wl,--wrap): a descriptor that memory_pair made is
 * one end of a connection without a kernel; others go to the system. What one end sends is on its way until
 * memory_carry lets it arrive; then the loop's events on the receiving descriptor are activated once, as by an
 * edge-triggered epoll or one-shot events (readiness.h). The edge that reports room comes later than the room, by a
 * carry of its own. Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_MEMORY_NET_H
#define MUNNEL_TESTS_MEMORY_NET_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

/* Until then connections are those of the system. `capacity`: bytes on their way before a sender must wait. */
void memory_net_begin(struct event_base *base, size_t capacity);

/* Two ends of a new connection. */
void memory_pair(evutil_socket_t ends[2]);

/* From now on readiness_await() is forgotten, or not any more. Unless it was forgotten, a sweep that has to await what
 * its owner needs fails the test. Without effect where there are edges. */
void memory_net_forget(bool forgets);

/* What sock_connect does next: the far end of the connection appears as memory_accepted(). */
enum memory_connect { MEMORY_AT_ONCE, MEMORY_LATER, MEMORY_REFUSED };
void memory_connect_will(enum memory_connect how);
evutil_socket_t
memory_accepted(unsigned *port); /* the far end of the oldest sock_connect not yet asked for, or -1; and to where */
void memory_connect_done(evutil_socket_t far, bool refused); /* what MEMORY_LATER was waiting for */

bool memory_is_connecting(evutil_socket_t far);

/* Lets up to `bytes` that were sent to `end` arrive there (and, behind the last one, an end or a reset). */
void memory_carry(evutil_socket_t end, size_t bytes);
void memory_wake_writer(evutil_socket_t end);  /* for a level-triggered writer: there is room */
size_t memory_on_its_way(evutil_socket_t end); /* to `end`; an end or reset counts 1 */

/* A peer that is only a script reads and writes its end by hand. */
size_t memory_receive(evutil_socket_t end, void *bytes, size_t size);
void memory_send(evutil_socket_t end, const void *bytes, size_t size); /* not bounded by the capacity */
void memory_finish(evutil_socket_t end);                               /* FIN */
void memory_reset(evutil_socket_t end);                                /* RST, and the end is gone */
bool memory_got_end(evutil_socket_t end);
bool memory_got_reset(evutil_socket_t end);
evutil_socket_t memory_peer(evutil_socket_t end); /* -1 when it is closed */
void memory_cut(evutil_socket_t end);             /* the connection breaks: both ends see a reset at once */
void memory_close(evutil_socket_t end);           /* a script's own end, or a client's that came back: RST */
int memory_open_ends(void);                       /* how many ends are still open: nothing may leak */

#endif
