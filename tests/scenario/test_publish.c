/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_publish: services that agents offer, at the server: what it permits, who has a name, and what ends them. The
 * agents are the test itself, so that it can ask for what munnel-agent would not.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 5000, GONE_MS = 8000, RETRY_MS = 20000, PORTS = 3, CONTROL = 4, TEXT = 65536 };

#define KEY_OF_LAPTOP "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY_OF_OTHER  "2222222222222222222222222222222222222222222222222222222222222222"
#define KEY_OF_PLAIN  "3333333333333333333333333333333333333333333333333333333333333333"

struct site {
    struct sandbox *sandbox;
    struct server server;
    uint16_t ports[PORTS], hosts, fixed; /* that the permit has; that hosts share; of a service of the file */
    const char *agents;                  /* the agents file */
    char answer[TEXT];
};

static const char *permit_of(const struct site *site) {
    return sandbox_text(site->sandbox,
                        "{\"ports\":[\"%u\",\"%u\",\"%u\"],\"hosts\":[\"*.dev.example.org\",\"one.example.net\"]}",
                        site->ports[0], site->ports[1], site->ports[2]);
}

static void write_agents(struct site *site, const char *permit) {
    static const char entry[] = "{\"name\":\"%s\",\"groups\":[\"*\"],\"keys\":[{\"key\":\"%s\"}]%s%s}";
    const char *laptop = sandbox_text(site->sandbox, entry, "laptop", KEY_OF_LAPTOP, permit ? ",\"publish\":" : "",
                                      permit ? permit : "");
    const char *other = sandbox_text(site->sandbox, entry, "other", KEY_OF_OTHER, ",\"publish\":", permit_of(site));
    const char *plain = sandbox_text(site->sandbox, entry, "plain", KEY_OF_PLAIN, "", "");
    FILE *file = fopen(site->agents, "w");

    ck_assert_ptr_nonnull(file);
    fprintf(file, "{\"agents\":[%s,%s,%s]}\n", laptop, other, plain);
    ck_assert_int_eq(fclose(file), 0);
}

static void change_agents(struct site *site, const char *permit) {
    size_t mark = process_mark(site->server.process);

    write_agents(site, permit);
    process_await(site->server.process, mark, ASK_MS, "agents file reloaded", NULL);
}

static struct site *site_make(const char *name) {
    struct site *site = calloc(1, sizeof *site);

    site->sandbox = sandbox_new(name);
    for (size_t i = 0; i < PORTS; i++)
        site->ports[i] = port_take();
    site->hosts = port_take();
    site->fixed = port_take();
    site->agents = sandbox_text(site->sandbox, "%s/agents.json", sandbox_pki(site->sandbox, "pki"));
    return site;
}

static void site_serve(struct site *site, const char *publish) {
    site->server = server_start(
        site->sandbox,
        (struct server_plan){
            .services = service_to(site->sandbox, "fixed", site->fixed, 9, NULL),
            .agents = "'resume': 1,",
            .more = sandbox_text(
                site->sandbox,
                "'admin': {'socket': 'admin.sock'}, 'publish': {'listen': '127.0.0.1', 'hosts_listen': '127.0.0.1:%u', "
                "'linger': 2%s},",
                site->hosts, publish)});
}

/* Of agents that the test plays. */
static struct site *site_start(const char *name, const char *publish) {
    struct site *site = site_make(name);

    write_agents(site, permit_of(site));
    site_serve(site, publish);
    return site;
}

static void site_end(struct site *site) {
    sandbox_free(site->sandbox);
    free(site);
}

