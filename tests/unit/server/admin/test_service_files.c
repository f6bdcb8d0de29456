/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_files: services are added, changed and removed as files of services.d; what a person wrote is left
 * alone, and what is refused leaves nothing behind.
 */
#include "config.h"

#include "server/admin/config_site.h"

#include "conf/server_diff.h"
#include "lib/base/file.h"
#include "unit.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config_site site;

#define INCLUDE "\"include\": \"services.d/*.json\",\n"

static void begin(void) {
    ck_assert_int_eq(mkdir(unit_path("services.d"), 0750), 0);
    config_site_begin(&site, INCLUDE);
}

static const char *body(unsigned port, const char *more) {
    static char text[300];

    snprintf(text, sizeof text, "{%s\"listen\": \"127.0.0.1:%u\", \"connect\": [\"localhost:2\"]}", more,
             site.ports[port]);
    return text;
}

static void put(const char *target, const char *text, unsigned status) {
    char version[64];

    snprintf(version, sizeof version, "%s", config_site_version(&site));
    unsigned got = config_site_ask(&site, "PUT", target, text, version);
    ck_assert_msg(got == status, "%s: %u %s", target, got, site.reply.text);
}

static unsigned files(void) {
    unsigned count = 0;
    DIR *entries = opendir(unit_path("services.d"));

    ck_assert_ptr_nonnull(entries);
    while (readdir(entries))
        count++;
    closedir(entries);
    return count - 2; /* . and .. */
}

/* The configuration of an answer is what PUT takes. */
static void put_back_what_is_shown(void) {
    char *shown = json_dumps(config_site_at(&site, "configuration"), 0);

    put("/v1/services/web", shown, 200);
    ck_assert_uint_eq(json_array_size(config_site_at(&site, "difference/changed")), 0);
    free(shown);
}

