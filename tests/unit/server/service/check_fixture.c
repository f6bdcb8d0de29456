/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_fixture: see check_fixture.h.
 */
#include "config.h"

#include "server/service/check_fixture.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

const char check_path[] = "/v1/services/s0/check";
struct fake_order served;

int ask_check(void) {
    return send_request("POST", check_path, "");
}

/* The check's client has come to its agent. */
int ask_and_serve(void) {
    int fd = ask_check();

    ck_assert(server_fixture_wait_for(&fixture, FAKE_SERVE, 1));
    ck_assert(fake_take(FAKE_SERVE, &served));
    ck_assert(served.client->is_check);
    return fd;
}

void open_destination(unsigned dial_ms, unsigned lookup_ms) {
    const struct check_opened opened = {.client = served.client,
                                        .address = "127.0.0.1:80",
                                        .dial_ms = dial_ms,
                                        .lookup_ms = lookup_ms};

    served.client->opened_us = served.client->accepted_us + 1000;
    fake_options()->events->on_check_opened(fake_options()->context, &opened);
}

void end_client(void) {
    fake_give_back(&served, CLIENT_ENDED);
    server_fixture_run(&fixture);
}

/* The check's end is reset where the relay was cut. */
void end_opened(enum relay_reason reason, const char *detail) {
    served.client->reason = reason;
    snprintf(served.client->detail, sizeof served.client->detail, "%s", detail);
    end_client();
}

void refuse(enum refusal refusal, const char *detail) {
    served.client->refusal = refusal;
    snprintf(served.client->detail, sizeof served.client->detail, "%s", detail);
    fake_give_back(&served, CLIENT_REFUSED);
}

void take_report(int fd, const char *result) {
    ck_assert_uint_eq(take_answer(fd), 200);
    expect_text("service", "s0");
    expect_text("result", result);
}

const json_t *hop(const char *name, const char *member) {
    const json_t *hops = at("hops");

    for (size_t i = 0; i < json_array_size(hops); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(hops, i), "hop")), name) == 0)
            return json_object_get(json_array_get(hops, i), member);
    ck_abort_msg("no hop %s in %s", name, answer);
    return NULL;
}

void expect_hop(const char *name, const char *result, const char *detail) {
    const char *got = json_string_value(hop(name, "result")), *text = json_string_value(hop(name, "detail"));

    ck_assert_msg(strcmp(got, result) == 0, "%s: %s in %s", name, got, answer);
    ck_assert_msg(!detail || (text && strstr(text, detail)), "%s: %s", name, text);
    if (strcmp(result, "fail") == 0)
        ck_assert_msg(json_is_string(hop(name, "remedy")), "%s: no remedy", name);
}

void begin_ready(void) {
    begin();
    server_fixture_join_ready(&fixture, "alpha");
}

void expect_agent_blamed(int fd, const char *detail) {
    take_report(fd, "fail");
    expect_hop("agent", "fail", "agent alpha was disconnected during the check");
    expect_hop("agent", "fail", detail);
    expect_hop("link", "skip", NULL);
    expect_hop("rules", "pass", NULL);
    expect_hop("connect", "pass", "127.0.0.1:80");
    expect_hop("first byte", "skip", "was cut");
}
