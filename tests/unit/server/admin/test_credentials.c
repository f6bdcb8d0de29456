/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_credentials: an agent that is added may join, one that is revoked has gone, and a token that is rotated stays
 * valid for a time; what cannot be done changes nothing, and is answered with what to do, by body_fields.c where it was
 * sent wrong. Changes the agents file by agents_change.c.
 */
#include "config.h"

#include "server/admin/admin_fixture.h"

#include "conf/credentials.h"
#include "conf/lock.h"
#include "conf/provision.h"
#include "lib/base/error.h"
#include "proto/join_code.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_failure; /* errno of each write; 0: none fails */

int __real_file_write(const char *path, const char *data, size_t length, unsigned mode, struct error *error);
int __wrap_file_write(const char *path, const char *data, size_t length, unsigned mode, struct error *error);
int __wrap_file_write(const char *path, const char *data, size_t length, unsigned mode, struct error *error) {
    if (!write_failure)
        return __real_file_write(path, data, length, mode, error);
    error_set(error, "cannot write %s", path);
    errno = write_failure;
    return -1;
}

static void post(const char *path, const char *content, unsigned status) {
    unsigned got = ask_with("POST", path, content);

    ck_assert_msg(got == status, "%s %s: %s", path, content, answer);
}

static const struct credential *in_force(const char *name) {
    return credentials_find(fixture.server->policy.credentials, name);
}

/* The token in the code of the last answer. */
static struct auth_token token_of_answer(void) {
    struct error error = {""};
    struct join_code code;

    ck_assert_msg(join_code_parse(&code, json_string_value(at("code")), &error) == 0, "%s", error.text);
    ck_assert_uint_eq(code.server_count, 1);
    return code.token;
}

static void expect_key(const struct credential *credential, int index, const struct auth_token *token) {
    uint8_t key[SECRET_SIZE];

    auth_token_key(token, key);
    ck_assert_int_gt(credential->key_count, index);
    ck_assert_mem_eq(credential->keys[index].key, key, SECRET_SIZE);
}

/* ---- what is done ---- */

START_TEST(added_agent_may_join_at_once) {
    begin();
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"],\"expires\":\"2999-01-31\"}", 201);
    struct auth_token token = token_of_answer();
    expect_text("name", "web1");
    expect_text("expires", "2999-01-31T00:00:00.000Z");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("command")), "munnel-agent --join -"));
    ck_assert_uint_eq(json_array_size(at("warnings")), 0);
    ck_assert_ptr_nonnull(in_force("web1"));
    expect_key(in_force("web1"), 0, &token);
    get("/v1/events?kind=agent");
    ck_assert_msg(strstr(answer, "added by") && !strstr(answer, "munnel1"), "%s", answer);
    finish();
}
END_TEST

START_TEST(added_agent_has_the_permit_that_was_sent) {
    begin();
    post(
        "/v1/agents",
        "{\"name\":\"dev\",\"groups\":[\"*\"],\"publish\":{\"ports\":[\"20000-20099\"],\"hosts\":[\"*.dev.example\"]}}",
        201);
    const struct publish_permit *permit = &in_force("dev")->publish;
    ck_assert(publish_permit_has_port(permit, 20099) && publish_permit_has_host(permit, "a.dev.example"));
    get("/v1/agents/dev");
    ck_assert_msg(strstr(answer, "\"ports\":[\"20000-20099\"]"), "%s", answer);
    finish();
}
END_TEST

START_TEST(group_that_no_service_has_is_allowed_and_warned_of) {
    begin();
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"wbe\"]}", 201);
    ck_assert_uint_eq(json_array_size(at("warnings")), 1);
    ck_assert_ptr_nonnull(strstr(json_string_value(at("warnings/0")), "wbe"));
    ck_assert_ptr_nonnull(in_force("web1"));
    post("/v1/agents", "{\"name\":\"dev\",\"groups\":[\"devs\"],\"publish\":{\"ports\":[\"20000\"]}}", 201);
    ck_assert_uint_eq(json_array_size(at("warnings")), 0);
    finish();
}
END_TEST

