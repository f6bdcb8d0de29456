/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * share: what the files of "munnel share" do for each other.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_SHARE_H
#define MUNNEL_CTL_SHARE_H

#include "ctl/admin_client.h"

#include <stdbool.h>

enum { SHARE_NAME = 65 };

struct share {
    char name[SHARE_NAME];
    const char *to;   /* "localhost:8080" */
    const char *host; /* NULL: as the server chooses */
    unsigned port;    /* 0: likewise */
    bool is_json;
};

/* "laptop-8080": so that two people do not take the same. */
void share_make_name(char name[SHARE_NAME], const char *host, const char *to);

/*
 * Has the agent that runs here publish it, until this process is to end: 0 or another exit code; -1 with error.
 * SHARE_NO_AGENT: there is none, or, with a text in error->text, one that does not answer this user.
 */
enum { SHARE_NO_AGENT = -2 };
int share_by_agent(const struct share *share, const struct admin_place *place, struct error *error);

#endif
