/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relayed: clients and destinations whose bytes go over two_planes, each checked where it arrives.
 *
 * Each client has a destination of its own. What either sends is a function of relay, direction and position, so that a
 * stray byte is seen at once.
 * Runs on: one thread, one test process. Owns: the test's ends of the plain connections.
 */
#ifndef MUNNEL_TESTS_RELAYED_H
#define MUNNEL_TESTS_RELAYED_H

#include "two_planes.h"

enum { RELAYED_MAX = 250, RELAYED_UP = 0, RELAYED_DOWN = 1 };

struct relayed {
    evutil_socket_t ends[2]; /* the test's: the client, and the destination, -1 until it is dialled */
    struct client *client;   /* NULL: it came back */
    size_t sent[2], got[2];  /* up, down */
    bool has_ended[2];
    bool is_cut;                 /* the test has reset one end, or refused the dial: the other one need not get all */
    enum client_outcome outcome; /* once it came back, as the next */
    enum relay_reason reason;
    char detail[160];
};

/* A client that is lent to the server's plane, and nothing of it is carried yet. */
struct relayed *relayed_serve(struct two_planes *planes, const struct service_terms_plan *plan);
struct relayed *relayed_open(struct two_planes *planes); /* and whose destination is reached */
void relayed_open_many(struct two_planes *planes, struct relayed **relayed, int many);
void relayed_on_client_back(void *world, struct client *client); /* for server_events */

void relayed_send(struct relayed *relayed, int direction, size_t count);
void relayed_finish(struct relayed *relayed); /* both directions */
void relayed_end(struct relayed *relayed, int direction);
void relayed_reset(struct relayed *relayed, int direction); /* by the one who sends in this direction */
/* All that is on its way, plain and between the planes, once; what arrives is checked. */
void relayed_carry(struct two_planes *planes);
void relayed_carry_plain(struct relayed *relayed, size_t most); /* a part of it, and to its ends alone */
void relayed_take_dials(void);
/* The same again and again, until the condition holds; returns whether it did in time. */
bool relayed_carry_until(struct two_planes *planes, unit_condition condition, void *context);

bool relayed_is_back(void *relayed);                                           /* conditions: its client came back */
bool relayed_has_all(void *relayed);                                           /* all that was sent has arrived */
void relayed_assert_whole(struct two_planes *planes, struct relayed *relayed); /* it ends, and both ends have all */
void relayed_assert_reset(const struct relayed *relayed);                      /* both ends */
void relayed_close_all(void);                                                  /* the test's ends, by a reset */

#endif
