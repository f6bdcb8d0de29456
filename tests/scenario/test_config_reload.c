/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_config_reload: munnel.json and the files that it includes change under a running server: clients of what stays
 * notice nothing, what changed is in force, and a configuration that is wrong changes nothing.
 */
#include "config.h"

#include "harness/background_load.h"
#include "harness/deadline.h"
#include "harness/live_relay.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_MS = 10000, ASK_MS = 10000, EXCHANGE_MS = 60000, REST_MS = 30000, LONG_BYTES = 3 << 20 };
enum { RELOADS = 50, CLIENTS = 200, PAUSE_MS = 2500 };

struct site {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct destination *exchange, *echo;
    uint16_t stay, mover[2], extra;
    char main_file[2048];
};

static const char *file_of(struct site *site, const char *name, const char *service) {
    return sandbox_write(site->sandbox, sandbox_text(site->sandbox, "services.d/%s.json", name), service, true);
}

static void put_mover(struct site *site, unsigned which, const char *more) {
    file_of(site, "mover", service_to(site->sandbox, "mover", site->mover[which], destination_port(site->echo), more));
}

static void put_extra(struct site *site) {
    file_of(site, "extra",
            sandbox_text(site->sandbox, "{ 'services': [ %s ] }",
                         service_to(site->sandbox, "extra", site->extra, destination_port(site->echo), NULL)));
}

static void remove_file(struct site *site, const char *name) {
    ck_assert_int_eq(unlink(sandbox_path(site->sandbox, "services.d/%s.json", name)), 0);
}

static void read_main_file(struct site *site) {
    FILE *file = fopen(site->server.file, "r");
    ck_assert_ptr_nonnull(file);
    site->main_file[fread(site->main_file, 1, sizeof site->main_file - 1, file)] = '\0';
    fclose(file);
}

/* The limits of the agent port, by a number of one digit that is put in the place of "1". */
static void put_deadline(struct site *site, char digit) {
    char *at = strstr(site->main_file, "\"deadline\": ");
    ck_assert_ptr_nonnull(at);
    at[strlen("\"deadline\": ")] = digit;
    sandbox_write(site->sandbox, "server.json", site->main_file, false);
}

static struct site site_start(const char *name) {
    struct site site = {.sandbox = sandbox_new(name),
                        .exchange = destination_start(handle_exchange, NULL),
                        .echo = destination_start(handle_echo, NULL),
                        .stay = port_take(),
                        .mover = {port_take(), port_take()},
                        .extra = port_take()};
    ck_assert_int_eq(mkdir(sandbox_path(site.sandbox, "services.d"), 0700), 0);
    put_mover(&site, 0, NULL);
    site.server =
        server_start(site.sandbox, (struct server_plan){.services = service_to(site.sandbox, "stay", site.stay,
                                                                               destination_port(site.exchange), NULL),
                                                        .agents = "'unauthenticated': { 'deadline': 5 },",
                                                        .more = "'include': 'services.d/*.json',"});
    site.agent = agent_join_warm(&site.server, "alpha", NULL);
    read_main_file(&site);
    return site;
}

static void site_end(struct site *site) {
    sandbox_free(site->sandbox);
    destination_free(site->exchange);
    destination_free(site->echo);
}

/* SIGHUP, and the line that answers it; false if another one came. */
static bool reload(struct site *site, const char *line) {
    struct process *server = site->server.process;
    size_t mark = process_mark(server);
    process_signal(server, SIGHUP);
    char *found = process_seek(server, mark, LOG_MS, "\"server\"", line, NULL);
    free(found);
    return found;
}

static bool applies(struct site *site) {
    return reload(site, "\"configuration reloaded\"");
}

/* --- one change each; NULL or what went wrong --- */

static const char *add_extra(struct site *site, int *relay) {
    put_extra(site);
    if (!applies(site))
        return "adding a service was not reloaded";
    if (!HOLDS_WITHIN(ASK_MS, socket_echoes(site->extra, ASK_MS)))
        return "a service that was added does not serve";
    *relay = socket_client(site->extra);
    return socket_converse(*relay, "hello", ASK_MS) ? NULL : "no relay by the service that was added";
}

