/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * config_site: see config_site.h.
 */
#include "config.h"

#include "server/admin/config_site.h"

#include "server/reload.h"
#include "server/server.h"
#include "unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 20000, FILE_TEXT = 4096 };

struct asking {
    struct http_ask ask;
    struct http_reply *reply;
    const char *socket;
    struct error error;
    int result;
    atomic_bool is_done;
};

/* ---- files ---- */

const char *config_site_service(const struct config_site *site, const char *name, unsigned port, const char *more) {
    static char text[512];

    snprintf(text, sizeof text, "{%s\"name\": \"%s\", \"listen\": \"127.0.0.1:%u\", \"connect\": \"localhost:1\"}",
             more, name, site->ports[port]);
    return text;
}

void config_site_write(struct config_site *site, const char *more) {
    char text[FILE_TEXT];

    snprintf(text, sizeof text,
             "{\n%s\"admin\": {%s},\n"
             "\"agents\": {\"listen\": \"127.0.0.1:%u\", \"tls\": {\"cert\": \"server.pem\", \"key\": \"server.key\"},"
             " \"auth\": {\"tokens\": \"agents.json\"}},\n\"services\": [%s] }",
             more, site->admin, site->fixture.agent_port, config_site_service(site, "main", 0, ""));
    unit_text_file("munnel.json", text);
}

static struct server_config *read_again(void *context, const struct config_edit *edit, struct option_fault *fault,
                                        struct error *error) {
    struct server_config *conf = server_config_load_edited(unit_path("munnel.json"), edit, fault, error);

    (void)context;
    if (!conf || server_config_check_at(conf, fault, error) == 0)
        return conf;
    server_config_free(conf);
    return NULL;
}

void config_site_begin(struct config_site *site, const char *more) {
    static const char *const groups[SITE_PORTS] = {NULL};
    struct error error;

    *site = (struct config_site){.admin = "\"socket\": \"admin.sock\"", .socket = "admin.sock"};
    server_fixture_set(&site->fixture, groups, SITE_PORTS); /* for its keys, and for free ports */
    for (size_t i = 0; i < SITE_PORTS; i++)
        site->ports[i] = site->fixture.ports[i];
    server_config_free(site->fixture.conf);
    config_site_write(site, more);
    site->fixture.conf = read_again(NULL, NULL, NULL, &error);
    ck_assert_msg(site->fixture.conf, "%s", error.text);
    server_fixture_open(&site->fixture);
    server_set_reader(site->fixture.server, read_again, NULL);
}

void config_site_end(struct config_site *site) {
    http_reply_done(&site->reply);
    server_fixture_clear(&site->fixture);
}

static bool is_settled(void *context) {
    return reload_is_idle(context);
}

void config_site_settle(struct config_site *site) {
    struct server *server = site->fixture.server;

    ck_assert(unit_run_until(loop_base(server->loop), is_settled, server->reload, ASK_MS));
}

void config_site_check(struct config_site *site) {
    reload_check(site->fixture.server->reload);
    config_site_settle(site);
}

/* ---- asking ---- */

static void *ask(void *context) {
    struct asking *asking = context;
    struct http_client *client = http_client_new(unit_path(asking->socket), ASK_MS, &asking->error);

    asking->result = client ? http_client_ask(client, &asking->ask, asking->reply, &asking->error) : -1;
    http_client_free(client);
    atomic_store(&asking->is_done, true);
    return NULL;
}

unsigned config_site_ask(struct config_site *site, const char *method, const char *target, const char *body,
                         const char *if_match) {
    json_t *json = body ? json_loads(body, 0, NULL) : NULL;
    struct asking asking = {.ask = {.method = method, .target = target, .body = json, .if_match = if_match},
                            .reply = &site->reply,
                            .socket = site->socket};
    pthread_t thread;

    ck_assert(!body || json);
    http_reply_done(&site->reply);
    memset(&site->reply, 0, sizeof site->reply);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask, &asking), 0);
    while (!atomic_load(&asking.is_done)) {
        server_fixture_run(&site->fixture);
        poll(NULL, 0, 1);
    }
    pthread_join(thread, NULL);
    json_decref(json);
    ck_assert_msg(asking.result == 0, "%s %s: %s", method, target, asking.error.text);
    return site->reply.status;
}

void config_site_expect(struct config_site *site, const char *method, const char *target, unsigned status) {
    unsigned got = config_site_ask(site, method, target, NULL, NULL);

    ck_assert_msg(got == status, "%s %s: %u %s", method, target, got, site->reply.text);
}

const json_t *config_site_at(const struct config_site *site, const char *path) {
    const json_t *json = site->reply.json;
    char copy[200], *rest = copy;

    snprintf(copy, sizeof copy, "%s", path);
    for (const char *key = strsep(&rest, "/"); key; key = strsep(&rest, "/"))
        json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10)) : json_object_get(json, key);
    ck_assert_msg(json, "no %s in %s", path, site->reply.text);
    return json;
}

void config_site_expect_text(const struct config_site *site, const char *path, const char *text) {
    const char *got = json_string_value(config_site_at(site, path));

    ck_assert_msg(got && strstr(got, text), "%s: %s in %s", path, got ? got : "no text", site->reply.text);
}

const char *config_site_version(struct config_site *site) {
    static char version[64];

    config_site_expect(site, "GET", "/v1/config", 200);
    snprintf(version, sizeof version, "%s", json_string_value(config_site_at(site, "version")));
    ck_assert_str_eq(site->reply.version, version);
    return version;
}

bool config_site_listens(struct config_site *site, unsigned port) {
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = htons(site->ports[port]),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool does_listen = connect(fd, (struct sockaddr *)&place, sizeof place) == 0;

    close(fd);
    return does_listen;
}
