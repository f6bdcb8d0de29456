/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stage: a whole control plane over a fake data plane, with agents that a test lets join and clients that really
 * connect.
 */
#ifndef MUNNEL_TESTS_STAGE_H
#define MUNNEL_TESTS_STAGE_H

#include "proto/proof.h"
#include "server/fake_plane.h"
#include "server/server_priv.h"

struct stage {
    struct server_conf *conf;
    struct server *server;
    struct log *log;
    struct proof_token token; /* of the credential that carries "*" */
    uint16_t agent_port, ports[4];
};

struct stage_agent {
    struct link_ref control;
    uint64_t tag;
    const char *name;
    char session[33], instance[33];
    uint8_t key[SECRET_SIZE];
};

/* The services are "s0", "s1" ...; NULL: any agent, else the one group. Change stage->conf, then stage_open. */
void stage_set(struct stage *stage, const char *const *groups, size_t count);
void stage_set_any(struct stage *stage); /* one service, for any agent */
void stage_open(struct stage *stage);
void stage_begin(struct stage *stage); /* stage_set_any and stage_open */
void stage_clear(struct stage *stage);

/* Joins with the token; `group` may be "". Fails the test if it is not let in. */
struct stage_agent stage_join(struct stage *stage, const char *name, const char *group);
/* The same without a group, and brings idle links. */
struct stage_agent stage_join_with(struct stage *stage, const char *name, size_t links);
/* Joins once more as the same process. */
struct stage_agent stage_join_again(struct stage *stage, const struct stage_agent *as, const char *group);
/* Sends this HELLO with a proof made by `key` (NULL: none); returns the link. What is answered is an order. */
struct link_ref stage_greet(struct stage *stage, const struct message_hello *hello, const uint8_t *key,
                            enum proof_role role);
/* A link that shook hands by the key of this identity; returns it as above. */
struct link_ref stage_greet_known(struct stage *stage, const char *identity);
struct link_ref stage_let_in_link(struct stage *stage, const struct stage_agent *agent); /* a data link, not idle yet */
struct link_ref stage_bring_link(struct stage *stage, const struct stage_agent *agent);  /* a data link, idle */
void stage_bring_links(struct stage *stage, const struct stage_agent *agent, size_t count);
void stage_idle(struct stage *stage, const struct stage_agent *agent, struct link_ref link);
void stage_lose(struct stage *stage, const struct stage_agent *agent); /* its control link is gone */
void stage_tell(struct stage *stage, const struct stage_agent *agent, const char *json);

int stage_connect(struct stage *stage, size_t service); /* a client's socket */
/* A client connects and is given to somebody: *served says to whom (`text`). Fails the test if it is not. */
int stage_client(struct stage *stage, size_t service, struct fake_order *served);
/* The client with the socket `fd` has ended well, as the agent with this tag says; and the stage with it. */
void stage_end(struct stage *stage, int fd, const struct fake_order *served, uint64_t tag);
void stage_run(struct stage *stage);               /* what is due now */
bool stage_is_reset(struct stage *stage, int fd);  /* soon: the client meets RST */
bool stage_is_closed(struct stage *stage, int fd); /* soon: the end, clean or not */
bool stage_wait_for(struct stage *stage, enum fake_kind kind, size_t count);

#endif
