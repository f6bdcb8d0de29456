/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ask: see ask.h.
 */
#include "config.h"

#include "ctl/top/ask.h"

#include "lib/display/display.h"

#include <assert.h>
#include <stdio.h>

void ask_add(struct ask_round *round, enum ask_kind kind, const char *method, const char *target) {
    assert(round->count < ASK_MOST);
    struct ask *ask = &round->asks[round->count++];

    *ask = (struct ask){.kind = kind};
    snprintf(ask->method, sizeof ask->method, "%s", method);
    snprintf(ask->target, sizeof ask->target, "%s", target);
}

static int ask_one(struct ask *ask, struct http_client *client) {
    struct http_ask question = {.method = ask->method, .target = ask->target};
    struct http_reply reply;

    if (http_client_ask(client, &question, &reply, &ask->error)) {
        http_reply_done(&reply);
        return -1;
    }
    ask->status = reply.status;
    if (reply.status / 100 == 2) {
        ask->json = json_incref(reply.json);
    } else {
        reply.json = display_clean_json(reply.json); /* the text may be printed as it is */
        (void)http_reply_explain(&reply, &ask->error);
    }
    http_reply_done(&reply);
    return 0;
}

void ask_all(struct ask_round *round, struct http_client *client) {
    for (unsigned i = 0; i < round->count; i++)
        if (ask_one(&round->asks[i], client))
            return;
}

void ask_done(struct ask_round *round) {
    for (unsigned i = 0; i < round->count; i++)
        json_decref(round->asks[i].json);
    *round = (struct ask_round){0};
}
