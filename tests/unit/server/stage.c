/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stage: see stage.h.
 */
#include "config.h"

#include "server/stage.h"

#include "conf/setup.h"
#include "lib/sock.h"
#include "server/door.h"
#include "server/server.h"
#include "server/service.h"
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

/* None that the system hands out: before the server listens it would give it to somebody else who asks for any, or who
 * connects. Each test is a process of its own and begins elsewhere. */
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

static void read_token(struct proof_token *token) {
    struct error error;
    char *text = unit_read(unit_path("agent.token"), NULL);

    ck_assert_msg(proof_token_parse(token, text, &error) == 0, "%s", error.text);
    free(text);
}

static void add_services(struct stage *stage, const char *const *groups, size_t count) {
    struct error error;
    char text[200];

    for (size_t i = 0; i < count; i++) {
        stage->ports[i] = free_port();
        snprintf(text, sizeof text, "s%zu %s 127.0.0.1:%u localhost:80", i, groups[i] ? groups[i] : "",
                 stage->ports[i]);
        ck_assert_msg(server_conf_add_service(stage->conf, text, &error) == 0, "%s", error.text);
    }
}

static void replace(char **text, const char *by) {
    free(*text);
    *text = strdup(by);
}

void stage_set(struct stage *stage, const char *const *groups, size_t count) {
    struct setup setup = {.folder = unit_folder(), .listen = "127.0.0.1:1"};
    struct error error;
    char door[40];
    bool made;

    memset(stage, 0, sizeof *stage);
    unlink(unit_path("agents.json")); /* without forking, the last test's is still there */
    unlink(unit_path("agent.token"));
    ck_assert_msg(setup_server(&setup, &made, &error) == 0, "%s", error.text);
    read_token(&stage->token);
    stage->conf = server_conf_default();
    ck_assert_ptr_nonnull(stage->conf);
    replace(&stage->conf->agents.certificate, unit_path("server.pem"));
    replace(&stage->conf->agents.key, unit_path("server.key"));
    replace(&stage->conf->agents.tokens, unit_path("agents.json"));
    stage->agent_port = free_port();
    snprintf(door, sizeof door, "127.0.0.1:%u", stage->agent_port);
    conf_list_done(&stage->conf->agents.listen);
    conf_list_add(&stage->conf->agents.listen, door);
    add_services(stage, groups, count);
}

void stage_set_any(struct stage *stage) {
    static const char *const ungrouped[] = {NULL};

    stage_set(stage, ungrouped, 1);
}

void stage_open(struct stage *stage) {
    struct error error;

    if (getenv("STAGE_LOG"))
        stage->log = log_new(LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, "stderr", &error);
    stage->server = server_new(stage->conf, stage->log, &error);
    ck_assert_msg(stage->server != NULL, "%s", error.text);
    ck_assert_msg(server_open(stage->server, &error) == 0, "%s", error.text);
}

void stage_begin(struct stage *stage) {
    stage_set_any(stage);
    stage_open(stage);
}

void stage_clear(struct stage *stage) {
    server_free(stage->server);
    server_conf_free(stage->conf);
    log_free(stage->log);
}

/* --- agents --- */