/* Sends a `publish`; ' for ". */
static void publish(const struct attacked_session *agent, const char *text) {
    char json[TEXT];
    size_t length = (size_t)snprintf(json, sizeof json, "{\"op\":\"publish\",%s}", text);

    for (char *at = json; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    ck_assert(intruder_send_frame(agent->control, CONTROL, (uint32_t)length, json, length));
}

/* The next control message of this op, which others may come before; "" if there is none. */
static const char *await_op(struct site *site, const struct attacked_session *agent, const char *op) {
    uint64_t deadline = deadline_in(ASK_MS);
    char wanted[64];

    snprintf(wanted, sizeof wanted, "\"op\":\"%s\"", op);
    do {
        if (intruder_read_frame(agent->control, site->answer, sizeof site->answer, ASK_MS) == CONTROL &&
            strstr(site->answer, wanted))
            return site->answer;
    } while (deadline_left(deadline) > 0);
    return "";
}

static void acknowledge(const struct attacked_session *agent, unsigned version) {
    char json[64];
    size_t length = (size_t)snprintf(json, sizeof json, "{\"op\":\"services_ack\",\"version\":%u}", version);

    ck_assert(intruder_send_frame(agent->control, CONTROL, (uint32_t)length, json, length));
}

static struct attacked_session begin(const struct site *site, const char *credential, const char *key) {
    const struct attacked_server server = {.sandbox = site->sandbox, .server = site->server};

    return attacked_server_join_by_key(&server, credential, key, "");
}

/* With the first part of the services, which the agent permits. */
static struct attacked_session join(struct site *site, const char *credential, const char *key) {
    struct attacked_session agent = begin(site, credential, key);

    ck_assert_str_ne(await_op(site, &agent, "services"), "");
    acknowledge(&agent, 1);
    return agent;
}

static const char *ask(struct site *site, const struct attacked_session *agent, const char *text) {
    publish(agent, text);
    return await_op(site, agent, "published");
}

#define SAYS(text, part)                                                                                               \
    do {                                                                                                               \
        const char *said = (text);                                                                                     \
        ck_assert_msg(strstr(said, (part)), "line %d: %s", __LINE__, said);                                            \
    } while (0)

static unsigned port_in(const char *answer) {
    const char *at = strstr(answer, "\"port\":");

    return at ? (unsigned)strtoul(at + strlen("\"port\":"), NULL, 10) : 0;
}

static bool is_open(uint16_t port) {
    int fd = socket_try("127.0.0.1", port);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

#define NOT_PERMITTED "9"

/* ---- what is permitted ---- */

START_TEST(offered_service_has_a_port_of_the_permit_until_it_is_removed) {
    struct site *site = site_start(__func__, "");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP);
    const char *wish =
        sandbox_text(site->sandbox, "'add':[{'name':'web','to':['localhost:8080'],'port':%u}]", site->ports[1]);
    const char *answer = ask(site, &laptop, wish);

    ck_assert_msg(port_in(answer) == site->ports[1], "%s", answer);
    SAYS(answer, sandbox_text(site->sandbox, ":%u\"", site->ports[1]));
    SAYS(await_op(site, &laptop, "services"), "\"to\":[\"localhost:8080\"]");
    ck_assert(is_open(site->ports[1]));
    publish(&laptop, "'remove':['web']");
    ck_assert(HOLDS_WITHIN(ASK_MS, !is_open(site->ports[1])));
    process_await(site->server.process, 0, ASK_MS, "\"agent laptop\"", "published no longer", NULL);
    intruder_free(laptop.control);
    site_end(site);
}
END_TEST

START_TEST(place_is_chosen_within_the_permit_and_stays) {
    struct site *site = site_start(__func__, "");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP);

    SAYS(ask(site, &laptop, "'add':[{'name':'web','to':['localhost:8080']}]"), "\"host\":\"web.dev.example.org\"");
    ck_assert(is_open(site->hosts));
    /* A wish outside of it is not obeyed, but what is possible is published. */
    SAYS(ask(site, &laptop, "'add':[{'name':'api','to':['localhost:1'],'port':" NOT_PERMITTED "}]"),
         "\"host\":\"api.dev.example.org\"");
    /* What it has already it keeps. */
    SAYS(ask(site, &laptop, "'add':[{'name':'web','to':['localhost:8081'],'host':'b.dev.example.org'}]"),
         "\"host\":\"web.dev.example.org\"");
    SAYS(ask(site, &laptop, "'add':[{'name':'web','to':['localhost:8081'],'host':'B.DEV.example.org.','exact':true}]"),
         "\"host\":\"b.dev.example.org\"");
    intruder_free(laptop.control);
    site_end(site);
}
END_TEST

static const struct {
    const char *offer, *reason;
} refused[] = {
    {"'port':" NOT_PERMITTED, "does not permit the port"},
    {"'host':'web.example.org'", "does not permit the host"},
    {"'host':'dev.example.org'", "does not permit the host"},
    {"'host':'evildev.example.org'", "does not permit the host"},
    {"'host':'web.dev.example.org.evil.net'", "does not permit the host"},
    {"'host':'*.dev.example.org'", "no host name"},
    {"'host':'a*.dev.example.org'", "no host name"},
    {"'host':'.dev.example.org'", "no host name"},
    {"'host':'a..dev.example.org'", "no host name"},
    {"'host':'a.dev.example.org:443'", "no host name"},
    {"'host':'w\\u00e4b.dev.example.org'", "no host name"},
    {"'host':'a/b.dev.example.org'", "no host name"},
    {"'host':'[::1]'", "no host name"},
    {"'host':'a.dev.example.org..'", "no host name"},
};

