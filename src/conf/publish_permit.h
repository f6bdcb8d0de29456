/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_permit: by which ports and hosts the agents of a credential may offer services.
 * Runs on: any thread. Owns: a permit owns its texts.
 */
#ifndef MUNNEL_CONF_PUBLISH_PERMIT_H
#define MUNNEL_CONF_PUBLISH_PERMIT_H

#include "lib/base/error.h"
#include "lib/base/strlist.h"

#include <stdbool.h>

enum { PUBLISH_HOST_SIZE = 256 };

struct publish_permit {
    struct strlist ports; /* "20000-20099", "20017" */
    struct strlist hosts; /* "web.example.org", or "*.dev.example.org" for all names below it */
};

/* A text of `ports`: 0, or -1 with what is wrong. Those of `hosts` are checked by host_name_check(). */
int publish_ports_parse(const char *text, unsigned *first, unsigned *last, struct error *error);
int publish_ports_check(const char *text, struct error *error);

bool publish_permit_is_empty(const struct publish_permit *permit);
bool publish_permit_has_port(const struct publish_permit *permit, unsigned port);
/* `host` is in the form of host_name_read(), and no pattern. */
bool publish_permit_has_host(const struct publish_permit *permit, const char *host);
unsigned publish_permit_port_count(const struct publish_permit *permit);
unsigned publish_permit_port(const struct publish_permit *permit, unsigned index); /* less than the count */
/* What a service of this name is called below hosts.items[index], or that itself if it is no pattern. False: that is no
 * name of a host. */
bool publish_permit_name(const struct publish_permit *permit, size_t index, const char *service,
                         char host[PUBLISH_HOST_SIZE]);

int publish_permit_copy(struct publish_permit *permit, const struct publish_permit *from); /* 0 or -1 */
void publish_permit_done(struct publish_permit *permit);

#endif
