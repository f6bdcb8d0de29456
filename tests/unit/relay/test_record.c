/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_record: the line of a relay that is over has what happened, and nothing of what did not.
 */
#include "config.h"

#include "lib/base/strbuf.h"
#include "relay/plane.h"
#include "unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MS = 1000 };

static struct log *open_log(enum log_format format) {
    struct error error = {""};
    remove(unit_path("log"));
    struct log *log = log_new("test", format, LOG_LEVEL_INFO, unit_path("log"), &error);
    ck_assert_msg(log, "%s", error.text);
    return log;
}

static char *close_log(struct log *log) {
    log_free(log);
    return unit_read(unit_path("log"), NULL);
}

static char *line_of(const struct record *record) {
    struct log *log = open_log(LOG_FORMAT_TEXT);
    record_log(log, record);
    return close_log(log);
}

static void expect(const char *line, const char *part) {
    ck_assert_msg(strstr(line, part), "\"%s\" is not in %s", part, line);
}

/* Accepted at 1 ms, given to an agent at 3 ms, opened at 7 ms, answered at 15 ms; over at 31 ms. */
static struct record whole(void) {
    return (struct record){.id = "00112233-7",
                           .service = "echo",
                           .client = "10.0.0.1:7",
                           .agent = "web1",
                           .destination = "db:1",
                           .address = "10.0.0.2:1",
                           .in = 5,
                           .out = 6,
                           .accepted_us = 1 * MS,
                           .dispatched_us = 3 * MS,
                           .opened_us = 7 * MS,
                           .first_byte_us = 15 * MS,
                           .ended_us = 31 * MS,
                           .attempts = 2,
                           .by = "client"};
}

START_TEST(a_whole_relay_is_one_line) {
    struct record record = whole();
    char *line = line_of(&record);
    expect(line, " info ");
    expect(line,
           "relay 00112233-7  done service=echo client=10.0.0.1:7 visitor=- agent=web1 destination=db:1 "
           "address=10.0.0.2:1 "
           "end_to_end=- in_bytes=5 out_bytes=6 wait_ms=2.000 dial_ms=4.000 first_byte_ms=14.000 duration_ms=30.000 "
           "reason=done by=client detail=- attempts=2 left_out=0\n");
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
    char *line = line_of(&record);
    expect(line, "cut service=");
    expect(line, " address=- ");
    expect(line, " dial_ms=- first_byte_ms=- duration_ms=30.000 reason=\"no agent could serve\" by=- detail=- ");
    expect(line, " attempts=0 left_out=0\n");
    free(line);
}
END_TEST

START_TEST(an_idle_session_of_datagrams_is_done) {
    struct record record = whole();
    record.reason = REASON_IDLE_TIMEOUT;
    record.is_udp = _i;
    char *line = line_of(&record);
    expect(line, _i ? "  done service=" : "  cut service=");
    expect(line, "reason=\"idle for longer than idle_timeout\" ");
    free(line);
}
END_TEST

START_TEST(a_record_has_a_detail_if_there_is_one) {
    struct record record = whole();
    record.reason = REASON_PEER_RESET;
    record.detail = _i == 0 ? "the disk is full" : _i == 1 ? "" : NULL;
    char *line = line_of(&record);
    expect(line, _i == 0 ? "by=client detail=\"the disk is full\" " : "by=client detail=- ");
    free(line);
}
END_TEST

START_TEST(an_agent_does_not_name_itself) {
    struct record record = whole();
    record.agent = NULL;
    char *line = line_of(&record);
    expect(line, "client=10.0.0.1:7 visitor=- agent=- destination=db:1");
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
    char *line = line_of(&record);
    expect(line, levels[_i].is_warning ? " warning " : " info ");
    free(line);
}
END_TEST

static TCase *lines(void) {
    TCase *group = tcase_create("lines");
    tcase_add_test(group, a_whole_relay_is_one_line);
    tcase_add_test(group, what_did_not_happen_has_no_time);
    tcase_add_loop_test(group, a_record_has_a_detail_if_there_is_one, 0, 3);
    tcase_add_loop_test(group, an_idle_session_of_datagrams_is_done, 0, 2);
    tcase_add_test(group, an_agent_does_not_name_itself);
    tcase_add_loop_test(group, what_was_not_served_is_a_warning, 0, sizeof levels / sizeof *levels);
    return group;
}

/* ---- of a client ---- */

static char *line_of_client(struct client *client) {
    const struct service_terms_plan plan = {.service = "echo", .destination = "db:1"};
    client->terms = service_terms_new(&plan);
    ck_assert_ptr_nonnull(client->terms);
    struct log *log = open_log(LOG_FORMAT_TEXT);
    record_log_client(log, "ffeeddccbbaa00112233445566778899", client, &(struct log_limit){.minute = 0});
    service_terms_release(client->terms);
    return close_log(log);
}