START_TEST(rotated_token_stays_valid_beside_the_new_one) {
    begin();
    post("/v1/agents/default/rotate", "", 200);
    struct auth_token token = token_of_answer();
    const struct credential *credential = in_force("default");
    ck_assert_int_eq(credential->key_count, 2);
    expect_key(credential, 0, &token);
    expect_key(credential, 1, &fixture.token);
    ck_assert_int_gt(credential->keys[1].until, time(NULL) + 6 * 86400);
    post("/v1/agents/default/rotate", "{\"keep\":\"1d\",\"servers\":[\"munnel.example:99\"]}", 200);
    ck_assert_int_eq(in_force("default")->key_count, 3);
    finish();
}
END_TEST

START_TEST(revoked_agent_is_gone_with_its_relays) {
    struct fake_order served;

    begin();
    server_fixture_join_ready(&fixture, "a");
    int fd = server_fixture_client(&fixture, 0, &served);
    expect_status("DELETE", "/v1/agents/default", 200);
    expect_number("ended_relays", 1);
    ck_assert_ptr_null(in_force("default"));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 1);
    expect_status("DELETE", "/v1/agents/default", 404);
    server_fixture_end(&fixture, fd, &served);
    json_decref(body);
    body = NULL;
}
END_TEST

static TCase *deeds(void) {
    TCase *group = tcase_create("deeds");

    tcase_add_test(group, added_agent_may_join_at_once);
    tcase_add_test(group, added_agent_has_the_permit_that_was_sent);
    tcase_add_test(group, group_that_no_service_has_is_allowed_and_warned_of);
    tcase_add_test(group, rotated_token_stays_valid_beside_the_new_one);
    tcase_add_test(group, revoked_agent_is_gone_with_its_relays);
    return group;
}

/* ---- what is refused ---- */

static const struct {
    const char *content;
    unsigned status;
    const char *pointer, *detail; /* NULL: not looked at */
} refusals[] = {
    {"{}", 422, "/name", "this is missing"},
    {"{\"name\":5,\"groups\":[\"*\"]}", 422, "/name", "this is not a string"},
    {"{\"name\":\"a b\",\"groups\":[\"*\"]}", 422, "/name", NULL},
    {"{\"name\":\"..\",\"groups\":[\"*\"]}", 422, "/name",
     NULL}, /* could not be revoked: clients resolve it in paths */
    {"{\"name\":\"a\",\"groups\":[\".\"]}", 422, "/groups/0", NULL},
    {"{\"name\":\"a/../b\",\"groups\":[\"*\"]}", 422, "/name", NULL},
    {"{\"name\":\"a\\u001b\",\"groups\":[\"*\"]}", 422, "/name", NULL},
    {"{\"name\":\"\",\"groups\":[\"*\"]}", 422, "/name", NULL},
    {"{\"name\":\"web1\"}", 422, "/groups", NULL},
    {"{\"name\":\"web1\",\"groups\":[]}", 422, "/groups", NULL},
    {"{\"name\":\"web1\",\"groups\":\"web\"}", 422, "/groups", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"web\",\"a b\"]}", 422, "/groups/1", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"expires\":\"tomorrow\"}", 422, "/expires", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"expires\":\"1999-01-01\"}", 422, "/expires", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"servers\":[\"nowhere\"]}", 422, "/servers/0", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"group\":\"x\"}", 422, "/group", "there is no such member"},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"a/b~c\xc3\xa4\":\"x\"}", 422, "/a~1b~0c\xc3\xa4", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"publish\":7}", 422, "/publish", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"publish\":{\"port\":[]}}", 422, "/publish", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"publish\":{\"ports\":\"80\"}}", 422, "/publish/ports", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"publish\":{\"ports\":[\"80\",\"0\"]}}", 422, "/publish/ports/1", NULL},
    {"{\"name\":\"web1\",\"groups\":[\"*\"],\"publish\":{\"hosts\":[\"*\"]}}", 422, "/publish/hosts/0", NULL},
    {"{\"name\":\"default\",\"groups\":[\"*\"]}", 409, "/name", NULL},
};

