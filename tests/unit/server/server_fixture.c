/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_fixture: see server_fixture.h.
 */
#include "config.h"

#include "server/server_fixture.h"

#include "conf/provision.h"
#include "lib/net/sock.h"
#include "server/auth/agent_listener.h"
#include "server/server.h"
#include "server/service/announce.h"
#include "server/service/service.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORT_FIRST = 30000, PORT_COUNT = 2700, PORTS_OF_A_TEST = 8 };

static const uint8_t exporter[SECRET_SIZE] = {42};

static bool is_free(uint16_t port) {
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    bool bound = bind(fd, (struct sockaddr *)&place, sizeof place) == 0;
    close(fd);
    return bound;
}

/* None that the system hands out: before the server listens it would give it to another program that asks for any, or
 * that connects. Each test is a process of its own and begins elsewhere. */
static uint16_t free_port(void) {
    static unsigned tried;

    for (unsigned i = 0; i < PORT_COUNT; i++) {
        unsigned port = PORT_FIRST + ((unsigned)getpid() * PORTS_OF_A_TEST + tried++) % PORT_COUNT;
        if (is_free((uint16_t)port))
            return (uint16_t)port;
    }
    ck_abort_msg("no free port between %d and %d", PORT_FIRST, PORT_FIRST + PORT_COUNT);
    return 0;
}

static void read_token(struct auth_token *token) {
    struct error error;
    char *text = unit_read(unit_path("agent.token"), NULL);

    ck_assert_msg(auth_token_parse(token, text, &error) == 0, "%s", error.text);
    free(text);
}

static void add_services(struct server_fixture *server_fixture, const char *const *groups, size_t count) {
    struct error error;
    char text[200];

    for (size_t i = 0; i < count; i++) {
        server_fixture->ports[i] = free_port();
        snprintf(text, sizeof text, "s%zu %s 127.0.0.1:%u localhost:80", i, groups[i] ? groups[i] : "",
                 server_fixture->ports[i]);
        ck_assert_msg(server_config_add_service(server_fixture->conf, text, &error) == 0, "%s", error.text);
    }
}

static void replace(char **text, const char *by) {
    free(*text);
    *text = strdup(by);
}

void server_fixture_set(struct server_fixture *server_fixture, const char *const *groups, size_t count) {
    struct provision setup = {.folder = unit_folder(), .listen = "127.0.0.1:1"};
    struct error error;
    char agent_listen[40];
    bool made;

    memset(server_fixture, 0, sizeof *server_fixture);
    unlink(unit_path("agents.json")); /* without forking, the last test's is still there */
    unlink(unit_path("agent.token"));
    ck_assert_msg(provision_server(&setup, &made, &error) == 0, "%s", error.text);
    read_token(&server_fixture->token);
    server_fixture->conf = server_config_default(NULL);
    ck_assert_ptr_nonnull(server_fixture->conf);
    replace(&server_fixture->conf->agents.certificate, unit_path("server.pem"));
    replace(&server_fixture->conf->agents.key, unit_path("server.key"));
    replace(&server_fixture->conf->agents.tokens, unit_path("agents.json"));
    free(server_fixture->conf->admin_socket);
    server_fixture->conf->admin_socket = NULL; /* a test that wants one has its own */
    server_fixture->agent_port = free_port();
    snprintf(agent_listen, sizeof agent_listen, "127.0.0.1:%u", server_fixture->agent_port);
    strlist_done(&server_fixture->conf->agents.listen);
    strlist_add(&server_fixture->conf->agents.listen, agent_listen);
    add_services(server_fixture, groups, count);
}

void server_fixture_set_any(struct server_fixture *server_fixture) {
    static const char *const ungrouped[] = {NULL};

    server_fixture_set(server_fixture, ungrouped, 1);
}

