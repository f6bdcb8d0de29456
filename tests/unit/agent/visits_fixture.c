/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits_fixture: see visits_fixture.h.
 */
#include "config.h"

#include "agent/visits_fixture.h"

#include "agent/identity/service_keys.h"
#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SOON_MS = 3000 };

static const char key_text[] =
    "{ \"inner\": {\"keys\": [\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"]} }";
static struct service_keys *keys;
static uint64_t now_us = 1000ULL * 1000000;

uint64_t clock_us(void) {
    return now_us;
}

uint64_t clock_ms(void) {
    return now_us / 1000;
}

time_t clock_wall(void) {
    return time(NULL);
}

void visits_fixture_advance(uint64_t us) {
    now_us += us;
}

static bool send_json(void *context, uint64_t session, const char *json) {
    struct visits_fixture *fixture = context;
    struct error error = {""};

    if (session == fixture->dead)
        return false;
    ck_assert_uint_lt(fixture->sent_count, VISITS_FIXTURE_SENT);
    json_t *parsed = json_loads(json, 0, NULL);
    ck_assert_msg(visit_open_parse(&fixture->sent[fixture->sent_count].open, parsed, &error) == 0, "%s", error.text);
    fixture->sent[fixture->sent_count++].session = session;
    json_decref(parsed);
    return true;
}

static void add_spec(struct visits_fixture *fixture, size_t index, const char *name) {
    char text[64];

    evutil_closesocket(unit_listen(&fixture->ports[index]));
    snprintf(text, sizeof text, "%s=127.0.0.1:%u", name, fixture->ports[index]);
    ck_assert_int_eq(strlist_add(&fixture->specs, text), 0);
}

void visits_fixture_begin(struct visits_fixture *fixture, bool has_key) {
    struct error error = {""};

    memset(fixture, 0, sizeof *fixture);
    keys = has_key ? service_keys_new(unit_text_file("keys.json", key_text), &error) : NULL;
    ck_assert_msg(!has_key || keys, "%s", error.text);
    fixture->loop = loop_new("test");
    add_spec(fixture, ECHO, "echo");
    add_spec(fixture, INNER, "inner");
    fixture->visits = visits_new(&(struct visits_options){.loop = fixture->loop,
                                                          .who = "agent test",
                                                          .keys = keys,
                                                          .specs = &fixture->specs,
                                                          .send = send_json,
                                                          .context = fixture},
                                 &error);
    ck_assert_msg(fixture->visits, "%s", error.text);
}

void visits_fixture_end(struct visits_fixture *fixture) {
    visits_free(fixture->visits);
    loop_free(fixture->loop);
    strlist_done(&fixture->specs);
    service_keys_free(keys);
}

void visits_fixture_connected(struct visits_fixture *fixture, uint64_t session, bool is_known) {
    const struct visit_user *user = visits_user(fixture->visits);
    char who[32];

    snprintf(who, sizeof who, "server %llu", (unsigned long long)session);
    user->on_connected(user->context, session, &(struct visit_server_name){who, "00112233"}, is_known);
}

void visits_fixture_lost(struct visits_fixture *fixture, uint64_t session) {
    const struct visit_user *user = visits_user(fixture->visits);

    user->on_lost(user->context, session);
}

void visits_fixture_state(struct visits_fixture *fixture, uint64_t session, uint32_t id, const char *refusal,
                          bool end_to_end) {
    const struct visit_user *user = visits_user(fixture->visits);

    user->on_states(user->context, session, &(struct visit_state){id, refusal, end_to_end}, 1);
}

void visits_fixture_permit(struct visits_fixture *fixture, uint64_t session) {
    visits_fixture_connected(fixture, session, true);
    visits_fixture_state(fixture, session, ECHO + 1, NULL, false);
}

void visits_fixture_refuse(struct visits_fixture *fixture, uint64_t session, uint32_t ticket, const char *reason) {
    const struct visit_user *user = visits_user(fixture->visits);

    user->on_refused(user->context, session, &(struct visit_refused){reason, 1, {ticket}});
}

struct visit_view visits_fixture_view(const struct visits_fixture *fixture, size_t index) {
    struct visit_view view;

    visits_read(fixture->visits, index, &view);
    return view;
}

int visits_fixture_connect(struct visits_fixture *fixture, size_t index) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(fixture->ports[index]),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

void visits_fixture_run(struct visits_fixture *fixture) {
    unit_run_rounds(loop_base(fixture->loop), 3);
}

struct wanted {
    struct visits_fixture *fixture;
    size_t count;
    int fd;
};

static bool has_sent(void *context) {
    const struct wanted *wanted = context;

    return wanted->fixture->sent_count >= wanted->count;
}

void visits_fixture_await_sent(struct visits_fixture *fixture, size_t count) {
    struct wanted wanted = {fixture, count, -1};

    ck_assert(unit_run_until(loop_base(fixture->loop), has_sent, &wanted, SOON_MS));
    ck_assert_uint_eq(fixture->sent_count, count);
}

bool visits_fixture_take(struct visits_fixture *fixture, uint64_t session, uint32_t ticket) {
    struct visit_client client;

    if (!visit_tickets_take(visits_tickets(fixture->visits), ticket, session, &client))
        return false;
    sock_close(client.fd);
    served_service_release(client.service);
    return true;
}

bool visits_fixture_waits(int fd) {
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && sock_would_block(errno);
}

static bool meets_reset(void *context) {
    const struct wanted *wanted = context;
    char byte;

    return recv(wanted->fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET;
}

bool visits_fixture_is_reset(struct visits_fixture *fixture, int fd) {
    struct wanted wanted = {fixture, 0, fd};
    bool result = unit_run_until(loop_base(fixture->loop), meets_reset, &wanted, SOON_MS);

    close(fd);
    return result;
}