START_TEST(nothing_outside_the_permit_is_published) {
    struct site *site = site_start(__func__, "");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP), plain = join(site, "plain", KEY_OF_PLAIN);

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *answer =
            ask(site, &laptop,
                sandbox_text(site->sandbox, "'add':[{'name':'w%zu','to':['localhost:1'],'exact':true,%s}]", i,
                             refused[i].offer));
        ck_assert_msg(strstr(answer, "\"refused\"") && strstr(answer, refused[i].reason), "%s: %s", refused[i].offer,
                      answer);
    }
    SAYS(ask(site, &laptop, "'add':[{'name':'w','to':['localhost']}]"), "\"refused\"");
    SAYS(ask(site, &plain, "'add':[{'name':'web','to':['localhost:1']}]"), "credential plain permits no publishing");
    SAYS(ask(site, &plain, "'add':[{'name':'fixed','to':['localhost:1']}]"), "credential plain permits no publishing");
    ck_assert_uint_eq(process_count(site->server.process, 0, "\"published\"", NULL), 0);
    setenv("MUNNEL_SOCKET", sandbox_path(site->sandbox, "admin.sock"), 1);
    (void)sandbox_do(site->sandbox, "status", sandbox_program(site->sandbox, "munnel"), "status", NULL);
    SAYS(sandbox_output(site->sandbox, "status"),
         "services that agents offer were refused 17 times; the last is fixed");
    intruder_free(laptop.control);
    intruder_free(plain.control);
    site_end(site);
}
END_TEST

static const char *port_offer(struct site *site, const char *name, unsigned port) {
    return sandbox_text(site->sandbox, "'add':[{'name':'%s','to':['localhost:1'],'port':%u,'exact':true}]", name, port);
}

START_TEST(what_another_has_is_refused_with_who_has_it) {
    struct site *site = site_start(__func__, "");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP), other = join(site, "other", KEY_OF_OTHER);

    SAYS(ask(site, &laptop, port_offer(site, "web", site->ports[0])), "\"address\"");
    SAYS(ask(site, &laptop, "'add':[{'name':'a','to':['localhost:1'],'host':'a.dev.example.org','exact':true}]"),
         "\"address\"");
    SAYS(ask(site, &other, port_offer(site, "web", site->ports[1])), "web is published by agent laptop since 20");
    SAYS(ask(site, &other, port_offer(site, "mine", site->ports[0])), "is taken: agent laptop publishes web since 20");
    SAYS(ask(site, &other, "'add':[{'name':'b','to':['localhost:1'],'host':'A.dev.example.org','exact':true}]"),
         "the host is taken: agent laptop publishes a since 20");
    SAYS(ask(site, &other, port_offer(site, "fixed", site->ports[1])),
         "fixed is a service of the server's configuration");
    /* Not even while its agent is gone for a moment; and it finds its own again. */
    intruder_free(laptop.control);
    process_await(site->server.process, 0, ASK_MS, "\"agent laptop\"", "lost", NULL);
    SAYS(ask(site, &other, port_offer(site, "web", site->ports[1])), "web is published by agent laptop since 20");
    laptop = join(site, "laptop", KEY_OF_LAPTOP);
    SAYS(ask(site, &laptop, "'add':[{'name':'web','to':['localhost:1']}]"),
         sandbox_text(site->sandbox, "\"port\":%u", site->ports[0]));
    /* But once it has been away for too long. */
    intruder_free(laptop.control);
    ck_assert(HOLDS_WITHIN(GONE_MS, !is_open(site->ports[0])));
    SAYS(ask(site, &other, port_offer(site, "web", site->ports[0])), "\"address\"");
    intruder_free(other.control);
    site_end(site);
}
END_TEST

/* ---- what ends it ---- */

static void reload(struct site *site) {
    size_t mark = process_mark(site->server.process);

    process_signal(site->server.process, SIGHUP);
    process_await(site->server.process, mark, ASK_MS, "reloading the configuration", NULL);
}