static const char *remove_extra(struct site *site, const int *relay) {
    struct exchange exchange = {.seed = 9, .length = LONG_BYTES};
    remove_file(site, "extra");
    if (!applies(site))
        return "removing a service was not reloaded";
    if (!HOLDS_WITHIN(ASK_MS, socket_is_refused(site->extra)))
        return "a service that was removed still listens";
    if (!socket_converse(*relay, "still here", ASK_MS))
        return "a relay of a removed service was cut";
    socket_exchange(*relay, &exchange, EXCHANGE_MS);
    close(*relay);
    bool is_whole = exchange.sent_all && exchange.end == END_FILE && tally_same(&exchange.received, &exchange.sent);
    return is_whole ? NULL : "a relay of a removed service did not finish";
}

static const char *move_mover(struct site *site, unsigned to) {
    int relay = socket_client(site->mover[!to]);
    if (!socket_converse(relay, "before", ASK_MS))
        return "no relay by the port before the move";
    put_mover(site, to, NULL);
    if (!applies(site))
        return "moving a service was not reloaded";
    if (!socket_echoes(site->mover[to], ASK_MS) || !HOLDS_WITHIN(ASK_MS, socket_is_refused(site->mover[!to])))
        return "a service that was moved does not serve there, or still does where it was";
    bool goes_on = socket_converse(relay, "after", ASK_MS);
    close(relay);
    return goes_on ? NULL : "a relay of a service that was moved was cut";
}

static const char *change_limits(struct site *site, unsigned at, unsigned round) {
    server_renew(&site->server, round % 2 ? "odd" : "even");
    put_deadline(site, round % 2 ? '4' : '5');
    put_mover(site, at, round % 2 ? "'max_clients': 7, 'balance': 'source'," : "'connect_timeout': 9,");
    if (!applies(site))
        return "other limits and certificates were not reloaded";
    return socket_echoes(site->mover[at], ASK_MS) ? NULL : "a service whose limits changed does not serve";
}

static const char *write_wrong(struct site *site, unsigned at) {
    file_of(site, "wrong", "{ 'name': 'wrong',\n  'listen': '80', 'connect': 'localhost:1' }");
    remove_file(site, "mover"); /* nothing of this may happen */
    bool is_refused = reload(site, "\"pointer\":\"/listen\"");
    remove_file(site, "wrong");
    put_mover(site, at, NULL);
    return !is_refused                              ? "a wrong file was not refused with its place"
           : socket_echoes(site->mover[at], ASK_MS) ? NULL
                                                    : "a wrong file changed something";
}

static const char *reload_often(void *context) {
    struct site *site = context;
    unsigned at = 0;
    int relay = -1;
    for (unsigned i = 0; i < RELOADS; i += 5) {
        const char *wrong = add_extra(site, &relay);
        wrong = wrong ? wrong : change_limits(site, at, i);
        wrong = wrong ? wrong : move_mover(site, !at);
        at = !at;
        wrong = wrong ? wrong : write_wrong(site, at);
        wrong = wrong ? wrong : remove_extra(site, &relay);
        if (wrong)
            return wrong;
    }
    return NULL;
}

START_TEST(fifty_reloads_lose_nothing_of_two_hundred_clients) {
    struct site site = site_start(__func__);
    struct background_load load = {&site.server, "stay", site.stay, site.exchange, CLIENTS, PAUSE_MS};
    struct usage before = usage_of(site.server.process), agent_before = usage_of(site.agent);
    before.extra_links = agent_before.extra_links = 8;
    before.extra_heap = agent_before.extra_heap = USAGE_BULK_HEAP;
    background_load_run(&load, reload_often, &site);
    ck_assert_uint_ge(process_count(site.server.process, 0, "\"configuration reloaded\"", NULL), RELOADS / 5 * 4);
    usage_await(site.server.process, &before, REST_MS);
    usage_await(site.agent, &agent_before, REST_MS);
    site_end(&site);
}
END_TEST

