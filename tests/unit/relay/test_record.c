/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_record: the line of a relay that is over has what happened, and nothing of what did not.
 */
#include "config.h"

#include "relay/plane.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MS = 1000 };

static struct log *open_log(void) {
    struct error error = {""};
    unlink(unit_path("log"));
    struct log *log = log_new(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, unit_path("log"), &error);
    ck_assert_msg(log, "%s", error.text);
    return log;
}

static char *close_log(struct log *log) {
    log_free(log);
    return unit_read(unit_path("log"), NULL);
}

static char *line_of(const struct record *record, uint64_t now_us) {
    struct log *log = open_log();
    record_log(log, record, now_us);
    return close_log(log);
}

static void expect(const char *line, const char *part) {
    ck_assert_msg(strstr(line, part), "\"%s\" is not in %s", part, line);
}

static void expect_not(const char *line, const char *part) {
    ck_assert_msg(!strstr(line, part), "\"%s\" is in %s", part, line);
}

/* Accepted at 1 ms, given to an agent at 3 ms, opened at 7 ms, answered at 15 ms; over, in the tests, at 31 ms. */
static struct record whole(void) {
    return (struct record){.id = "00112233-7",
                           .service = "echo",
                           .client = "10.0.0.1:7",
                           .agent = "web1",
                           .destination = "db:1",
                           .address = "10.0.0.2:1",
                           .up = 5,
                           .down = 6,
                           .accepted_us = 1 * MS,
                           .dispatched_us = 3 * MS,
                           .opened_us = 7 * MS,
                           .first_byte_us = 15 * MS,
                           .attempts = 2,
                           .by = "client"};
}

START_TEST(a_whole_relay_is_one_line) {
    struct record record = whole();
    char *line = line_of(&record, 31 * MS);
    expect(line, " info ");
    expect(line, "relay 00112233-7  done service=echo client=10.0.0.1:7 agent=web1 destination=db:1 address=10.0.0.2:1 "
                 "up=5 down=6 waited_ms=2.000 dialled_ms=4.000 first_byte_ms=14.000 total_ms=30.000 reason=done "
                 "by=client attempts=2\n");
    free(line);
}
END_TEST

START_TEST(what_did_not_happen_has_no_time) {
    struct record record = whole();
    record.opened_us = record.first_byte_us = 0;
    record.attempts = 0;
    record.address = "";
    record.by = NULL;
    record.reason = REASON_NO_AGENT;
    char *line = line_of(&record, 31 * MS);
    expect(line, "cut service=");
    expect(line, "address=\"\" ");
    expect(line, "dialled_ms=- first_byte_ms=- total_ms=30.000 reason=\"no agent could serve\" by=-\n");
    expect_not(line, "attempts=");
    free(line);
}
END_TEST

START_TEST(a_detail_stands_there_only_if_there_is_one) {
    struct record record = whole();
    record.reason = REASON_PEER_RESET;
    record.detail = _i == 0 ? "the disk is full" : _i == 1 ? "" : NULL;
    char *line = line_of(&record, 31 * MS);
    if (_i == 0)
        expect(line, "by=client detail=\"the disk is full\" ");
    else
        expect_not(line, "detail=");
    free(line);
}
END_TEST

START_TEST(an_agent_does_not_name_itself) {
    struct record record = whole();
    record.agent = NULL;
    char *line = line_of(&record, 31 * MS);
    expect(line, "client=10.0.0.1:7 destination=db:1");
    free(line);
}
END_TEST

/* What its owner has to do something about is a warning. */
static const struct {
    enum relay_reason reason;
    const char *agent;
    uint64_t opened_us;
    bool is_warning;
} levels[] = {
    {REASON_DONE, "web1", 7, false},      {REASON_CLIENT_RESET, "web1", 7, false},
    {REASON_LINK_LOST, "web1", 7, false}, {REASON_IDLE_TIMEOUT, "web1", 7, false},
    {REASON_STOPPED, "web1", 7, false},   {REASON_NO_AGENT, "", 0, true},
    {REASON_REFUSED, "web1", 0, true},    {REASON_TIMEOUT, "web1", 0, true},
    {REASON_PROTOCOL, "web1", 7, true},   {REASON_MEMORY, "web1", 7, true},
    {REASON_DENIED, "web1", 0, true},  /* by the agent's rules: its client was not served */
    {REASON_DENIED, "web1", 7, false}, /* its agent was revoked */
    {REASON_DENIED, "", 0, false},     /* the agent's own record */
};