static void replace_in_file(struct site *site, const char *before, const char *after) {
    static char text[TEXT];
    FILE *file = fopen(site->server.file, "r");

    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *at = strstr(text, before);
    ck_assert_msg(at, "%s is not in %s", before, text);
    file = fopen(site->server.file, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%.*s%s%s", (int)(at - text), text, after, at + strlen(before));
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(reload_keeps_it_unless_the_file_has_its_name) {
    struct site *site = site_start(__func__, "");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP);

    SAYS(ask(site, &laptop, port_offer(site, "web", site->ports[0])), "\"address\"");
    SAYS(ask(site, &laptop, port_offer(site, "ssh", site->ports[1])), "\"address\"");
    int client = socket_client(site->ports[0]); /* waits for the agent, which never answers */
    size_t mark = process_mark(site->server.process);
    replace_in_file(site, "\"linger\"", "\"max\": 7, \"linger\"");
    reload(site);
    process_await(site->server.process, mark, ASK_MS, "configuration: ~ publish.max", NULL);
    ck_assert(is_open(site->ports[0]) && is_open(site->ports[1]));
    ck_assert_uint_eq(process_count(site->server.process, mark, "published no longer", NULL), 0);
    close(client);
    replace_in_file(site, "\"fixed\"", "\"web\"");
    reload(site);
    SAYS(await_op(site, &laptop, "published"), "web is a service of the server's configuration");
    ck_assert(HOLDS_WITHIN(ASK_MS, !is_open(site->ports[0])));
    ck_assert(is_open(site->ports[1]) && is_open(site->fixed));
    intruder_free(laptop.control);
    site_end(site);
}
END_TEST

START_TEST(what_the_permit_loses_ends_at_once) {
    struct site *site = site_start(__func__, "");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP);

    SAYS(ask(site, &laptop, port_offer(site, "web", site->ports[0])), "\"address\"");
    SAYS(ask(site, &laptop, port_offer(site, "ssh", site->ports[1])), "\"address\"");
    change_agents(site, sandbox_text(site->sandbox, "{\"ports\":\"%u\"}", site->ports[1]));
    SAYS(await_op(site, &laptop, "published"), "does not permit the port");
    ck_assert(HOLDS_WITHIN(ASK_MS, !is_open(site->ports[0])));
    ck_assert(is_open(site->ports[1]));
    change_agents(site, NULL);
    SAYS(await_op(site, &laptop, "published"), "does not permit the port");
    ck_assert(HOLDS_WITHIN(ASK_MS, !is_open(site->ports[1])));
    intruder_free(laptop.control);
    site_end(site);
}
END_TEST

START_TEST(after_a_restart_the_same_port_is_had_again) {
    struct site *site = site_start(__func__, "");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP);
    const char *offer = "'add':[{'name':'web','to':['localhost:1'],'host':'not.permitted'}]";

    change_agents(site, sandbox_text(site->sandbox, "{\"ports\":[\"%u\",\"%u\",\"%u\"]}", site->ports[0],
                                     site->ports[1], site->ports[2]));
    ck_assert(HOLDS_WITHIN(ASK_MS, port_in(ask(site, &laptop, offer)) > 0));
    unsigned port = port_in(ask(site, &laptop, offer));
    intruder_free(laptop.control);
    sandbox_end(site->sandbox, site->server.process);
    server_start_again(&site->server);
    process_await(site->server.process, 0, START_MS, "listening for agents on", NULL);
    laptop = join(site, "laptop", KEY_OF_LAPTOP);
    ck_assert_uint_eq(port_in(ask(site, &laptop, offer)), port);
    intruder_free(laptop.control);
    site_end(site);
}
END_TEST

START_TEST(port_of_another_program_is_passed_over) {
    struct site *site = site_start(__func__, "");
    struct attacked_session laptop;
    int first = socket_listen("127.0.0.1", site->ports[0], 1), second = socket_listen("127.0.0.1", site->ports[1], 1);

    ck_assert(first >= 0 && second >= 0);
    change_agents(site, sandbox_text(site->sandbox, "{\"ports\":[\"%u\",\"%u\",\"%u\"]}", site->ports[0],
                                     site->ports[1], site->ports[2]));
    laptop = join(site, "laptop", KEY_OF_LAPTOP);
    SAYS(ask(site, &laptop, "'add':[{'name':'web','to':['localhost:1']}]"),
         sandbox_text(site->sandbox, "\"port\":%u", site->ports[2]));
    const char *answer = ask(site, &laptop, port_offer(site, "ssh", site->ports[0]));
    SAYS(answer, "\"refused\"");
    SAYS(answer, "in use");
    ck_assert(is_open(site->ports[2]));
    intruder_free(laptop.control);
    close(first);
    close(second);
    site_end(site);
}
END_TEST

