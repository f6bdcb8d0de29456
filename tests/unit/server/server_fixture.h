/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_fixture: a whole control plane over a fake data plane, with agents that a test makes join and clients that
 * really connect.
 */
#ifndef MUNNEL_TESTS_SERVER_FIXTURE_H
#define MUNNEL_TESTS_SERVER_FIXTURE_H

#include "proto/auth_proof.h"
#include "proto/features.h"
#include "proto/hello.h"
#include "server/fake_plane.h"
#include "server/server_priv.h"

struct server_fixture {
    struct server_config *conf;
    struct server *server;
    struct log *log;
    struct auth_token token; /* of the credential that carries "*" */
    uint16_t agent_port, ports[4];
};

struct server_fixture_agent {
    struct link_ref control;
    uint64_t tag;
    const char *name;
    char session[33], instance[33];
    uint8_t key[SECRET_SIZE];
};

/* The services are "s0", "s1" ...; NULL: any agent, else the one group. Change server_fixture->conf, then
 * server_fixture_open. */
void server_fixture_set(struct server_fixture *server_fixture, const char *const *groups, size_t count);
void server_fixture_set_any(struct server_fixture *server_fixture); /* one service, for any agent */
void server_fixture_open(struct server_fixture *server_fixture);
void server_fixture_begin(struct server_fixture *server_fixture); /* server_fixture_set_any and server_fixture_open */
void server_fixture_clear(struct server_fixture *server_fixture);

/* Joins with the token; `group` may be "". Fails the test if it is rejected. */
struct server_fixture_agent server_fixture_join(struct server_fixture *server_fixture, const char *name,
                                                const char *group);
/* The same without a group, but it has not answered for its services. */
struct server_fixture_agent server_fixture_join_unanswered(struct server_fixture *server_fixture, const char *name);
/* Answers for the services that it was sent: `refused` is the list in services_ack, "[]" to permit all. */
void server_fixture_answer(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                           const char *refused);
/* The same without a group, and brings a data link, so that it can take clients. */
struct server_fixture_agent server_fixture_join_ready(struct server_fixture *server_fixture, const char *name);
/* Joins once more as the same process, or goes on with its session, if the server has it. */
struct server_fixture_agent server_fixture_join_again(struct server_fixture *server_fixture,
                                                      const struct server_fixture_agent *as, const char *group);
struct server_fixture_agent server_fixture_resume(struct server_fixture *server_fixture,
                                                  const struct server_fixture_agent *as, const char *group);
/* Sends this HELLO with a proof made by `key` (NULL: none); returns the link. What is answered is an order. */
struct link_ref server_fixture_greet(struct server_fixture *server_fixture, const struct hello *hello,
                                     const uint8_t *key, enum auth_proof_role role);
/* HELLO of a data link of this kind; what is answered is an order. */
struct link_ref server_fixture_greet_data(struct server_fixture *server_fixture,
                                          const struct server_fixture_agent *agent, unsigned thread, bool is_exclusive);
/* A data link that is accepted and carries nothing yet. */
struct link_ref server_fixture_accept_link(struct server_fixture *server_fixture,
                                           const struct server_fixture_agent *agent, unsigned thread,
                                           bool is_exclusive);
/* A data link that carries streams. */
struct link_ref server_fixture_bring_link_to(struct server_fixture *server_fixture,
                                             const struct server_fixture_agent *agent, unsigned thread,
                                             bool is_exclusive);
struct link_ref server_fixture_bring_link(struct server_fixture *server_fixture,
                                          const struct server_fixture_agent *agent); /* shared, of thread 0 */
void server_fixture_carry(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                          unsigned thread, bool is_exclusive); /* an accepted one does now */
void server_fixture_lose_link(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                              struct link_ref link, unsigned thread, bool is_exclusive); /* such a one is gone */
void server_fixture_lose(struct server_fixture *server_fixture,
                         const struct server_fixture_agent *agent); /* its control link is gone */
void server_fixture_send_control(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                                 const char *json);

int server_fixture_connect(struct server_fixture *server_fixture, size_t service); /* a client's socket */
/* A client connects and is given to an agent: *served has its name (`text`). Fails the test if it is not. */
int server_fixture_client(struct server_fixture *server_fixture, size_t service, struct fake_order *served);
/* The client with the socket `fd` has ended; and the fixture with it. */
void server_fixture_end(struct server_fixture *server_fixture, int fd, const struct fake_order *served);
void server_fixture_run(struct server_fixture *server_fixture);               /* what is due now */
bool server_fixture_is_reset(struct server_fixture *server_fixture, int fd);  /* soon: the client meets RST */
bool server_fixture_is_closed(struct server_fixture *server_fixture, int fd); /* soon: the end, clean or not */
bool server_fixture_wait_for(struct server_fixture *server_fixture, enum fake_kind kind, size_t count);

#endif
