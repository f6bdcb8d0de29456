/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish: the members of CONTROL `publish`, by which an agent offers services of its own, and of `published`, by which
 * the server answers under which address each is reached, or why it is not.
 *
 * A service is known by its name. The server answers each that was added, and again when its address changes or it is
 * withdrawn; one that the agent removes has no answer. Both sides have to know the feature `publish`.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's JSON.
 */
#ifndef MUNNEL_PROTO_PUBLISH_H
#define MUNNEL_PROTO_PUBLISH_H

#include "proto/services.h"

enum {
    PUBLISH_MAX = 64,         /* services that a message adds, removes or answers */
    PUBLISH_SIZE = 32 * 1024, /* bytes of JSON after which a message has no more */
    PUBLISH_HOST_MAX = 255,   /* bytes, as the next ones */
    PUBLISHED_ADDRESS_MAX = 300,
    PUBLISHED_REASON_MAX = 200
};

/* ---- publish: agent to server ---- */

struct publish_offer {
    const char *name; /* a name as of a service in munnel.json */
    const char *to[SERVICE_DESTINATIONS_MAX];
    size_t to_count;
    const char *host; /* the name that it would like to be reached by; NULL: any, or none */
    unsigned port;    /* the port that it would like; 0: any */
    bool is_exact;    /* refused rather than reached by another host or port than these */
};

struct publish { /* server: a parsed `publish`; what it removes comes first */
    const json_t *add, *remove;
    size_t add_count, remove_count;
};
int publish_parse(struct publish *publish, const json_t *json, struct error *error); /* checks all of it */
void publish_added(const struct publish *publish, size_t index, struct publish_offer *offer);
const char *publish_removed(const struct publish *publish, size_t index); /* a name */

struct publish_writer { /* agent: a `publish` in the making; server: a `published` */
    json_t *json;
    size_t size, count;
    bool fails;
};
void publish_write(struct publish_writer *writer);
/* False, and nothing is added: the message is full. The first one always fits; these may be called in any order. */
bool publish_write_offer(struct publish_writer *writer, const struct publish_offer *offer);
bool publish_write_removed(struct publish_writer *writer, const char *name);
char *publish_finish(struct publish_writer *writer); /* malloc'ed; NULL: out of memory */

/* ---- published: server to agent ---- */

struct published_service {
    const char *name;
    const char *refusal; /* NULL: it is published; else why it is not, or no longer, and the rest is empty */
    /* For people: "relay.example.org:20017", "https://web.dev.example.org"; or ":20017", which is at the host by which
     * the agent has found the server. */
    const char *address;
    const char *host; /* to be wished for when it is published again; NULL: it has none */
    unsigned port;    /* likewise; 0: it shares a port by its host */
};

struct published { /* agent: a parsed `published` */
    const json_t *services;
    size_t count;
};
int published_parse(struct published *published, const json_t *json, struct error *error); /* checks all of it */
void published_get(const struct published *published, size_t index, struct published_service *service);

void published_write(struct publish_writer *writer);
bool published_write_service(struct publish_writer *writer, const struct published_service *service); /* see above */

#endif