/* By its id: each service that is made has the next one. */
START_TEST(offers_that_cannot_be_opened_make_no_services) {
    struct site *site = site_start(__func__, "");
    int taken[2 * PORTS];
    size_t used;
    char permit[256], many[1024];
    struct attacked_session laptop;

    used = (size_t)snprintf(permit, sizeof permit, "{\"ports\":[\"%u\"", (unsigned)site->fixed);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        uint16_t port = port_take();
        taken[i] = socket_listen("127.0.0.1", port, 1);
        ck_assert_int_ge(taken[i], 0);
        used += (size_t)snprintf(permit + used, sizeof permit - used, ",\"%u\"", (unsigned)port);
    }
    snprintf(permit + used, sizeof permit - used, "]}");
    change_agents(site, permit);
    laptop = join(site, "laptop", KEY_OF_LAPTOP);
    used = (size_t)snprintf(many, sizeof many, "'add':[");
    for (int i = 0; i < 16; i++)
        used +=
            (size_t)snprintf(many + used, sizeof many - used, "%s{'name':'n%d','to':['localhost:1']}", i ? "," : "", i);
    snprintf(many + used, sizeof many - used, "]");
    SAYS(ask(site, &laptop, many), "cannot be opened: it is in use by another program, or not allowed");
    change_agents(site, permit_of(site));
    publish(&laptop, port_offer(site, "web", site->ports[0]));
    SAYS(await_op(site, &laptop, "services"), "\"id\":2,");
    ck_assert(is_open(site->ports[0]));
    intruder_free(laptop.control);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        close(taken[i]);
    site_end(site);
}
END_TEST

static void break_file(struct site *site, const char *path) {
    FILE *file = fopen(sandbox_path(site->sandbox, "%s", path), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert(fputs("broken", file) >= 0 && fclose(file) == 0);
}

START_TEST(one_that_cannot_be_put_into_force_costs_the_others_nothing) {
    struct site *site = site_make(__func__);
    const char *pair = sandbox_pki(site->sandbox, "hosts");

    ck_assert_ptr_nonnull(pair);
    write_agents(site, sandbox_text(site->sandbox, "{\"ports\":[\"%u\",\"%u\"],\"hosts\":[\"*.dev.example.org\"]}",
                                    site->ports[0], site->ports[1]));
    site_serve(site, ", 'tls': {'cert': 'hosts/server.pem', 'key': 'hosts/server.key'}");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP);
    break_file(site, "hosts/server.pem");
    publish(&laptop, sandbox_text(site->sandbox,
                                  "'add':[{'name':'a','to':['localhost:1'],'port':%u,'exact':true},"
                                  "{'name':'web','to':['localhost:1'],'host':'web.dev.example.org','exact':true},"
                                  "{'name':'b','to':['localhost:1'],'port':%u,'exact':true}]",
                                  site->ports[0], site->ports[1]));
    ck_assert(HOLDS_WITHIN(ASK_MS, strstr(await_op(site, &laptop, "published"), "\"web\"")));
    SAYS(site->answer, "it cannot be opened; the log of the server says why");
    ck_assert(!strstr(site->answer, "server.pem"));
    process_await(site->server.process, 0, ASK_MS, "may not publish a service", "server.pem", NULL);
    ck_assert(HOLDS_WITHIN(ASK_MS, is_open(site->ports[0]) && is_open(site->ports[1])));
    intruder_free(laptop.control);
    site_end(site);
}
END_TEST

enum { MANY = 2000, LONG_MS = 60000, ROUNDS = 4 };

/* Services that make a step take so long that the rest after it, in which agents' offers wait, can be told from it. */
static char *many_services(struct site *site) {
    size_t size = 128 * (size_t)MANY, used;
    char *services = malloc(size);

    ck_assert_ptr_nonnull(services);
    used = (size_t)snprintf(services, size, "%s", service_to(site->sandbox, "fixed", site->fixed, 9, NULL));
    for (int i = 0; i < MANY; i++)
        used += (size_t)snprintf(services + used, size - used,
                                 ", {'name': 's%d', 'visitors': '*', 'connect': '127.0.0.1:9'}", i);
    return services;
}

