/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_publish_output: what people and scripts read of a published service.
 */
#include "config.h"

#include "agent/publish_output.h"
#include "lib/log/log.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct publications *list;
static struct publication *web;
static struct agent_options options;
static char to_stderr[] = "stderr", to_stdout[] = "stdout";

static void begin(void) {
    static const struct publications_owner owner = {.on_withdrawn = NULL};
    static const struct publication_order orders[] = {{.name = "web", .to = "localhost:8080", .host = ""},
                                                      {.name = "database", .to = "localhost:5432", .host = ""}};
    struct publication *second;
    list = publications_new(2, &owner);
    ck_assert_int_eq(publications_add(list, &orders[0], 0, &web), PUBLICATIONS_ADDED);
    ck_assert_int_eq(publications_add(list, &orders[1], 0, &second), PUBLICATIONS_ADDED);
    options = (struct agent_options){.log = {.to = to_stderr}};
    publication_set_state(&web->at[0], PUBLICATION_PUBLISHED);
    memcpy(web->at[0].address, "http://web.example", sizeof "http://web.example");
}

static void end(void) {
    publications_free(list);
}

static void expect(const char *printed, const char *told) {
    FILE *out = fopen(unit_path("out"), "w"), *errors = fopen(unit_path("errors"), "w");
    ck_assert(out && errors);
    publish_output_print(&options, list, web, &web->at[0], "relay.example:10001", out, errors);
    fclose(out);
    fclose(errors);
    char *text = unit_read(unit_path("out"), NULL), *error_text = unit_read(unit_path("errors"), NULL);
    ck_assert_str_eq(text, printed);
    ck_assert_str_eq(error_text, told);
    free(text);
    free(error_text);
}

static void refuse(void) {
    publication_set_state(&web->at[0], PUBLICATION_REFUSED);
    memcpy(web->at[0].reason, "no", sizeof "no");
}

START_TEST(names_stand_in_a_column) {
    expect("web       http://web.example  ->  localhost:8080\n", "");
}
END_TEST

START_TEST(log_on_standard_output_and_log_for_programs_stay_alone) {
    options.log.to = to_stdout;
    expect("", "");
    options.log.to = to_stderr;
    options.log.format = LOG_FORMAT_JSON;
    expect("", "");
}
END_TEST

START_TEST(refusal_is_for_the_log) {
    refuse();
    expect("", "");
}
END_TEST

START_TEST(shared_address_is_alone_for_scripts) {
    options.is_share = true;
    expect("http://web.example\n", "munnel share: localhost:8080 is reached, until Ctrl-C, at\n");
    refuse();
    expect("", "munnel share: web is not published by relay.example:10001: no\n");
}
END_TEST

START_TEST(json_has_all_of_it_in_a_line) {
    options.is_share = options.is_json = true;
    expect("{\"name\":\"web\",\"to\":\"localhost:8080\",\"server\":\"relay.example:10001\",\"state\":\"published\","
           "\"address\":\"http://web.example\",\"reason\":null}\n",
           "");
    refuse();
    expect("{\"name\":\"web\",\"to\":\"localhost:8080\",\"server\":\"relay.example:10001\",\"state\":\"refused\","
           "\"address\":null,\"reason\":\"no\"}\n",
           "");
}
END_TEST

START_TEST(hope_is_lost_once_every_server_has_refused_everything) {
    ck_assert(!publish_output_is_hopeless(list));
    for (struct publication *entry = publications_first(list); entry; entry = publications_next(entry)) {
        publication_set_state(&entry->at[0], PUBLICATION_REFUSED);
        ck_assert(!publish_output_is_hopeless(list));
        publication_set_state(&entry->at[1], PUBLICATION_UNSUPPORTED);
    }
    ck_assert(publish_output_is_hopeless(list));
}
END_TEST

static TCase *printed(void) {
    TCase *group = tcase_create("printed");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, names_stand_in_a_column);
    tcase_add_test(group, log_on_standard_output_and_log_for_programs_stay_alone);
    tcase_add_test(group, refusal_is_for_the_log);
    tcase_add_test(group, shared_address_is_alone_for_scripts);
    tcase_add_test(group, json_has_all_of_it_in_a_line);
    tcase_add_test(group, hope_is_lost_once_every_server_has_refused_everything);
    return group;
}

UNIT_MAIN("agent/publish_output", printed)
