/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publishing_priv: what the files of publishing.h share. Runs on: the control thread.
 */
#ifndef MUNNEL_SERVER_PUBLISHING_PRIV_H
#define MUNNEL_SERVER_PUBLISHING_PRIV_H

#include "lib/base/queue.h"
#include "lib/log/log_throttle.h"
#include "server/publishing.h"
#include "server/server_priv.h"
#include "server/service/publish_place.h"

enum { OFFERS_A_TURN = 64 /* after which no more messages are taken in a turn */ };

struct publish_asked { /* a message that waits for the next turn */
    TAILQ_ENTRY(publish_asked) entry;
    json_t *json;
    char session[PROTO_INSTANCE_HEX]; /* its id */
};

struct publish_owner { /* of an answer */
    const char *session, *who;
};

struct publish_answer;

struct publishing {
    struct server *server;
    struct published_table *published;
    struct event *turn, *review; /* timers: of what is asked for and is fresh; of what may have to end */
    TAILQ_HEAD(, publish_asked) asked;
    size_t asked_count;
    struct publish_answer *answers; /* that are sent at the end of the turn */
    size_t answer_count, answer_room;
    struct log_throttle refusals;
    struct log_limit lines;
    uint64_t rest_us;          /* until then, by clock_us(), the loop is left to others */
    struct config_ports taken; /* of the configuration and the table, and perhaps of what has ended in this turn */
    bool has_changed;          /* what is active is not what is in force */
    bool has_fresh;            /* something waits for a turn, or could not be put into force */
    size_t fresh_most;         /* of those that are fresh, in one step */
};

/* publishing_apply.c */
const struct credential *publishing_credential(const struct publishing *publishing, const char *name); /* or NULL */
struct publish_scene publishing_scene(const struct publishing *publishing, const struct server_config *conf,
                                      const struct publish_permit *permit, const struct published_entry *entry);
/* May the entry be part of this configuration? 0, or -1 with why. */
int publishing_check(const struct publishing *publishing, const struct server_config *conf,
                     const struct published_entry *entry, enum publish_refusal *refusal, struct error *error);
/* All that are active, and with_fresh: those that are fresh, or as many as fresh_most. Two steps at most. */
void publishing_apply(struct publishing *publishing, bool with_fresh);

/* publishing_offer.c */
/* May its agent publish at all? 0, or -1 with why not. */
int publishing_check_permit(const struct publishing *publishing, const struct session *session, struct error *error);
/* Answers at once that nothing of the message is done. */
void publishing_refuse(struct publishing *publishing, const struct session *session, const struct publish *message,
                       enum publish_refusal refusal, const char *detail);
/* Does what the message says, in the table. `session`: NULL if it has ended, or lost its
 * connection: an agent may leave as soon as it has withdrawn what it offered, and publishes nothing more. */
void publishing_obey(struct publishing *publishing, const struct publish_asked *asked, const struct session *session);

/* publishing_answer.c: counts, logs, and answers at the end of the turn. */
void publishing_note_refused(struct publishing *publishing, const struct publish_owner *owner, const char *name,
                             enum publish_refusal refusal, const char *detail);
void publishing_answer_refused(struct publishing *publishing, const struct publish_owner *owner, const char *name,
                               const char *detail);
void publishing_note_published(struct publishing *publishing, struct published_entry *entry);
void publishing_answer_published(struct publishing *publishing, const struct published_entry *entry);
void publishing_note_removed(struct publishing *publishing, const struct published_entry *entry, const char *detail);
/* It cannot stay: its agent is told, and the entry freed. */
void publishing_withdraw(struct publishing *publishing, struct published_entry *entry, enum publish_refusal refusal,
                         const char *detail);
/* It could not be put into force: `why` is for the log, since it may tell of the server's files. */
void publishing_withdraw_failed(struct publishing *publishing, struct published_entry *entry, const char *why);
/* Nothing can be put into force. */
void publishing_note_stuck(struct publishing *publishing, const char *why);
void publishing_send_answers(struct publishing *publishing);

#endif