/* Takes the permit away while an offer rests. False: its services ended with the offer's rest, and not before. */
static bool ends_before_the_rest(struct site *site, struct attacked_session *laptop) {
    uint64_t begun_ms, offer_ms;

    publish(laptop, port_offer(site, "web", site->ports[0]));
    ck_assert(HOLDS_WITHIN(LONG_MS, strstr(await_op(site, laptop, "published"), "\"address\"")));
    begun_ms = now_ms();
    publish(laptop, port_offer(site, "ssh", site->ports[1]));
    ck_assert(HOLDS_WITHIN(LONG_MS, strstr(await_op(site, laptop, "published"), "\"address\"")));
    offer_ms = now_ms() - begun_ms; /* with the rest after the first one, nine tenths of it */
    publish(laptop, port_offer(site, "more", site->ports[2]));
    change_agents(site, NULL);
    begun_ms = now_ms();
    ck_assert(HOLDS_WITHIN(LONG_MS, !is_open(site->ports[0]) && !is_open(site->ports[1])));
    return now_ms() - begun_ms < 200 + offer_ms / 2;
}

/* By turns, since another program may have the processor just then; a rest would delay each of them. */
START_TEST(permit_that_is_withdrawn_ends_it_while_offers_wait) {
    struct site *site = site_make(__func__);
    char *services = many_services(site);
    bool has_ended = false;

    write_agents(site, permit_of(site));
    site->server = server_start(site->sandbox, (struct server_plan){.services = services,
                                                                    .agents = "'resume': 1,",
                                                                    .more = "'publish': {'listen': '127.0.0.1'},"});
    struct attacked_session laptop = begin(site, "laptop", KEY_OF_LAPTOP);
    for (int round = 0; round < ROUNDS && !has_ended; round++) {
        if (round > 0)
            change_agents(site, permit_of(site));
        has_ended = ends_before_the_rest(site, &laptop);
    }
    ck_assert_msg(has_ended, "%d times they ended with the rest of an offer", ROUNDS);
    intruder_free(laptop.control);
    free(services);
    site_end(site);
}
END_TEST

START_TEST(operator_sees_who_publishes_and_stops_it) {
    struct site *site = site_start(__func__, "");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP);
    const char *tool = sandbox_program(site->sandbox, "munnel");

    setenv("MUNNEL_SOCKET", sandbox_path(site->sandbox, "admin.sock"), 1);
    SAYS(ask(site, &laptop, port_offer(site, "web", site->ports[0])), "\"address\"");
    ck_assert_int_eq(sandbox_do(site->sandbox, "services", tool, "service", "list", "--json", NULL), 0);
    SAYS(sandbox_output(site->sandbox, "services"), "\"published_by\":{\"agent\":\"laptop\",\"credential\":\"laptop\"");
    ck_assert_int_eq(sandbox_do(site->sandbox, "dry", tool, "service", "remove", "web", "--dry-run", NULL), 0);
    ck_assert(is_open(site->ports[0]));
    ck_assert_int_eq(sandbox_do(site->sandbox, "removed", tool, "service", "remove", "web", "--yes", NULL), 0);
    SAYS(await_op(site, &laptop, "published"), "stopped by ");
    ck_assert(HOLDS_WITHIN(ASK_MS, !is_open(site->ports[0])));
    SAYS(ask(site, &laptop, port_offer(site, "web", site->ports[0])), "was stopped by ");
    intruder_free(laptop.control);
    site_end(site);
}
END_TEST

/* ---- too much ---- */

START_TEST(flood_is_answered_and_bounded) {
    struct site *site = site_start(__func__, ", 'max': 3");
    struct attacked_session laptop = join(site, "laptop", KEY_OF_LAPTOP);
    size_t used = 0;
    static char many[TEXT];

    used += (size_t)snprintf(many, sizeof many, "'add':[");
    for (int i = 0; i < 64; i++)
        used +=
            (size_t)snprintf(many + used, sizeof many - used, "%s{'name':'n%d','to':['localhost:1']}", i ? "," : "", i);
    snprintf(many + used, sizeof many - used, "]");
    SAYS(ask(site, &laptop, many), "the agents of a credential may publish 3 services (publish.max)");
    SAYS(site->answer, "n2.dev.example.org");
    ck_assert(!strstr(site->answer, "n3.dev.example.org"));
    for (int i = 0; i < 130; i++)
        publish(&laptop, i % 2 ? "'remove':['n1']" : "'add':[{'name':'n1','to':['localhost:1']}]");
    ck_assert(HOLDS_WITHIN(ASK_MS, strstr(await_op(site, &laptop, "published"), "is not done yet; try again later")));
    ck_assert(HOLDS_WITHIN(ASK_MS, strstr(await_op(site, &laptop, "published"), "sent too many messages in a minute")));
    SAYS(await_op(site, &laptop, "error"), "more than 120 messages of this kind in a minute");
    publish(&laptop, "'add':[{'name':'a b','to':['x:1']}]");
    ck_assert(HOLDS_WITHIN(ASK_MS, strstr(await_op(site, &laptop, "error"), "a service's name is not")));
    ck_assert(is_open(site->fixed));
    intruder_free(laptop.control);
    site_end(site);
}
END_TEST