void server_fixture_open(struct server_fixture *server_fixture) {
    struct error error;

    if (getenv("FIXTURE_LOG"))
        server_fixture->log = log_new("test", LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, "stderr", &error);
    server_fixture->server = server_new(server_fixture->conf, server_fixture->log, &error);
    ck_assert_msg(server_fixture->server, "%s", error.text);
    ck_assert_msg(server_open(server_fixture->server, &error) == 0, "%s", error.text);
}

void server_fixture_begin(struct server_fixture *server_fixture) {
    server_fixture_set_any(server_fixture);
    server_fixture_open(server_fixture);
}

void server_fixture_clear(struct server_fixture *server_fixture) {
    server_free(server_fixture->server);
    server_config_free(server_fixture->conf);
    log_free(server_fixture->log);
}

/* --- agents --- */

struct link_ref server_fixture_greet(struct server_fixture *server_fixture, const struct hello *hello,
                                     const uint8_t *key, enum auth_proof_role role) {
    struct link_ref link = fake_link();
    struct addr peer = {0};
    struct endpoint endpoint = {.host = "127.0.0.1", .port = 4321};
    char *text = hello_format(hello), *whole = NULL;
    uint8_t proof[SECRET_SIZE];

    (void)server_fixture;
    ck_assert(addr_from_endpoint(&peer, &endpoint));
    if (key) {
        ck_assert_int_eq(auth_proof_make(proof, key, role, exporter), 0);
        whole = hello_add_proof(text, proof);
    }
    struct greeting greeting = {.link = link,
                                .text = whole ? whole : text,
                                .length = strlen(whole ? whole : text),
                                .peer = &peer};
    memcpy(greeting.exporter, exporter, SECRET_SIZE);
    fake_options()->events->on_greeting(fake_options()->context, &greeting);
    free(text);
    free(whole);
    return link;
}

static struct server_fixture_agent join(struct server_fixture *server_fixture, const char *name, const char *group,
                                        const char *instance, const char *resume) {
    struct server_fixture_agent agent = {.name = name};
    struct hello hello = {.kind = HELLO_KIND_CONTROL,
                          .protocol = PROTO_VERSION,
                          .credential = server_fixture->token.name,
                          .name = name,
                          .group = group,
                          .instance = instance,
                          .resume = resume,
                          .session = "",
                          .features = FEATURES_ALL,
                          .version = "1.2.3"};
    struct welcome welcome;
    struct fake_order accepted;
    struct error error;
    uint8_t key[SECRET_SIZE];

    auth_token_key(&server_fixture->token, key);
    agent.control = server_fixture_greet(server_fixture, &hello, key, AUTH_PROOF_AGENT);
    ck_assert_msg(fake_take(FAKE_ACCEPT, &accepted), "%s was not accepted", name);
    ck_assert(accepted.is_control && link_ref_same(accepted.link, agent.control));
    ck_assert_msg(welcome_parse(&welcome, accepted.text, strlen(accepted.text), &error) == 0, "%s", error.text);
    ck_assert(welcome.has_proof && auth_proof_check(welcome.proof, key, AUTH_PROOF_SERVER, exporter));
    agent.tag = accepted.tag;
    memcpy(agent.key, welcome.session_key, SECRET_SIZE);
    snprintf(agent.session, sizeof agent.session, "%s", welcome.session);
    snprintf(agent.instance, sizeof agent.instance, "%s", instance);
    welcome_done(&welcome);
    return agent;
}

static struct server_fixture_agent join_first(struct server_fixture *server_fixture, const char *name,
                                              const char *group) {
    uint8_t bytes[16];
    char instance[33];

    secret_random(bytes, sizeof bytes);
    return join(server_fixture, name, group, secret_to_hex(bytes, sizeof bytes, instance), "");
}

void server_fixture_answer(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                           const char *refused) {
    struct fake_order sent;
    char text[1024];

    announce_turn(server_fixture->server->announce);
    while (fake_take_with(FAKE_CONTROL, "\"op\":\"services\"", &sent)) {
        const char *version = strstr(sent.text, "\"version\":");
        ck_assert(version && link_ref_same(sent.link, agent->control));
        ck_assert_int_lt(snprintf(text, sizeof text, "{\"op\":\"services_ack\",\"version\":%lu,\"refused\":%s}",
                                  strtoul(version + strlen("\"version\":"), NULL, 10), refused),
                         (int)sizeof text);
        server_fixture_send_control(server_fixture, agent, text);
    }
}