START_TEST(what_was_sent_wrong_is_named_and_nothing_changes) {
    begin();
    size_t before = credentials_count(fixture.server->policy.credentials);
    post("/v1/agents", refusals[_i].content, refusals[_i].status);
    expect_text("pointer", refusals[_i].pointer);
    if (refusals[_i].detail)
        expect_text("detail", refusals[_i].detail);
    ck_assert_uint_eq(credentials_count(fixture.server->policy.credentials), before);
    finish();
}
END_TEST

/* Each is made of the file that the one before has left. */
START_TEST(changes_that_are_asked_for_at_once_are_made_one_after_the_other) {
    int fds[4];
    char content[64], name[8];

    begin();
    int lock = lock_folder_of(unit_path("agents.json"), NULL);
    for (int i = 0; i < 4; i++) {
        snprintf(content, sizeof content, "{\"name\":\"web%d\",\"groups\":[\"*\"]}", i);
        fds[i] = send_request("POST", "/v1/agents", content);
    }
    for (int i = 0; i < 20; i++) { /* all have begun */
        server_fixture_run(&fixture);
        poll(NULL, 0, 5);
    }
    lock_release(lock);
    for (int i = 0; i < 4; i++) {
        unsigned status = take_answer(fds[i]);
        ck_assert_msg(status == 201, "%s", answer);
    }
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "web%d", i);
        ck_assert_ptr_nonnull(in_force(name));
    }
    finish();
}
END_TEST

START_TEST(file_that_another_program_keeps_is_not_waited_for_without_end) {
    begin();
    int lock = lock_folder_of(unit_path("agents.json"), NULL);
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", 503);
    ck_assert(json_is_string(at("remedy")));
    lock_release(lock);
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", 201);
    finish();
}
END_TEST

START_TEST(file_that_cannot_be_written_changes_nothing) {
    static const struct {
        int failure;
        unsigned status;
        const char *remedy;
    } failures[] = {{ENOSPC, 507, "room on the disk"},
                    {EACCES, 500, "Move the agents file"},
                    {EROFS, 500, "/var/lib/munnel"}};

    begin();
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        write_failure = failures[i].failure;
        post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", failures[i].status);
        ck_assert_ptr_nonnull(strstr(json_string_value(at("remedy")), failures[i].remedy));
        ck_assert(!strstr(answer, "\"code\""));
        expect_status("DELETE", "/v1/agents/default", failures[i].status);
    }
    write_failure = 0;
    ck_assert_ptr_null(in_force("web1"));
    ck_assert_ptr_nonnull(in_force("default"));
    finish();
}
END_TEST

START_TEST(file_that_others_may_read_is_not_changed) {
    begin();
    ck_assert_int_eq(chmod(unit_path("agents.json"), 0644), 0);
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", 500);
    ck_assert_ptr_nonnull(strstr(answer, "agents.json"));
    ck_assert_int_eq(chmod(unit_path("agents.json"), 0640), 0);
    finish();
}
END_TEST

/* The caller can do nothing about it, but a person can: at the line that is named. */
START_TEST(file_that_was_broken_by_hand_is_a_conflict_at_its_line) {
    begin();
    char *good = unit_read(unit_path("agents.json"), NULL);
    unit_text_file("agents.json", "{\n\"agents\": [\n  {,}]}");
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", 409);
    ck_assert_ptr_nonnull(strstr(json_string_value(at("detail")), "agents.json:3:"));
    ck_assert_ptr_nonnull(strstr(json_string_value(at("remedy")), "Mend the agents file"));
    ck_assert_ptr_nonnull(strstr(json_string_value(at("file")), "agents.json"));
    expect_number("line", 3);
    unit_text_file("agents.json", "{ \"agents\": [{ \"name\": 5 }] }");
    expect_status("DELETE", "/v1/agents/default", 409);
    ck_assert_ptr_nonnull(strstr(json_string_value(at("detail")), "agents[0].name"));
    ck_assert(!strstr(answer, "\"line\""));
    ck_assert_ptr_nonnull(in_force("default"));
    unit_text_file("agents.json", good);
    free(good);
    finish();
}
END_TEST

