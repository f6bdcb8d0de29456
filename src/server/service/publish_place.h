/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_place: by which host or port a service that an agent offers is reached: what it asks for, or what the server
 * chooses, within the permit of its credential and what others leave free.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_PUBLISH_PLACE_H
#define MUNNEL_SERVER_SERVICE_PUBLISH_PLACE_H

#include "conf/server_published.h"
#include "proto/publish.h"
#include "server/service/published.h"

struct publish_scene {
    const struct server_config *conf;
    const struct published_table *published;
    const struct publish_permit *permit;
    const struct published_entry *self; /* what it has already is free for it; or NULL */
    const char *credential, *name;      /* of the agent; of the service */
    const struct config_ports *taken;   /* of all others no service has any; NULL: not known */
    /* Can a port that none of the server's services has be opened? NULL: it is not tried. */
    bool (*can_open)(const struct server_config *conf, unsigned port);
};

enum { PUBLISH_PORTS_TRIED = 8 /* of which none can be opened, and the offer is refused */ };

struct publish_place {
    char host[PUBLISH_HOST_SIZE]; /* "": none */
    unsigned port;                /* 0: none */
};

/* Does the credential permit any publishing? 0, or -1 with what to do. */
int publish_place_check_permit(const struct publish_permit *permit, const char *credential, struct error *error);
/* Without a wish: the name below the first host of the permit that has room, else a port, which is the same one for the
 * same name if it can be. 0; or -1 with why in `error` and `refusal`. */
int publish_place_choose(const struct publish_scene *scene, const struct publish_offer *offer,
                         struct publish_place *place, enum publish_refusal *refusal, struct error *error);
/* May an entry stay where it is? 0 or -1 likewise. */
int publish_place_check(const struct publish_scene *scene, const struct publish_place *place,
                        enum publish_refusal *refusal, struct error *error);

#endif
