/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fuzz_conf: what people write: files of configuration, services, rules, addresses, dates.
 */
#include "config.h"

#include "conf/agent_cmdline.h"
#include "conf/credentials.h"
#include "conf/server_config.h"
#include "lib/base/date.h"
#include "lib/net/acl.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

void fuzz_server_conf(const uint8_t *bytes, size_t length) {
    struct error error = {{0}};
    struct server_config *conf = server_config_read(fuzz_file(bytes, length), &error);
    if (conf)
        (void)server_config_check(conf, &error);
    FUZZ_REQUIRE(conf || error.text[0]);
    server_config_free(conf);
}

void fuzz_agent_conf(const uint8_t *bytes, size_t length) {
    char program[] = "munnel-agent", flag[] = "--config";
    const char *path = fuzz_file(bytes, length);
    char *file = fuzz_text((const uint8_t *)path, strlen(path)), *argv[] = {program, flag, file, NULL};
    struct agent_options options;
    int code = agent_options_read(&options, 3, argv);
    FUZZ_REQUIRE(code == -1 || code == 2);
    if (code == -1)
        agent_options_done(&options);
    free(file);
}

static void check_equal_lists(const struct strlist *a, const struct strlist *b) {
    FUZZ_REQUIRE(a->count == b->count);
    for (size_t i = 0; i < a->count; i++)
        FUZZ_REQUIRE(strcmp(a->items[i], b->items[i]) == 0);
}

static void check_equal_credentials(const struct credential *a, const struct credential *b) {
    FUZZ_REQUIRE(strcmp(a->name, b->name) == 0 && a->key_count == b->key_count && a->expires == b->expires);
    for (int i = 0; i < a->key_count; i++) {
        FUZZ_REQUIRE(memcmp(a->keys[i].key, b->keys[i].key, SECRET_SIZE) == 0);
        FUZZ_REQUIRE(a->keys[i].until == b->keys[i].until);
    }
    check_equal_lists(&a->certificates, &b->certificates);
    check_equal_lists(&a->groups, &b->groups);
}

/* What is read is written, and read again as the same. */
void fuzz_credentials(const uint8_t *bytes, size_t length) {
    struct error error = {{0}};
    const char *path = fuzz_file(bytes, length);
    struct credentials *first = credentials_read(path, &error);
    FUZZ_REQUIRE(first || error.text[0]);
    if (!first)
        return;
    struct credentials *again = NULL;
    FUZZ_REQUIRE(credentials_write(first, path, &error) == 0);
    again = credentials_read(path, &error);
    FUZZ_REQUIRE(again && credentials_count(again) == credentials_count(first));
    for (size_t i = 0; i < credentials_count(first); i++) {
        const struct credential *one = credentials_at(first, i);
        FUZZ_REQUIRE(credentials_find(again, one->name));
        check_equal_credentials(one, credentials_find(again, one->name));
    }
    credentials_free(first);
    credentials_free(again);
}

/* Lines, each a service of the command line. */
void fuzz_service(const uint8_t *bytes, size_t length) {
    struct error error = {{0}};
    struct server_config *conf = server_config_default(NULL);
    char *text = fuzz_text(bytes, length), *rest = text;
    FUZZ_REQUIRE(conf);
    for (char *line = fuzz_line(&rest); line; line = fuzz_line(&rest)) {
        size_t count = conf->service_count;
        int result = server_config_add_service(conf, line, &error);
        FUZZ_REQUIRE(conf->service_count == count + (result == 0));
        FUZZ_REQUIRE(result == 0 || error.text[0]);
        if (result == 0) {
            const struct service_config *service = &conf->services[count];
            FUZZ_REQUIRE(service->name[0] && service->listen.count > 0 && service->connect.count > 0);
        }
    }
    (void)server_config_check(conf, &error);
    server_config_free(conf);
    free(text);
}

/* Lines, each a pattern, asked for some addresses. What a pattern spells out it matches. */
void fuzz_rules(const uint8_t *bytes, size_t length) {
    static const char *const asked[] = {"10.1.2.3:22", "169.254.169.254:80", "[::1]:443",   "[::ffff:10.1.2.3]:22",
                                        "[fe80::1]:1", "127.0.0.1:65535",    "unix:/x.sock"};
    struct acl *rules = acl_new();
    struct error error = {{0}};
    char *text = fuzz_text(bytes, length), *rest = text;
    FUZZ_REQUIRE(rules);
    for (char *line = fuzz_line(&rest); line; line = fuzz_line(&rest))
        FUZZ_REQUIRE(acl_add(rules, line, &error) == 0 || error.text[0]);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct endpoint endpoint;
        struct addr addr;
        FUZZ_REQUIRE(endpoint_parse(&endpoint, asked[i], &error) == 0 && addr_from_endpoint(&addr, &endpoint));
        (void)acl_match(rules, &addr, "db.example");
        FUZZ_REQUIRE(!acl_match_explicitly(rules, &addr) || acl_match(rules, &addr, NULL));
    }
    acl_free(rules);
    free(text);
}

static void check_addr(const struct addr *addr) {
    char text[ADDR_TEXT];
    struct endpoint endpoint;
    struct addr again;
    addr_format(addr, text, sizeof text);
    FUZZ_REQUIRE(endpoint_parse(&endpoint, text, NULL) == 0 && addr_from_endpoint(&again, &endpoint));
    FUZZ_REQUIRE(addr_same_host(addr, &again) && addr_port(addr) == addr_port(&again));
    FUZZ_REQUIRE(addr_host_hash(addr) == addr_host_hash(&again));
}

void fuzz_endpoint(const uint8_t *bytes, size_t length) {
    char *text = fuzz_text(bytes, length), formatted[ENDPOINT_HOST + 16];
    struct endpoint endpoint, again;
    struct error error = {{0}};
    struct addr addr;
    if (endpoint_parse(&endpoint, text, &error) == 0) {
        endpoint_format(&endpoint, formatted, sizeof formatted);
        FUZZ_REQUIRE(endpoint_parse(&again, formatted, &error) == 0);
        FUZZ_REQUIRE(strcmp(endpoint.host, again.host) == 0 && endpoint.port == again.port);
        FUZZ_REQUIRE(endpoint.is_unix == again.is_unix);
        if (addr_from_endpoint(&addr, &endpoint))
            check_addr(&addr);
    } else {
        FUZZ_REQUIRE(error.text[0]);
    }
    free(text);
}

void fuzz_date(const uint8_t *bytes, size_t length) {
    char *text = fuzz_text(bytes, length), formatted[DATE_TEXT];
    time_t moment = -1, again = -1, seconds = 0;
    if (date_parse(&moment, text))
        FUZZ_REQUIRE(moment >= 0 && date_parse(&again, date_format(moment, formatted)) && again == moment);
    if (date_parse_span(&seconds, text))
        FUZZ_REQUIRE(seconds >= 1 && seconds <= (time_t)100 * 366 * 86400);
    free(text);
}
