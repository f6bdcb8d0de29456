/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ask: questions to the API, one behind the other on one connection, and their answers: a round.
 *
 * Runs on: any thread, one at a time: a round is handed from one to the other. Owns: what its members point to.
 */
#ifndef MUNNEL_CTL_TOP_ASK_H
#define MUNNEL_CTL_TOP_ASK_H

#include "lib/base/error.h"
#include "lib/http/client.h"

#include <jansson.h>

enum { ASK_MOST = 4, ASK_TARGET = 512 };
enum ask_kind { ASK_STATUS, ASK_LIST, ASK_DETAIL, ASK_ROW, ASK_DEED };

struct ask {
    enum ask_kind kind;
    char method[8], target[ASK_TARGET];
    unsigned status;    /* of HTTP; 0: no answer */
    json_t *json;       /* of a 2xx; NULL: none */
    struct error error; /* what another answer explains, or why there is none */
};

struct ask_round {
    unsigned generation; /* of what is shown; see top.h */
    unsigned count;
    struct ask asks[ASK_MOST];
};

void ask_add(struct ask_round *round, enum ask_kind kind, const char *method, const char *target);
/* Stops at the first question without an answer. */
void ask_all(struct ask_round *round, struct http_client *client);
void ask_done(struct ask_round *round); /* frees the answers */

#endif