struct link_ref stage_greet(struct stage *stage, const struct message_hello *hello, const uint8_t *key,
                            enum proof_role role) {
    struct link_ref link = fake_link();
    struct addr peer = {0};
    struct endpoint endpoint = {.host = "127.0.0.1", .port = 4321};
    char *text = message_format_hello(hello), *whole = NULL;
    uint8_t proof[SECRET_SIZE];

    (void)stage;
    ck_assert(addr_from_endpoint(&peer, &endpoint));
    if (key) {
        ck_assert_int_eq(proof_make(proof, key, role, exporter), 0);
        whole = message_add_proof(text, proof);
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

struct link_ref stage_greet_known(struct stage *stage, const char *identity) {
    struct addr peer = {0};
    struct endpoint endpoint = {.host = "127.0.0.1", .port = 4321};
    struct greeting greeting = {.link = fake_link(), .identity = identity, .text = "", .peer = &peer};

    (void)stage;
    ck_assert(addr_from_endpoint(&peer, &endpoint));
    fake_options()->events->on_greeting(fake_options()->context, &greeting);
    return greeting.link;
}

static struct stage_agent join(struct stage *stage, const char *name, const char *group, const char *instance) {
    struct stage_agent agent = {.name = name};
    struct message_hello hello = {.kind = MESSAGE_KIND_CONTROL,
                                  .protocol = MESSAGE_PROTOCOL,
                                  .credential = stage->token.name,
                                  .name = name,
                                  .group = group,
                                  .instance = instance,
                                  .session = ""};
    struct message_welcome welcome;
    struct fake_order accepted;
    struct error error;
    uint8_t key[SECRET_SIZE];

    proof_token_key(&stage->token, key);
    agent.control = stage_greet(stage, &hello, key, PROOF_AGENT);
    ck_assert_msg(fake_take(FAKE_ACCEPT, &accepted), "%s was not let in", name);
    ck_assert(accepted.flag && link_ref_same(accepted.link, agent.control));
    ck_assert_msg(message_parse_welcome(&welcome, accepted.text, strlen(accepted.text), &error) == 0, "%s", error.text);
    ck_assert(welcome.has_proof && proof_check(welcome.proof, key, PROOF_SERVER, exporter));
    agent.tag = accepted.tag;
    memcpy(agent.key, welcome.session_key, SECRET_SIZE);
    snprintf(agent.session, sizeof agent.session, "%s", welcome.session);
    snprintf(agent.instance, sizeof agent.instance, "%s", instance);
    message_welcome_done(&welcome);
    return agent;
}

struct stage_agent stage_join(struct stage *stage, const char *name, const char *group) {
    uint8_t bytes[16];
    char instance[33];

    secret_random(bytes, sizeof bytes);
    return join(stage, name, group, secret_to_hex(bytes, sizeof bytes, instance));
}

struct stage_agent stage_join_again(struct stage *stage, const struct stage_agent *as, const char *group) {
    return join(stage, as->name, group, as->instance);
}

/* It came by certificates, and the server's may be stolen. */
static void expect_server_proved(const struct stage_agent *agent, const char *welcome) {
    uint8_t proof[SECRET_SIZE];
    struct error error;

    ck_assert_msg(message_parse_data_welcome(proof, welcome, strlen(welcome), &error) == 0, "%s: %s", welcome,
                  error.text);
    ck_assert(proof_check(proof, agent->key, PROOF_DATA_SERVER, exporter));
}

struct link_ref stage_let_in_link(struct stage *stage, const struct stage_agent *agent) {
    struct message_hello hello = {.kind = MESSAGE_KIND_DATA,
                                  .protocol = MESSAGE_PROTOCOL,
                                  .credential = "",
                                  .name = agent->name,
                                  .group = "",
                                  .instance = agent->instance,
                                  .session = agent->session};
    struct fake_order accepted;
    struct link_ref link = stage_greet(stage, &hello, agent->key, PROOF_DATA);

    ck_assert_msg(fake_take(FAKE_ACCEPT, &accepted), "a data link of %s was not let in", agent->name);
    ck_assert(!accepted.flag && accepted.tag == agent->tag);
    expect_server_proved(agent, accepted.text);
    return link;
}

struct link_ref stage_bring_link(struct stage *stage, const struct stage_agent *agent) {
    struct link_ref link = stage_let_in_link(stage, agent);

    stage_idle(stage, agent, link);
    return link;
}

void stage_bring_links(struct stage *stage, const struct stage_agent *agent, size_t count) {
    while (count--)
        stage_bring_link(stage, agent);
}

struct stage_agent stage_join_with(struct stage *stage, const char *name, size_t links) {
    struct stage_agent agent = stage_join(stage, name, "");

    stage_bring_links(stage, &agent, links);
    return agent;
}

void stage_idle(struct stage *stage, const struct stage_agent *agent, struct link_ref link) {
    (void)stage;
    fake_options()->events->on_idle(fake_options()->context, link, agent->tag);
}

void stage_lose(struct stage *stage, const struct stage_agent *agent) {
    struct link_end end = {
        .link = agent->control, .tag = agent->tag, .is_control = true, .was_accepted = true, .why = "it broke"};

    (void)stage;
    fake_options()->events->on_gone(fake_options()->context, &end);
}

void stage_tell(struct stage *stage, const struct stage_agent *agent, const char *json) {
    (void)stage;
    fake_options()->events->on_told(fake_options()->context, agent->control, agent->tag, json, strlen(json));
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

int stage_connect(struct stage *stage, size_t service) {
    int fd = connect_to(stage->ports[service]);

    stage_run(stage);
    return fd;
}

void stage_end(struct stage *stage, int fd, const struct fake_order *served, uint64_t tag) {
    fake_give_back(served, CLIENT_ENDED, tag);
    close(fd);
    stage_clear(stage);
}

void stage_run(struct stage *stage) {
    unit_run_rounds(loop_base(stage->server->loop), 3);
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

bool stage_wait_for(struct stage *stage, enum fake_kind kind, size_t count) {
    struct wait wait = {.kind = kind, .count = count};

    return unit_run_until(loop_base(stage->server->loop), has_orders, &wait, 3000);
}

int stage_client(struct stage *stage, size_t service, struct fake_order *served) {
    int fd = stage_connect(stage, service);

    ck_assert_int_ge(fd, 0);
    ck_assert_msg(stage_wait_for(stage, FAKE_SERVE, 1), "the client was given to nobody");
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

static struct wait wait_for_end(struct stage *stage, int fd) {
    struct wait wait = {.fd = fd, .got = -1};

    if (!unit_run_until(loop_base(stage->server->loop), has_ended, &wait, 3000))
        wait.error_number = 0;
    return wait;
}

bool stage_is_reset(struct stage *stage, int fd) {
    struct wait wait = wait_for_end(stage, fd);

    return wait.got < 0 && wait.error_number == ECONNRESET;
}

bool stage_is_closed(struct stage *stage, int fd) {
    struct wait wait = wait_for_end(stage, fd);

    return wait.got == 0 || (wait.got < 0 && wait.error_number == ECONNRESET);
}
