/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * control: the messages of a control link: JSON to structs and back.
 *
 * Strings from the peer are checked for length and control characters; unknown keys are ignored.
 * Runs on: any thread. Owns: nothing; parsed strings live in the struct's `json` until its control_done().
 */
#ifndef MUNNEL_PROTO_CONTROL_H
#define MUNNEL_PROTO_CONTROL_H

#include "lib/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CONTROL: {"op":…}. CONTROL_OP(name, op on the wire) */
#define CONTROL_OPS(O)                                                                                                 \
    O(LINKS, "links")       /* server: dial `count` more data links of this role */                                    \
    O(GOAWAY, "goaway")     /* server: open a new session beside this one */                                           \
    O(DRAIN, "drain")       /* agent: no more clients for me, please */                                                \
    O(DRAINED, "drained")   /* server: none will come any more */                                                      \
    O(BYE, "bye")           /* either: this session is over, with `reason` */                                          \
    O(ERROR, "error")       /* either: `reason` names what was not understood; never answered */                       \
    O(NOTICE, "notice")     /* server: `reason` is for the operator of the agent, and goes to the agent's log */       \
    O(SERVICES, "services") /* server: what the agent may be asked to serve; see services.h */                         \
    O(SERVICES_ACK, "services_ack")   /* agent: what of it its rules refuse */                                         \
    O(HEALTH, "health")               /* agent: what its checks of destinations have found; see health.h */            \
    O(BANS, "bans")                   /* agent: clients that are to be refused; see ban_changes.h */                   \
    O(PUBLISH, "publish")             /* agent: services that it offers; see publish.h */                              \
    O(PUBLISHED, "published")         /* server: where they are reached, or why not */                                 \
    O(VISIT, "visit")                 /* agent: services that it wants to open on its side; see visits.h */            \
    O(VISIT_STATE, "visit_state")     /* server: whether it may */                                                     \
    O(VISIT_OPEN, "visit_open")       /* agent: clients of one of them have come */                                    \
    O(VISIT_REFUSED, "visit_refused") /* server: they are not served */
enum control_op {
#define CONTROL_OP_ENUM(name, op) CONTROL_OP_##name,
    CONTROL_OPS(CONTROL_OP_ENUM)
#undef CONTROL_OP_ENUM
        CONTROL_OP_UNKNOWN
};
enum { CONTROL_LINKS_MAX = 64 };
struct control_message {
    json_t *json;
    enum control_op op;
    unsigned count; /* LINKS: 1 to CONTROL_LINKS_MAX */
    unsigned server_thread;
    bool is_exclusive;
    const char *reason; /* "" if none */
};
int control_parse(struct control_message *control, const char *text, size_t length, struct error *error);
const char *control_op_name(enum control_op op); /* as on the wire */
void control_done(struct control_message *control);
/* Both malloc'ed. `op` is not LINKS; `reason` may be NULL. */
char *control_format(enum control_op op, const char *reason);
char *control_format_links(unsigned count, unsigned server_thread, bool is_exclusive);

#endif
