/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_spec: "NAME=127.0.0.1:5900": a service of the servers, and where an agent opens it on its own side.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CONF_VISIT_SPEC_H
#define MUNNEL_CONF_VISIT_SPEC_H

#include "lib/base/strlist.h"
#include "lib/net/addr.h"
#include "proto/limits.h"

struct visit_spec {
    char name[PROTO_NAME_MAX + 1];
    struct addr address; /* of IPv4 or IPv6, with a port */
};

/* NAME=ADDRESS:PORT, or NAME=PORT on 127.0.0.1. 0, or -1 with `error`. */
int visit_spec_parse(struct visit_spec *spec, const char *text, struct error *error);
int visit_spec_check(const char *text, struct error *error); /* of an option */
/* VISITS_MAX at most, and no address is there twice. 0, or -1 with `error`. */
int visit_spec_check_list(const struct strlist *list, struct error *error);

#endif