/* Each has some of the room that offers wait in, and an agent without a permit has none. */
START_TEST(offers_without_a_permit_do_not_wait) {
    struct site *site = site_start(__func__, "");
    struct attacked_session plain = join(site, "plain", KEY_OF_PLAIN);

    for (int i = 0; i < 20; i++)
        publish(&plain, "'add':[{'name':'web','to':['localhost:1']}]");
    for (int i = 0; i < 20; i++)
        SAYS(await_op(site, &plain, "published"), "credential plain permits no publishing");
    intruder_free(plain.control);
    site_end(site);
}
END_TEST

/* ---- many ---- */

START_TEST(server_may_have_no_service_but_those_of_agents) {
    struct site *site = site_make(__func__);

    write_agents(site, permit_of(site));
    site->server =
        server_start(site->sandbox,
                     (struct server_plan){.services = "",
                                          .more =
                                              "'publish': {'listen': '127.0.0.1', 'address': 'relay.example.org'},"});
    struct attacked_session laptop = begin(site, "laptop", KEY_OF_LAPTOP);
    SAYS(ask(site, &laptop, port_offer(site, "web", site->ports[0])),
         sandbox_text(site->sandbox, "relay.example.org:%u", site->ports[0]));
    ck_assert(is_open(site->ports[0]));
    publish(&laptop, "'remove':['web']");
    ck_assert(HOLDS_WITHIN(ASK_MS, !is_open(site->ports[0])));
    intruder_free(laptop.control);
    site_end(site);
}
END_TEST

/* ---- munnel-agent ---- */

/* The credential that munnel init has made gets a permit. */
static void permit_first(struct site *site, const char *permit) {
    static char text[TEXT];
    FILE *file = fopen(site->agents, "r");

    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *at = strstr(text, "\"groups\"");
    ck_assert_ptr_nonnull(at);
    file = fopen(site->agents, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%.*s\"publish\": %s, %s", (int)(at - text), text, permit, at);
    ck_assert_int_eq(fclose(file), 0);
}

static bool head_is_echoed(uint16_t port, const char *host) {
    char head[128], got[128] = "";
    size_t length = (size_t)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host), count = 0;
    int fd = socket_client(port);
    bool does = socket_send(fd, head, length, ASK_MS) && socket_read(fd, got, length, &count, ASK_MS) == END_NONE &&
                memcmp(got, head, length) == 0;

    close(fd);
    return does;
}

START_TEST(clients_reach_what_munnel_agent_publishes_until_it_has_gone) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct site *site = site_make(__func__);

    permit_first(site, permit_of(site));
    site_serve(site, "");
    struct process *agent =
        agent_start(&site->server, "alpha", NULL, "--publish",
                    sandbox_text(site->sandbox, "web=127.0.0.1:%u", destination_port(echo)), "--publish",
                    sandbox_text(site->sandbox, "tcp=127.0.0.1:%u,port=%u", destination_port(echo), site->ports[2]),
                    NULL);
    process_await(site->server.process, 0, ASK_MS, "\"agent alpha\"", "\"published\"", "\"web\"", "web.dev.example.org",
                  NULL);
    process_await(site->server.process, 0, ASK_MS, "\"agent alpha\"", "\"published\"", "\"tcp\"", NULL);
    ck_assert(socket_echoes(site->ports[2], ASK_MS));
    ck_assert(head_is_echoed(site->hosts, "web.dev.example.org"));
    /* It goes on when its agent is started anew, and has the same address. */
    sandbox_kill(site->sandbox, agent);
    agent = agent_start(&site->server, "alpha", NULL, "--publish",
                        sandbox_text(site->sandbox, "tcp=127.0.0.1:%u", destination_port(echo)), NULL);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(site->ports[2], ASK_MS)));
    sandbox_kill(site->sandbox, agent);
    ck_assert(HOLDS_WITHIN(GONE_MS, !is_open(site->ports[2])));
    process_await(site->server.process, 0, ASK_MS, "published no longer", "\"tcp\"", "its agent has gone", NULL);
    site_end(site);
    destination_free(echo);
}
END_TEST