struct server_fixture_agent server_fixture_join_unanswered(struct server_fixture *server_fixture, const char *name) {
    return join_first(server_fixture, name, "");
}

struct server_fixture_agent server_fixture_join(struct server_fixture *server_fixture, const char *name,
                                                const char *group) {
    struct server_fixture_agent agent = join_first(server_fixture, name, group);

    server_fixture_answer(server_fixture, &agent, "[]");
    return agent;
}

struct server_fixture_agent server_fixture_join_again(struct server_fixture *server_fixture,
                                                      const struct server_fixture_agent *as, const char *group) {
    struct server_fixture_agent agent = join(server_fixture, as->name, group, as->instance, "");

    server_fixture_answer(server_fixture, &agent, "[]");
    return agent;
}

struct server_fixture_agent server_fixture_resume(struct server_fixture *server_fixture,
                                                  const struct server_fixture_agent *as, const char *group) {
    struct server_fixture_agent agent = join(server_fixture, as->name, group, as->instance, as->session);

    server_fixture_answer(server_fixture, &agent, "[]");
    return agent;
}

/* The server's certificate may be stolen. */
static void expect_server_proved(const struct server_fixture_agent *agent, const char *welcome) {
    uint8_t proof[SECRET_SIZE];
    struct error error;

    ck_assert_msg(welcome_parse_data(proof, welcome, strlen(welcome), &error) == 0, "%s: %s", welcome, error.text);
    ck_assert(auth_proof_check(proof, agent->key, AUTH_PROOF_DATA_SERVER, exporter));
}

struct link_ref server_fixture_greet_data(struct server_fixture *server_fixture,
                                          const struct server_fixture_agent *agent, unsigned thread,
                                          bool is_exclusive) {
    struct hello hello = {.kind = HELLO_KIND_DATA,
                          .protocol = PROTO_VERSION,
                          .credential = "",
                          .name = agent->name,
                          .group = "",
                          .instance = agent->instance,
                          .session = agent->session,
                          .server_thread = thread,
                          .is_exclusive = is_exclusive};

    return server_fixture_greet(server_fixture, &hello, agent->key, AUTH_PROOF_DATA);
}

struct link_ref server_fixture_accept_link(struct server_fixture *server_fixture,
                                           const struct server_fixture_agent *agent, unsigned thread,
                                           bool is_exclusive) {
    struct fake_order accepted;
    struct link_ref link = server_fixture_greet_data(server_fixture, agent, thread, is_exclusive);

    ck_assert_msg(fake_take(FAKE_ACCEPT, &accepted), "a data link of %s was not accepted", agent->name);
    ck_assert(!accepted.is_control && link_ref_same(accepted.link, link) && accepted.role.session == agent->tag);
    ck_assert(accepted.role.server_thread == thread && accepted.role.is_exclusive == is_exclusive);
    expect_server_proved(agent, accepted.text);
    return link;
}

void server_fixture_carry(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                          unsigned thread, bool is_exclusive) {
    struct carrier_role role = {agent->tag, thread, is_exclusive};

    (void)server_fixture;
    fake_options()->events->on_carrier(fake_options()->context, agent->tag, &role);
}

struct link_ref server_fixture_bring_link_to(struct server_fixture *server_fixture,
                                             const struct server_fixture_agent *agent, unsigned thread,
                                             bool is_exclusive) {
    struct link_ref link = server_fixture_accept_link(server_fixture, agent, thread, is_exclusive);

    server_fixture_carry(server_fixture, agent, thread, is_exclusive);
    return link;
}

struct link_ref server_fixture_bring_link(struct server_fixture *server_fixture,
                                          const struct server_fixture_agent *agent) {
    return server_fixture_bring_link_to(server_fixture, agent, 0, false);
}

