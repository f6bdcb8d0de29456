/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * readiness_edges: see readiness.h. The set of descriptors is not changed between begin and end.
 */
#include "config.h"

#include "lib/event/readiness.h"

bool readiness_begin(struct readiness *readiness, struct event_base *base, evutil_socket_t fd, event_callback_fn on,
                     void *context) {
    short what = EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST;
    return event_assign(&readiness->event, base, fd, what, on, context) == 0 && event_add(&readiness->event, NULL) == 0;
}

void readiness_end(struct readiness *readiness) {
    event_del(&readiness->event);
}

/* With poll(), a condition that is left for later would be reported in each turn. */
int readiness_features(void) {
    return EV_FEATURE_ET;
}

const char *readiness_what_lacks(void) {
    return "has no edge-triggered events: Munnel needs a system with epoll or kqueue, "
           "and a libevent that was built with it";
}