START_TEST(service_is_added_changed_and_removed_with_its_file) {
    struct stat status;
    char version[64];

    begin();
    put("/v1/services/web", body(1, ""), 201);
    config_site_expect_text(&site, "difference/added/0", "web");
    ck_assert_int_eq(stat(unit_path("services.d/web.json"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0640);
    ck_assert_uint_eq(files(), 1);
    config_site_expect(&site, "GET", "/v1/services/web", 200);
    config_site_expect_text(&site, "origin/file", "services.d/web.json");
    ck_assert(json_is_true(config_site_at(&site, "origin/is_managed")));
    config_site_expect_text(&site, "configuration/connect/0", "localhost:2");
    put_back_what_is_shown();
    put("/v1/services/web", body(2, "\"max_clients\": 7, "), 200);
    config_site_expect_text(&site, "difference/changed/0/service", "web");
    config_site_expect_text(&site, "difference/changed/0/fields/0/name", "listen");
    config_site_check(&site);
    snprintf(version, sizeof version, "%s", config_site_version(&site));
    ck_assert(json_is_null(config_site_at(&site, "difference"))); /* the file has what runs */
    ck_assert_uint_eq(config_site_ask(&site, "DELETE", "/v1/services/web", NULL, version), 200);
    config_site_expect_text(&site, "difference/removed/0", "web");
    ck_assert_uint_eq(files(), 0);
    config_site_expect(&site, "DELETE", "/v1/services/web", 404);
    config_site_end(&site);
}
END_TEST

START_TEST(change_has_to_name_the_version_that_it_was_made_for) {
    begin();
    ck_assert_uint_eq(config_site_ask(&site, "PUT", "/v1/services/web", body(1, ""), NULL), 428);
    ck_assert_uint_eq(config_site_ask(&site, "PUT", "/v1/services/web", body(1, ""), "0123456789abcdef"), 412);
    ck_assert_uint_eq(strlen(site.reply.version), SERVER_VERSION_TEXT - 1);
    ck_assert_uint_eq(config_site_ask(&site, "PUT", "/v1/services/web?dry_run", body(1, ""), NULL), 200);
    ck_assert(json_is_false(config_site_at(&site, "is_applied")));
    ck_assert_uint_eq(files(), 0);
    config_site_expect(&site, "GET", "/v1/services/web", 404);
    put("/v1/services/web", body(1, ""), 201);
    ck_assert_uint_eq(config_site_ask(&site, "DELETE", "/v1/services/web", NULL, NULL), 428);
    ck_assert_uint_eq(config_site_ask(&site, "DELETE", "/v1/services/web?dry_run", NULL, NULL), 200);
    ck_assert_uint_eq(files(), 1);
    config_site_end(&site);
}
END_TEST

static void append_blank(const char *path) {
    FILE *file = fopen(path, "a");

    ck_assert_ptr_nonnull(file);
    fputs(" ", file);
    fclose(file);
}

START_TEST(file_that_a_person_wrote_or_edited_is_left_alone) {
    char version[64];
    char *before;

    begin();
    unit_text_file("services.d/mine.json", config_site_service(&site, "mine", 1, ""));
    config_site_expect(&site, "POST", "/v1/reload", 200);
    put("/v1/services/web", body(2, ""), 201);
    append_blank(unit_path("services.d/web.json"));
    for (unsigned i = 0; i < 2; i++) {
        const char *path = unit_path(i ? "services.d/web.json" : "services.d/mine.json");
        const char *target = i ? "/v1/services/web" : "/v1/services/mine";
        before = unit_read(path, NULL);
        put(target, body(3, ""), 409);
        snprintf(version, sizeof version, "%s", config_site_version(&site));
        ck_assert_uint_eq(config_site_ask(&site, "DELETE", target, NULL, version), 409);
        char *after = unit_read(path, NULL);
        ck_assert_str_eq(before, after);
        free(before);
        free(after);
    }
    config_site_expect(&site, "POST", "/v1/reload", 200);
    config_site_expect(&site, "GET", "/v1/services/web", 200);
    ck_assert(json_is_false(config_site_at(&site, "origin/is_managed")));
    config_site_end(&site);
}
END_TEST

START_TEST(service_of_another_file_is_not_changed) {
    begin();
    put("/v1/services/main", body(1, ""), 409);
    config_site_expect_text(&site, "detail", "munnel.json");
    ck_assert_uint_eq(files(), 0);
    config_site_end(&site);
}
END_TEST

START_TEST(without_the_include_the_line_to_add_is_named) {
    config_site_begin(&site, "");
    put("/v1/services/web", body(1, ""), 409);
    config_site_expect_text(&site, "remedy", "\"include\": \"services.d/*.json\"");
    config_site_end(&site);
}
END_TEST

START_TEST(folder_that_is_not_there_is_named_with_the_command_that_makes_it) {
    config_site_begin(&site, INCLUDE);
    put("/v1/services/web", body(1, ""), 409);
    config_site_expect_text(&site, "remedy", "install -d");
    config_site_expect(&site, "GET", "/v1/services/web", 404);
    config_site_end(&site);
}
END_TEST

START_TEST(file_in_the_place_of_the_folder_is_to_be_moved_away) {
    char folder[300];

    config_site_begin(&site, INCLUDE);
    snprintf(folder, sizeof folder, " -m 0750 %s", unit_text_file("services.d", "no folder"));
    put("/v1/services/web", body(1, ""), 409);
    config_site_expect_text(&site, "detail", "Not a directory");
    config_site_expect_text(&site, "remedy", "move away");
    const char *remedy = json_string_value(config_site_at(&site, "remedy")), *end = strstr(remedy, folder);
    ck_assert_msg(end && !end[strlen(folder)], "%s", remedy);
    config_site_end(&site);
}
END_TEST

START_TEST(service_whose_file_was_removed_by_hand_is_removed_by_a_reload) {
    char version[64];

    begin();
    put("/v1/services/web", body(1, ""), 201);
    snprintf(version, sizeof version, "%s", config_site_version(&site));
    ck_assert_int_eq(unlink(unit_path("services.d/web.json")), 0);
    ck_assert_uint_eq(config_site_ask(&site, "DELETE", "/v1/services/web", NULL, version), 409);
    config_site_expect_text(&site, "detail", "web.json is not there any more");
    config_site_expect_text(&site, "remedy", "reload");
    config_site_expect(&site, "POST", "/v1/reload", 200);
    config_site_expect(&site, "GET", "/v1/services/web", 404);
    config_site_end(&site);
}
END_TEST

START_TEST(mistakes_are_named_by_their_place_in_the_content) {
    static const struct {
        const char *text, *pointer;
    } wrong[] = {
        {"{\"listen\": \"80\", \"connect\": \"localhost:1\"}", "/listen"},
        {"{\"listen\": \":1\"}", "/connect"},
        {"{\"listen\": \":1\", \"connect\": \"h:1\", \"maximum\": 1}", "/maximum"},
        {"{\"listen\": \":1\", \"connect\": [\"h:1\", \"nowhere\"]}", "/connect/1"},
        {"{\"listen\": \":1\", \"connect\": \"${file:/etc/passwd}\"}", "/connect"},
        {"{\"listen\": \":1\", \"connect\": {\"a\": [\"${HOME}\"]}}", "/connect"},
        {"{\"name\": \"other\", \"listen\": \":1\", \"connect\": \"h:1\"}", "/name"},
        {"{\"services\": []}", "/services"},
    };

    begin();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put("/v1/services/web", wrong[i].text, 422);
        config_site_expect_text(&site, "pointer", wrong[i].pointer);
        ck_assert_ptr_null(json_object_get(site.reply.json, "file"));
        ck_assert_ptr_null(strstr(site.reply.text, "web.json"));
    }
    put("/v1/services/web", body(0, ""), 422); /* the port of "main" */
    config_site_expect_text(&site, "pointer", "/listen");
    put("/v1/services/a%20b", body(1, ""), 422);
    config_site_expect_text(&site, "pointer", "/name");
    put("/v1/services/.hidden", body(1, ""), 409); /* no pattern finds it */
    put("/v1/services/a%2fb", body(1, ""), 400);
    ck_assert_uint_eq(files(), 0);
    config_site_end(&site);
}
END_TEST

START_TEST(changes_that_a_person_makes_in_files_are_not_applied_besides) {
    begin();
    config_site_write(&site, "\"log\": {\"level\": \"debug\"}, " INCLUDE);
    put("/v1/services/web", body(1, ""), 409);
    config_site_expect_text(&site, "remedy", "dry-run");
    unit_text_file("munnel.json", "{ no JSON");
    put("/v1/services/web", body(1, ""), 422);
    config_site_expect_text(&site, "file", "munnel.json");
    ck_assert_uint_eq(files(), 0);
    config_site_end(&site);
}
END_TEST

/* It would be gone after the next start. */
START_TEST(service_is_not_written_where_the_edited_include_does_not_read_it) {
    begin();
    config_site_write(&site, "\"include\": \"other.d/*.json\",\n");
    put("/v1/services/web", body(1, ""), 422);
    config_site_expect_text(&site, "pointer", "/include");
    config_site_expect_text(&site, "detail", "services.d/web.json");
    ck_assert_uint_eq(files(), 0);
    config_site_write(&site, "\"include\": [\"other.d/*.json\", \"services.d/*.json\"],\n");
    put("/v1/services/web", body(1, ""), 201);
    config_site_end(&site);
}
END_TEST

/* Addresses that guess tokens would be let in again by each change, and a certificate that is being renewed would
 * refuse it. */
START_TEST(change_of_a_service_leaves_alone_what_agents_are_judged_by) {
    struct addr peer;

    begin();
    struct agent_listener *agents = site.fixture.server->agent_listener;
    ck_assert(addr_from_endpoint(&peer, &(struct endpoint){.host = "203.0.113.7", .port = 1}));
    agent_listener_penalize(agents, &peer);
    const SSL_CTX *tls = site.fixture.server->policy.tls;
    unit_text_file("server.key", "no key");
    put("/v1/services/web", body(1, ""), 201);
    put("/v1/services/web", body(2, ""), 200);
    ck_assert_ptr_eq(site.fixture.server->policy.tls, tls);
    ck_assert(agent_listener_forgive(agents, &peer)); /* it was blocked still */
    config_site_end(&site);
}
END_TEST

static TCase *changing(void) {
    TCase *group = tcase_create("changing");

    tcase_add_test(group, service_is_added_changed_and_removed_with_its_file);
    tcase_add_test(group, change_has_to_name_the_version_that_it_was_made_for);
    tcase_add_test(group, change_of_a_service_leaves_alone_what_agents_are_judged_by);
    return group;
}

static TCase *refusing(void) {
    TCase *group = tcase_create("refusing");

    tcase_add_test(group, file_that_a_person_wrote_or_edited_is_left_alone);
    tcase_add_test(group, service_of_another_file_is_not_changed);
    tcase_add_test(group, without_the_include_the_line_to_add_is_named);
    tcase_add_test(group, folder_that_is_not_there_is_named_with_the_command_that_makes_it);
    tcase_add_test(group, file_in_the_place_of_the_folder_is_to_be_moved_away);
    tcase_add_test(group, service_whose_file_was_removed_by_hand_is_removed_by_a_reload);
    tcase_add_test(group, mistakes_are_named_by_their_place_in_the_content);
    tcase_add_test(group, changes_that_a_person_makes_in_files_are_not_applied_besides);
    tcase_add_test(group, service_is_not_written_where_the_edited_include_does_not_read_it);
    return group;
}

UNIT_MAIN("server/admin/service_files", changing, refusing)