struct server_fixture_agent server_fixture_join_ready(struct server_fixture *server_fixture, const char *name) {
    struct server_fixture_agent agent = server_fixture_join(server_fixture, name, "");

    server_fixture_bring_link(server_fixture, &agent);
    return agent;
}

void server_fixture_lose_link(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                              struct link_ref link, unsigned thread, bool is_exclusive) {
    struct link_end end = {.link = link,
                           .tag = agent->tag,
                           .was_accepted = true,
                           .is_carrier = true,
                           .role = {agent->tag, thread, is_exclusive},
                           .detail = "it broke"};

    (void)server_fixture;
    fake_options()->events->on_gone(fake_options()->context, &end);
}

void server_fixture_lose(struct server_fixture *server_fixture, const struct server_fixture_agent *agent) {
    struct link_end end = {
        .link = agent->control, .tag = agent->tag, .is_control = true, .was_accepted = true, .detail = "it broke"};

    (void)server_fixture;
    fake_options()->events->on_gone(fake_options()->context, &end);
}

void server_fixture_send_control(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                                 const char *json) {
    (void)server_fixture;
    fake_options()->events->on_control(fake_options()->context, agent->control, agent->tag, json, strlen(json));
}

/* --- clients --- */

static int connect_to(uint16_t port) {
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&place, sizeof place) == 0)
        return fd;
    close(fd);
    return -1;
}

int server_fixture_connect(struct server_fixture *server_fixture, size_t service) {
    int fd = connect_to(server_fixture->ports[service]);

    server_fixture_run(server_fixture);
    return fd;
}

void server_fixture_end(struct server_fixture *server_fixture, int fd, const struct fake_order *served) {
    fake_give_back(served, CLIENT_ENDED);
    close(fd);
    server_fixture_clear(server_fixture);
}

void server_fixture_run(struct server_fixture *server_fixture) {
    unit_run_rounds(loop_base(server_fixture->server->loop), 3);
}

struct wait {
    enum fake_kind kind;
    size_t count;
    int fd;
    ssize_t got;
    int error_number;
};

static bool has_orders(void *context) {
    const struct wait *wait = context;

    return fake_count(wait->kind) >= wait->count;
}

bool server_fixture_wait_for(struct server_fixture *server_fixture, enum fake_kind kind, size_t count) {
    struct wait wait = {.kind = kind, .count = count};

    return unit_run_until(loop_base(server_fixture->server->loop), has_orders, &wait, 3000);
}

int server_fixture_client(struct server_fixture *server_fixture, size_t service, struct fake_order *served) {
    int fd = server_fixture_connect(server_fixture, service);

    ck_assert_int_ge(fd, 0);
    ck_assert_msg(server_fixture_wait_for(server_fixture, FAKE_SERVE, 1), "no agent was given the client");
    ck_assert(fake_take(FAKE_SERVE, served));
    return fd;
}

static bool has_ended(void *context) {
    struct wait *wait = context;
    char byte;

    wait->got = recv(wait->fd, &byte, 1, MSG_DONTWAIT);
    wait->error_number = errno;
    return wait->got >= 0 || !sock_would_block(errno);
}

static struct wait wait_for_end(struct server_fixture *server_fixture, int fd) {
    struct wait wait = {.fd = fd, .got = -1};

    if (!unit_run_until(loop_base(server_fixture->server->loop), has_ended, &wait, 3000))
        wait.error_number = 0;
    return wait;
}

bool server_fixture_is_reset(struct server_fixture *server_fixture, int fd) {
    struct wait wait = wait_for_end(server_fixture, fd);

    return wait.got < 0 && wait.error_number == ECONNRESET;
}

bool server_fixture_is_closed(struct server_fixture *server_fixture, int fd) {
    struct wait wait = wait_for_end(server_fixture, fd);

    return wait.got == 0 || (wait.got < 0 && wait.error_number == ECONNRESET);
}