static void begin_with(enum config_require require, const char *listen) {
    prepare();
    fixture.conf->agents.require = require;
    server_fixture_open(&fixture);
    if (listen) { /* it listens elsewhere already: only the code has it */
        strlist_done(&fixture.conf->agents.listen);
        strlist_add(&fixture.conf->agents.listen, listen);
    }
}

START_TEST(server_whose_address_is_not_known_makes_no_code) {
    struct provision setup = {.folder = unit_folder(), .listen = "127.0.0.1:1"};
    bool made = false;

    unlink(unit_path("server.pem"));
    unlink(unit_path("server.key"));
    ck_assert_int_eq(strlist_add(&setup.names, "localhost"), 0);
    ck_assert_int_eq(provision_server(&setup, &made, NULL), 0);
    strlist_done(&setup.names);
    begin_with(CONFIG_REQUIRE_TOKEN, "0.0.0.0:10001");
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", 409);
    ck_assert_ptr_nonnull(strstr(json_string_value(at("remedy")), "servers"));
    ck_assert_ptr_null(in_force("web1"));
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"],\"servers\":[\"munnel.example:10001\"]}", 201);
    finish();
}
END_TEST

START_TEST(server_that_asks_for_certificates_makes_no_token) {
    begin_with(CONFIG_REQUIRE_TOKEN, NULL);
    fixture.conf->agents.require = CONFIG_REQUIRE_CERTIFICATE;
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", 409);
    ck_assert_ptr_nonnull(strstr(json_string_value(at("remedy")), "--certificate"));
    fixture.conf->agents.require = CONFIG_REQUIRE_BOTH;
    post("/v1/agents", "{\"name\":\"web1\",\"groups\":[\"*\"]}", 201);
    ck_assert_uint_eq(json_array_size(at("warnings")), 1);
    fixture.conf->agents.require = CONFIG_REQUIRE_TOKEN;
    finish();
}
END_TEST

START_TEST(name_that_is_too_long_is_not_taken_for_the_one_that_it_begins_with) {
    char name[PROTO_NAME_MAX + 1] = "", text[200];

    memset(name, 'a', PROTO_NAME_MAX);
    begin();
    snprintf(text, sizeof text, "{\"name\":\"%s\",\"groups\":[\"*\"]}", name);
    post("/v1/agents", text, 201);
    snprintf(text, sizeof text, "/v1/agents/%sb", name);
    expect_status("DELETE", text, 404);
    snprintf(text, sizeof text, "/v1/agents/%sb/rotate", name);
    expect_status("POST", text, 404);
    ck_assert_ptr_nonnull(in_force(name));
    ck_assert_int_eq(in_force(name)->key_count, 1);
    finish();
}
END_TEST

static TCase *refused(void) {
    TCase *group = tcase_create("refused");

    tcase_add_loop_test(group, what_was_sent_wrong_is_named_and_nothing_changes, 0,
                        (int)(sizeof refusals / sizeof *refusals));
    tcase_add_test(group, name_that_is_too_long_is_not_taken_for_the_one_that_it_begins_with);
    tcase_add_test(group, changes_that_are_asked_for_at_once_are_made_one_after_the_other);
    tcase_add_test(group, file_that_another_program_keeps_is_not_waited_for_without_end);
    tcase_add_test(group, file_that_cannot_be_written_changes_nothing);
    tcase_add_test(group, file_that_others_may_read_is_not_changed);
    tcase_add_test(group, file_that_was_broken_by_hand_is_a_conflict_at_its_line);
    tcase_add_test(group, server_whose_address_is_not_known_makes_no_code);
    tcase_add_test(group, server_that_asks_for_certificates_makes_no_token);
    return group;
}

UNIT_MAIN("server/admin/credentials", deeds, refused)
