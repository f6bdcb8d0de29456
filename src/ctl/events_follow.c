/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * events_follow: see events_follow.h.
 */
#include "config.h"

#include "ctl/events_follow.h"

#include "lib/base/strbuf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SILENCE_MS = 15000 /* a tick comes each second */, FIRST_WAIT_S = 1, LONGEST_WAIT_S = 16, PROCESS_TEXT = 32 };

struct follower {
    const struct events_follow *follow;
    uint64_t last;              /* the number of the newest event that was seen */
    char process[PROCESS_TEXT]; /* "-19a2b3c4d5e", of the program that counts so; "": not known yet */
    struct error told;          /* why there is no stream; "": there is one */
    unsigned wait_s;            /* before the next attempt */
};

static void tell(const char *text) {
    fprintf(stderr, "munnel events: %s\n", text);
}

/* An event that is repeated comes again by its old number, with a greater count. */
static void note_number(struct follower *follower, const char *id) {
    char *process, text[96];
    uint64_t number = strtoull(id, &process, 10);
    bool is_same = !*follower->process || strcmp(process, follower->process) == 0;

    if (is_same && !follower->follow->is_filtered && follower->last && number > follower->last + 1) {
        snprintf(text, sizeof text, "%" PRIu64 " events before this one are lost: there were more than are kept",
                 number - follower->last - 1);
        tell(text);
    }
    if (!is_same || number > follower->last)
        follower->last = number;
    strbuf_copy(follower->process, sizeof follower->process, process);
}

/* 0, or -1 with error. */
static int take(struct follower *follower, const struct http_client_event *event, struct error *error) {
    const struct admin_context *context = follower->follow->context;

    if (*follower->told.text)
        tell("connected again");
    follower->told.text[0] = '\0';
    follower->wait_s = FIRST_WAIT_S;
    if (strcmp(event->name, "event") != 0)
        return 0;
    json_t *json = display_clean_json(json_loads(event->data, JSON_REJECT_DUPLICATES, NULL));
    if (!json)
        return error_set(error, "an event is malformed");
    note_number(follower, event->id);
    follower->follow->show(context, json, event->data);
    json_decref(json);
    return fflush(context->display.file) == 0 ? 0 : error_set(error, "standard output cannot be written");
}

/* 0 with `why`: the stream is over. -1 with error. */
static int read_stream(struct follower *follower, struct error *why, struct error *error) {
    struct http_client_event event;
    int got;

    while ((got = http_client_next(follower->follow->context->client, SILENCE_MS, &event, why)) > 0)
        if (take(follower, &event, error) != 0)
            return -1;
    if (got == 0)
        error_set(why, "nothing has come for %d seconds", SILENCE_MS / 1000);
    return 0;
}

static int open_stream(const struct follower *follower, struct error *why) {
    char id[PROCESS_TEXT + 24];

    snprintf(id, sizeof id, "%" PRIu64 "%s", follower->last, follower->process);
    return http_client_follow(follower->follow->context->client, follower->follow->target, id, why);
}

/* The same reason is not told again with each attempt. */
static void wait_after(struct follower *follower, const struct error *why) {
    struct timespec pause = {.tv_sec = follower->wait_s};

    if (strcmp(follower->told.text, why->text) != 0)
        fprintf(stderr, "munnel events: %s; trying again\n", why->text);
    follower->told = *why;
    nanosleep(&pause, NULL);
    if (follower->wait_s < LONGEST_WAIT_S)
        follower->wait_s *= 2;
}

int events_follow(const struct events_follow *follow, uint64_t last, struct error *error) {
    struct follower follower = {.follow = follow, .last = last, .wait_s = FIRST_WAIT_S};
    struct error why = {{0}};

    if (open_stream(&follower, error) != 0)
        return -1;
    while (read_stream(&follower, &why, error) == 0)
        do
            wait_after(&follower, &why);
        while (open_stream(&follower, &why) != 0);
    return -1;
}