START_TEST(what_was_not_served_is_a_warning) {
    struct record record = whole();
    record.reason = levels[_i].reason;
    record.agent = levels[_i].agent;
    record.opened_us = levels[_i].opened_us;
    char *line = line_of(&record, 31 * MS);
    expect(line, levels[_i].is_warning ? " warning " : " info ");
    free(line);
}
END_TEST

static TCase *lines(void) {
    TCase *group = tcase_create("lines");
    tcase_add_test(group, a_whole_relay_is_one_line);
    tcase_add_test(group, what_did_not_happen_has_no_time);
    tcase_add_loop_test(group, a_detail_stands_there_only_if_there_is_one, 0, 3);
    tcase_add_test(group, an_agent_does_not_name_itself);
    tcase_add_loop_test(group, what_was_not_served_is_a_warning, 0, sizeof levels / sizeof *levels);
    return group;
}

/* ---- of a client ---- */

static char *line_of_client(struct client *client) {
    const struct service_terms_plan plan = {.service = "echo", .destination = "db:1"};
    client->terms = service_terms_new(&plan);
    ck_assert_ptr_nonnull(client->terms);
    struct log *log = open_log();
    record_log_client(log, "ffeeddccbbaa00112233445566778899", client, "client", NULL);
    service_terms_release(client->terms);
    return close_log(log);
}

static struct client some_client(void) {
    struct endpoint endpoint = {.host = "10.0.0.1", .port = 7};
    struct client client = {.number = 12, .agent = "web1", .accepted_us = 1 * MS, .ended_us = 31 * MS};
    ck_assert(addr_from_endpoint(&client.peer, &endpoint));
    return client;
}

START_TEST(a_client_that_was_opened_reached_what_is_configured) {
    struct client client = some_client();
    client.dispatched_us = 3 * MS;
    client.opened_us = 7 * MS;
    if (_i == 1)
        snprintf(client.address, sizeof client.address, "10.0.0.2:1");
    char *line = line_of_client(&client);
    expect(line, "relay ffeeddcc-12  done service=echo client=10.0.0.1:7 agent=web1 destination=db:1");
    expect(line, _i == 1 ? "address=10.0.0.2:1" : "address=db:1");
    free(line);
}
END_TEST

/* No agent was there: it waited to the end. */
START_TEST(a_client_that_no_agent_had_reached_nothing) {
    struct client client = some_client();
    char *line = line_of_client(&client);
    expect(line, "address=\"\" ");
    expect(line, "waited_ms=30.000 dialled_ms=-");
    free(line);
}
END_TEST

/* The client may choose the path of its own socket. */
START_TEST(the_path_of_a_clients_unix_socket_is_not_passed_on) {
    struct client client = some_client();
    char text[RECORD_CLIENT];
    ck_assert_str_eq(record_client_text(&client, text), "10.0.0.1:7");
    struct endpoint endpoint = {.is_unix = true, .host = "/tmp/evil path=1"};
    ck_assert(addr_from_endpoint(&client.peer, &endpoint));
    ck_assert_str_eq(record_client_text(&client, text), "unix:");
}
END_TEST

static TCase *clients(void) {
    TCase *group = tcase_create("clients");
    tcase_add_loop_test(group, a_client_that_was_opened_reached_what_is_configured, 0, 2);
    tcase_add_test(group, a_client_that_no_agent_had_reached_nothing);
    tcase_add_test(group, the_path_of_a_clients_unix_socket_is_not_passed_on);
    return group;
}

/* ---- reason.h ---- */

START_TEST(each_reason_has_a_text_of_its_own) {
    for (int i = 0; i < REASON_COUNT; i++) {
        ck_assert_str_ne(reason_text((enum relay_reason)i), "");
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(reason_text((enum relay_reason)i), reason_text((enum relay_reason)k));
    }
}
END_TEST

static TCase *reasons(void) {
    TCase *group = tcase_create("reasons");
    tcase_add_test(group, each_reason_has_a_text_of_its_own);
    return group;
}

UNIT_MAIN("relay/record", lines, clients, reasons)