static struct client some_client(void) {
    struct endpoint endpoint = {.host = "10.0.0.1", .port = 7};
    struct client client = {.number = 12, .agent = "web1", .accepted_us = 1 * MS, .ended_us = 31 * MS, .by = "client"};
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
    expect(line, "relay ffeeddcc-12  done service=echo client=10.0.0.1:7 visitor=- agent=web1 destination=db:1");
    expect(line, _i == 1 ? "address=10.0.0.2:1" : "address=db:1");
    free(line);
}
END_TEST

/* No agent was there: it waited to the end. */
START_TEST(a_client_that_no_agent_had_reached_nothing) {
    struct client client = some_client();
    char *line = line_of_client(&client);
    expect(line, " address=- ");
    expect(line, " wait_ms=30.000 dial_ms=-");
    free(line);
}
END_TEST

/* Who forges the address of each datagram makes a session of each. */
START_TEST(sessions_of_datagrams_that_reached_nothing_are_few_lines_a_minute) {
    struct log_limit unopened = {.minute = 0};
    struct client client = some_client();
    const struct service_terms_plan plan = {.service = "echo", .destination = "db:1"};
    struct log *log = open_log(LOG_FORMAT_TEXT);
    client.terms = service_terms_new(&plan);
    ck_assert_ptr_nonnull(client.terms);
    client.is_udp = _i != 1;
    client.opened_us = _i == 2 ? 7 * MS : 0;
    for (int i = 0; i < 100; i++)
        record_log_client(log, "ffeeddccbbaa00112233445566778899", &client, &unopened);
    unopened.minute = 0; /* the minute is over */
    record_log_client(log, "ffeeddccbbaa00112233445566778899", &client, &unopened);
    service_terms_release(client.terms);
    char *lines = close_log(log);
    size_t count = 0;
    for (const char *at = lines; (at = strchr(at, '\n')); at++)
        count++;
    ck_assert_uint_eq(count, _i == 0 ? RECORD_UNOPENED_A_MINUTE + 1 : 101);
    expect(lines, _i == 0 ? "left_out=90" : "left_out=0");
    free(lines);
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
    tcase_add_loop_test(group, sessions_of_datagrams_that_reached_nothing_are_few_lines_a_minute, 0, 3);
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

/* ---- the table of the manual ---- */

struct documented {
    char name[32], type[16], unit[16];
    bool may_be_null;
};

/* The rows ".It name Ta type Ta unit Ta when it is null" behind the comment that marks the table. */
static size_t read_manual(struct documented rows[RECORD_FIELDS + 1]) {
    char path[512];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/man/munneld.8", top ? top : ".");
    char *text = unit_read(path, NULL), *rest = strstr(text, ".\\\" record.c has this table"), *next;
    size_t count = 0;
    ck_assert_ptr_nonnull(rest);
    *strstr(rest, "\n.El") = '\0';
    for (char *line = strtok_r(rest, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
        ck_assert_uint_le(count, RECORD_FIELDS);
        struct documented *row = &rows[count];
        char null_when[64] = "";
        int found = sscanf(line, ".It Cm %31s Ta %15s Ta %15s Ta %63s", row->name, row->type, row->unit, null_when);
        if (found < 0 || strncmp(line, ".It Cm", 6) != 0)
            continue;
        ck_assert_msg(found == 4, "a row without its four columns: %s", line);
        row->may_be_null = strcmp(null_when, "never") != 0;
        count++;
    }
    free(text);
    return count;
}

static struct record nothing_happened(void) {
    return (struct record){.id = "00112233-7",
                           .service = "echo",
                           .client = "10.0.0.1:7",
                           .destination = "db:1",
                           .address = "",
                           .accepted_us = 1 * MS,
                           .dispatched_us = 31 * MS,
                           .ended_us = 31 * MS,
                           .reason = REASON_NO_AGENT};
}

START_TEST(the_manual_has_the_fields_of_a_record) {
    struct documented rows[RECORD_FIELDS + 1];
    static const char *const types[] = {[RECORD_TEXT] = "text",
                                        [RECORD_BYTES] = "integer",
                                        [RECORD_COUNT] = "integer",
                                        [RECORD_SPAN] = "number",
                                        [RECORD_REASON] = "text"};
    static const char *const units[] = {[RECORD_TEXT] = "-",
                                        [RECORD_BYTES] = "bytes",
                                        [RECORD_COUNT] = "-",
                                        [RECORD_SPAN] = "ms",
                                        [RECORD_REASON] = "-"};
    ck_assert_uint_eq(read_manual(rows), RECORD_FIELDS);
    for (size_t i = 0; i < RECORD_FIELDS; i++) {
        ck_assert_str_eq(rows[i].name, record_fields[i].name);
        ck_assert_str_eq(rows[i].type, types[record_fields[i].type]);
        ck_assert_str_eq(rows[i].unit, units[record_fields[i].type]);
    }
}
END_TEST

/* Is the value at `at` what the manual promises? */
static void expect_value(const struct documented *row, const char *at, bool is_json) {
    bool is_null = strncmp(at, is_json ? "null" : "- ", is_json ? 4 : 2) == 0;
    bool is_number = *at >= '0' && *at <= '9';
    ck_assert_msg(row->may_be_null || !is_null, "%s is null: %s", row->name, at);
    if (!is_null && strcmp(row->type, "text") != 0)
        ck_assert_msg(is_number, "%s is no number: %s", row->name, at);
    if (!is_null && is_json && strcmp(row->type, "text") == 0)
        ck_assert_msg(*at == '"', "%s is no text: %s", row->name, at);
}

/* Each format has each field, in the order of the manual, whether it has a value or not. */
START_TEST(each_record_has_the_fields_of_the_manual) {
    struct documented rows[RECORD_FIELDS + 1];
    struct record record = _i & 1 ? nothing_happened() : whole();
    bool is_json = _i & 2;
    size_t count = read_manual(rows);
    struct log *log = open_log(is_json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT);
    record_log(log, &record);
    char *line = close_log(log);
    const char *at = strstr(line, is_json ? ",\"service\"" : " service=");
    for (size_t i = 0; i < count; i++) {
        char start[64];
        int length = snprintf(start, sizeof start, is_json ? ",\"%s\":" : " %s=", rows[i].name);
        const char *next = strstr(at, start);
        ck_assert_msg(next, "no %s in %s", start, at);
        expect_value(&rows[i], next + length, is_json);
        at = next + length;
    }
    ck_assert_msg(!strstr(at, is_json ? ",\"" : "="), "more than the manual has: %s", at);
    free(line);
}
END_TEST

/* What the log sends to a journal's socket; NULL: there is no journal on this system. */
static char *sent_of(const struct record *record) {
    static char sent[16384];
    struct error error = {""};
    char to[256];
    evutil_socket_t fd = unit_datagram_socket(unit_path("journal"));
    if (fd < 0)
        return NULL;
    snprintf(to, sizeof to, "journal:%s", unit_path("journal"));
    struct log *log = log_new("test", LOG_FORMAT_TEXT, LOG_LEVEL_INFO, to, &error);
    ck_assert_msg(log, "%s", error.text);
    record_log(log, record);
    log_free(log); /* then all is sent */
    ptrdiff_t length = unit_receive(fd, sent, sizeof sent - 1);
    ck_assert_int_gt(length, 0);
    sent[length] = '\0';
    evutil_closesocket(fd);
    return sent;
}

START_TEST(the_journal_has_each_field_that_has_a_value) {
    struct documented rows[RECORD_FIELDS + 1];
    struct record record = _i ? nothing_happened() : whole();
    size_t count = read_manual(rows), fields = 0;
    const char *sent = sent_of(&record);
    if (!sent)
        return;
    expect(sent, "MUNNEL_WHO=relay 00112233-7\n");
    for (const char *at = sent; (at = strstr(at, "\nMUNNEL_")); at++)
        fields++;
    for (size_t i = 0; i < count; i++) {
        char start[64] = "\nMUNNEL_";
        size_t used = strlen(start);
        for (size_t k = 0; rows[i].name[k]; k++)
            start[used++] = (char)toupper((unsigned char)rows[i].name[k]);
        start[used++] = '=';
        start[used] = '\0';
        ck_assert_msg(strstr(sent, start) || rows[i].may_be_null, "no %s in %s", start, sent);
        fields -= strstr(sent, start) ? 1 : 0;
    }
    ck_assert_uint_eq(fields, 2); /* MUNNEL_WHO and MUNNEL_EVENT */
}
END_TEST

static TCase *manual(void) {
    TCase *group = tcase_create("manual");
    tcase_add_test(group, the_manual_has_the_fields_of_a_record);
    tcase_add_loop_test(group, each_record_has_the_fields_of_the_manual, 0, 4);
    tcase_add_loop_test(group, the_journal_has_each_field_that_has_a_value, 0, 2);
    return group;
}

UNIT_MAIN("relay/record", lines, clients, reasons, manual)
