/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * path: whether an agent's link still has a way to the server, checked when the network changed or the machine slept.
 *
 * TCP itself would repeat what it sends for a quarter of an hour. A link from an address that this machine has no more
 * is reset at once; every other one gets a PING, and is reset when PONG takes three times as long as usual and
 * PATH_PROBE_LEAST_US at least, in which TCP repeats a lost packet twice. Streams go on by another link.
 * Runs on: the link's thread. Owns: nothing.
 * States of a link: (as it was) -> probed -> answered | late -> reset. A probe is late for one more sweep
 * before the link is reset, so that a thread which was busy first reads what has come meanwhile.
 */
#ifndef MUNNEL_RELAY_LINK_PATH_H
#define MUNNEL_RELAY_LINK_PATH_H

#include "lib/net/addr.h"
#include "lib/net/network_watch.h"

enum { PATH_PROBE_LEAST_US = 2000000 };

struct link;

struct path_probe {   /* of a link; all zero at first */
    uint64_t srtt_us; /* how long PONG usually takes; 0: unknown */
    uint64_t sent_us; /* when the PING was sent that must be answered; 0: none is awaited */
    uint64_t deadline_us;
    uint8_t event; /* enum network_event */
    bool is_late;
};

struct path_check { /* of all links of a thread; but for `event` all zero at first */
    enum network_event event;
    struct addr last; /* the local address that was looked up last ... */
    bool last_is_gone;
};
void link_check_path(struct link *link, struct path_check *check);

void link_path_note_pong(struct link *link, uint64_t pinged_us);
/* Each sweep of a link; is_reading: PONG would be read. False: the probe was not answered, the link is closed.
 */
bool link_path_sweep(struct link *link, uint64_t now_us, bool is_reading);

#endif