START_TEST(second_process_of_a_name_does_not_take_what_the_first_one_has) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct site *site = site_make(__func__);

    permit_first(site, permit_of(site));
    site_serve(site, "");
    const char *web = sandbox_text(site->sandbox, "tcp=127.0.0.1:%u,port=%u", destination_port(echo), site->ports[2]);
    struct process *first = agent_start(&site->server, "alpha", NULL, "--publish", web, NULL);
    process_await(site->server.process, 0, ASK_MS, "\"agent alpha", "\"published\"", "\"tcp\"", NULL);
    size_t mark = process_mark(site->server.process);
    struct process *second = agent_start(&site->server, "alpha", NULL, "--publish", web, NULL);
    process_await(second, 0, ASK_MS, "tcp is published by another process of this agent's name", NULL);
    ck_assert_uint_eq(process_count(site->server.process, mark, "\"published\"", NULL), 0);
    ck_assert(socket_echoes(site->ports[2], ASK_MS));
    sandbox_kill(site->sandbox, first);
    process_await(second, 0, RETRY_MS, "\"published\"", "\"tcp\"", NULL);
    site_end(site);
    destination_free(echo);
}
END_TEST

/* Reads the request first: closed before, it would be reset with the answer. */
static void serve_page(struct connection *connection) {
    static const char page[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    char request[4096];
    size_t got = 0;

    if (socket_read_some(connection->fd, request, sizeof request, &got, ASK_MS) != END_NONE)
        return;
    (void)socket_send(connection->fd, page, sizeof page - 1, ASK_MS);
    (void)socket_wait_end(connection->fd, ASK_MS);
}

START_TEST(tls_of_a_published_host_ends_at_the_server_by_its_certificate) {
    struct site *site = site_make(__func__);
    const char *curl = sandbox_peer(site->sandbox, "curl");

    if (!curl)
        return;
    struct destination *web = destination_start(serve_page, NULL);
    permit_first(site, "{\"hosts\": \"*.dev.example.org\"}");
    site_serve(site, ", 'tls': {'cert': 'pki/server.pem', 'key': 'pki/server.key'}");
    agent_start(&site->server, "alpha", NULL, "--publish",
                sandbox_text(site->sandbox, "web=127.0.0.1:%u", destination_port(web)), NULL);
    process_await(site->server.process, 0, ASK_MS, "\"published\"",
                  sandbox_text(site->sandbox, "https://web.dev.example.org:%u", site->hosts), NULL);
    ck_assert_int_eq(sandbox_do(site->sandbox, "curl", curl, "-ksS", "--max-time", "5", "--resolve",
                                sandbox_text(site->sandbox, "web.dev.example.org:%u:127.0.0.1", site->hosts),
                                sandbox_text(site->sandbox, "https://web.dev.example.org:%u/", site->hosts), NULL),
                     0);
    SAYS(sandbox_output(site->sandbox, "curl"), "hello");
    site_end(site);
    destination_free(web);
}
END_TEST

SCENARIO_MAIN("publish", SCENARIO(offered_service_has_a_port_of_the_permit_until_it_is_removed, 40),
              SCENARIO(place_is_chosen_within_the_permit_and_stays, 40),
              SCENARIO(nothing_outside_the_permit_is_published, 40),
              SCENARIO(what_another_has_is_refused_with_who_has_it, 60),
              SCENARIO(reload_keeps_it_unless_the_file_has_its_name, 60),
              SCENARIO(what_the_permit_loses_ends_at_once, 60),
              SCENARIO(after_a_restart_the_same_port_is_had_again, 60),
              SCENARIO(port_of_another_program_is_passed_over, 60),
              SCENARIO(offers_that_cannot_be_opened_make_no_services, 60),
              SCENARIO(one_that_cannot_be_put_into_force_costs_the_others_nothing, 60),
              SCENARIO(permit_that_is_withdrawn_ends_it_while_offers_wait, 120),
              SCENARIO(operator_sees_who_publishes_and_stops_it, 60),
              SCENARIO(second_process_of_a_name_does_not_take_what_the_first_one_has, 60),
              SCENARIO(tls_of_a_published_host_ends_at_the_server_by_its_certificate, 40),
              SCENARIO(flood_is_answered_and_bounded, 60), SCENARIO(offers_without_a_permit_do_not_wait, 40),
              SCENARIO(server_may_have_no_service_but_those_of_agents, 40),
              SCENARIO(clients_reach_what_munnel_agent_publishes_until_it_has_gone, 60))