START_TEST(what_is_wrong_is_logged_with_its_place_and_changes_nothing) {
    struct site site = site_start(__func__);
    char *line;
    size_t mark = process_mark(site.server.process);
    file_of(&site, "wrong", "{ 'services': [\n { 'name': 'w', 'listen': ':1', 'connect': 'nowhere' } ] }");
    process_signal(site.server.process, SIGHUP);
    line = process_expect(site.server.process, mark, LOG_MS, "reload refused", NULL);
    ck_assert_msg(strstr(line, "services.d/wrong.json: services[0].connect: "), "%s", line);
    ck_assert_msg(strstr(line, "services.d/wrong.json:2:"), "%s", line);
    ck_assert_msg(strstr(line, "\"pointer\":\"/services/0/connect\""), "%s", line);
    free(line);
    remove_file(&site, "wrong");

    int taken = socket_listen("127.0.0.1", site.extra, 1); /* another program's port */
    put_extra(&site);
    put_mover(&site, 1, NULL);
    ck_assert(reload(&site, "is in use by another program"));
    ck_assert(socket_echoes(site.mover[0], ASK_MS));
    ck_assert(socket_is_refused(site.mover[1]));
    close(taken);
    ck_assert(applies(&site));
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(site.extra, ASK_MS)));
    ck_assert(socket_echoes(site.mover[1], ASK_MS));
    site_end(&site);
}
END_TEST

START_TEST(what_needs_a_restart_is_named) {
    struct site site = site_start(__func__);
    char *at = strstr(site.main_file, "\"threads\": 2");
    ck_assert_ptr_nonnull(at);
    at[strlen("\"threads\": ")] = '3';
    sandbox_write(site.sandbox, "server.json", site.main_file, false);
    size_t mark = process_mark(site.server.process);
    process_signal(site.server.process, SIGHUP);
    process_await(site.server.process, mark, LOG_MS, "threads", "is read at the start only", NULL);
    ck_assert(socket_echoes(site.mover[0], ASK_MS));
    site_end(&site);
}
END_TEST

START_TEST(the_agent_port_moves_and_agents_stay) {
    struct site site = site_start(__func__);
    uint16_t next = port_take();
    char old[16], new[16], *at;
    int relay = socket_client(site.mover[0]);
    ck_assert(socket_converse(relay, "before", ASK_MS));
    snprintf(old, sizeof old, ":%u\"", site.server.port);
    snprintf(new, sizeof new, ":%u\"", next);
    at = strstr(site.main_file, old);
    ck_assert_ptr_nonnull(at);
    ck_assert_uint_eq(strlen(old), strlen(new));
    memcpy(at, new, strlen(new));
    sandbox_write(site.sandbox, "server.json", site.main_file, false);
    ck_assert(applies(&site));
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_is_refused(site.server.port)));
    ck_assert(socket_converse(relay, "after", ASK_MS));
    close(relay);
    site.server.port = next;
    agent_join(&site.server, "beta", NULL);
    site_end(&site);
}
END_TEST

START_TEST(agents_that_joined_without_a_credential_go_when_one_is_needed) {
    struct site site = site_start(__func__);
    char *from = strstr(site.main_file, "\"auth\": {"), *to = from ? strchr(from, '}') : NULL;
    ck_assert_ptr_nonnull(to);
    sandbox_write(site.sandbox, "server.json",
                  sandbox_text(site.sandbox, "%.*s\"auth\": \"none\"%s", (int)(from - site.main_file), site.main_file,
                               to + 1),
                  false);
    ck_assert(reload(&site, "any peer that reaches the agent port can join"));
    agent_join(&site.server, "beta", NULL);
    sandbox_write(site.sandbox, "server.json", site.main_file, false);
    size_t mark = process_mark(site.server.process);
    ck_assert(applies(&site));
    process_await(site.server.process, mark, LOG_MS, "agent beta", "it has joined without a credential", NULL);
    agent_await(&site.server, mark, "beta", JOIN_MS); /* it comes back with its token */
    ck_assert_uint_eq(process_count(site.server.process, mark, "agent alpha", "\"disconnected\"", NULL), 0);
    site_end(&site);
}
END_TEST

SCENARIO_MAIN("config_reload", SCENARIO(fifty_reloads_lose_nothing_of_two_hundred_clients, 240),
              SCENARIO(what_is_wrong_is_logged_with_its_place_and_changes_nothing, 40),
              SCENARIO(what_needs_a_restart_is_named, 30), SCENARIO(the_agent_port_moves_and_agents_stay, 40),
              SCENARIO(agents_that_joined_without_a_credential_go_when_one_is_needed, 40))
