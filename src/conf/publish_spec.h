/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_spec: what an agent is to publish, as people write it: "web=localhost:8080", and behind a comma what it is to
 * be reached by: "web=localhost:8080,host=web.dev.example.org", "db=10.0.0.7:5432,port=20017".
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CONF_PUBLISH_SPEC_H
#define MUNNEL_CONF_PUBLISH_SPEC_H

#include "lib/base/error.h"
#include "lib/base/strlist.h"

#include <stdint.h>

enum { PUBLISH_SPEC_NAME = 65, PUBLISH_SPEC_TO = 301, PUBLISH_SPEC_HOST = 256, PUBLISH_SPECS_MOST = 64 };

struct publish_spec {
    char name[PUBLISH_SPEC_NAME];
    char to[PUBLISH_SPEC_TO];     /* "localhost:8080", "unix:/run/x.sock" */
    char host[PUBLISH_SPEC_HOST]; /* "": as the server chooses */
    uint16_t port;                /* 0: likewise */
};

/* 0, or -1 with what is wrong and what would be right. */
int publish_spec_read(struct publish_spec *spec, const char *text, struct error *error);
int publish_spec_check(const char *text, struct error *error);                            /* of an option */
int publish_spec_check_list(const struct strlist *list, struct error *error);             /* no name is there twice */
int publish_spec_check_to(const char *text, struct error *error);                         /* a destination alone */
int publish_spec_check_wishes(const char *host, unsigned long port, struct error *error); /* "", 0: none */

#endif
