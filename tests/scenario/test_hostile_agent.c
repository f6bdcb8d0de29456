/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_hostile_agent: an agent that was let in and breaks the rules of streams: its link is closed, with the rule in
 * the log; or it floods the server: what that costs is bounded, and other agents' clients do not notice.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONTROL = 0x04, PING = 0x05, PONG = 0x06, SKIPPED = 0x80, ASK_MS = ATTACKED_SERVER_ASK_MS, AT_ONCE_MS = 1000 };

struct hostile {
    struct attacked_server server; /* with the agent alpha, of other groups */
    uint16_t port;                 /* of the service that the hostile agent alone serves */
    struct attacked_session session;
    int other; /* a client of alpha's */
};

static struct hostile hostile_start(const char *name) {
    struct hostile hostile = {.port = port_take()};
    char prey[256];
    snprintf(prey, sizeof prey,
             ", { 'name': 'prey', 'group': 'mallory', 'listen': '127.0.0.1:%u', 'connect': '127.0.0.1:1',"
             " 'pending_timeout': 2 }",
             hostile.port);
    hostile.server = attacked_server_start(name, (struct attacked_server_plan){.open = true,
                                                                               .group = "web",
                                                                               .service = "'group': 'web',",
                                                                               .others = prey});
    return hostile;
}

/* Answers PINGs, or the agent would be the last choice for clients, and would not get their first bytes. */
static int read_control(const struct hostile *hostile, char *text, size_t size, unsigned ms) {
    int type = intruder_read_frame(hostile->session.control, text, size, ms);
    if (type == PING)
        ck_assert(intruder_send_frame(hostile->session.control, PONG, 8, text, 8));
    return type;
}

/* From here on the server may send it clients, once it has a data link. */
static void join(struct hostile *hostile) {
    static const char ack[] = "{\"op\":\"services_ack\",\"version\":1}";
    char text[8192];
    int type;
    hostile->session = attacked_server_join(&hostile->server, "mallory", "\"group\":\"mallory\",");
    do
        type = read_control(hostile, text, sizeof text, ASK_MS);
    while (type >= 0 && !(type == CONTROL && strstr(text, "\"services\"")));
    ck_assert_int_eq(type, CONTROL);
    ck_assert(intruder_send_frame(hostile->session.control, CONTROL, sizeof ack - 1, ack, sizeof ack - 1));
    hostile->other = attacked_server_client(&hostile->server, 1);
    ck_assert(socket_converse(hostile->other, "before", ASK_MS));
}

static void leave(struct hostile *hostile) {
    ck_assert(socket_converse(hostile->other, "after", AT_ONCE_MS));
    close(hostile->other);
    intruder_free(hostile->session.control);
}

static void hostile_attack(struct hostile *hostile, void (*attack)(struct attacked_server *, void *)) {
    attacked_server_attack(&hostile->server, attack, hostile);
    attacked_server_end(&hostile->server);
}

/* A client whose stream the hostile agent has. */
struct prey {
    struct intruder *link; /* shared, of thread 0; no other thread has one */
    int client;
    uint32_t stream;
};

static struct prey prey_new(const struct hostile *hostile) {
    char text[8192];
    while (read_control(hostile, text, sizeof text, 1) >= 0) {
    }
    struct prey prey = {.link = attacked_server_data_link(&hostile->server, &hostile->session, 0, false)};
    prey.client = socket_client(hostile->port);
    ck_assert(socket_send(prey.client, "hello", 5, ASK_MS));
    prey.stream = intruder_await(prey.link, INTRUDER_OPEN, ASK_MS);
    ck_assert_uint_ne(prey.stream, 0);
    ck_assert_uint_eq(intruder_await(prey.link, INTRUDER_DATA, ASK_MS), prey.stream);
    return prey;
}

static void prey_end(struct prey *prey) {
    intruder_free(prey->link);
    close(prey->client);
}

/* ---- frames that may not be ---- */

static const struct violation {
    const char *detail;
    struct intruder_part parts[3];
    unsigned thread;
    bool is_exclusive; /* by another link of this thread, and of this kind; both 0: by the one that OPEN came by */
} violations[] = {
    {.detail = "OPEN from the agent", .parts = {{.type = INTRUDER_OPEN}}},
    {.detail = "OPEN from the agent", .parts = {{.type = INTRUDER_OPEN, .higher = 1}}},
    {.detail = "a frame of a stream that was never opened", .parts = {{.type = INTRUDER_OPENED, .higher = 1}}},
    {.detail = "a frame of a stream that was never opened",
     .parts = {{.type = INTRUDER_DATA, .higher = 0x7fffffff, .size = 1}}},
    {.detail = "a frame of a stream that was never opened",
     .parts = {{.type = INTRUDER_RESUME, .higher = 1, .epoch = 1}}},
    {.detail = "a frame of a stream that was never opened",
     .parts = {{.type = INTRUDER_RESUME, .epoch = 1}},
     .thread = 1},
    {.detail = "a frame of a stream that was never opened",
     .parts = {{.type = INTRUDER_RESET}},
     .thread = 1,
     .is_exclusive = true},
    {.detail = "ACK before OPENED", .parts = {{.type = INTRUDER_ACK, .position = 1}}},
    {.detail = "DATA or FIN before OPENED", .parts = {{.type = INTRUDER_DATA, .size = 5}}},
    {.detail = "DATA or FIN before OPENED", .parts = {{.type = INTRUDER_FIN}}},
    {.detail = "ACK of what was not sent", .parts = {{.type = INTRUDER_OPENED}, {.type = INTRUDER_ACK, .position = 6}}},
    {.detail = "ACK of what was not sent",
     .parts = {{.type = INTRUDER_OPENED}, {.type = INTRUDER_ACK, .position = UINT64_MAX}}},
    {.detail = "DATA or FIN behind FIN",
     .parts = {{.type = INTRUDER_OPENED}, {.type = INTRUDER_FIN}, {.type = INTRUDER_DATA, .size = 1}}},
    {.detail = "DATA or FIN behind FIN",
     .parts = {{.type = INTRUDER_OPENED}, {.type = INTRUDER_FIN}, {.type = INTRUDER_FIN}}},
    {.detail = "CONTINUE of a resumption that was not asked for", .parts = {{.type = INTRUDER_CONTINUE, .epoch = 1}}},
    {.detail = "CONTINUE on a shared link ahead of what it follows",
     .parts = {{.type = INTRUDER_OPENED}, {.type = INTRUDER_CONTINUE, .position = 1}}},
    {.detail = "CONTINUE before what was taken",
     .parts = {{.type = INTRUDER_OPENED},
               {.type = INTRUDER_DATA, .size = 10},
               {.type = INTRUDER_CONTINUE, .position = 9}}},
    {.detail = "CONTINUE beyond the window", .parts = {{.type = INTRUDER_CONTINUE, .position = UINT64_MAX}}},
    {.detail = "CONTINUE beyond the window",
     .parts = {{.type = INTRUDER_CONTINUE, .position = 5 << 20}},
     .is_exclusive = true},
    {.detail = "CONTINUE elsewhere than RESUME asked for",
     .parts = {{.type = INTRUDER_OPENED},
               {.type = INTRUDER_RESUME, .epoch = 1},
               {.type = INTRUDER_CONTINUE, .epoch = 1, .position = 7}}},
    {.detail = "RESUME twice", .parts = {{.type = INTRUDER_RESUME}}},
    {.detail = "RESUME twice", .parts = {{.type = INTRUDER_RESUME, .epoch = 1}, {.type = INTRUDER_RESUME, .epoch = 1}}},
    {.detail = "RESUME from where there is nothing",
     .parts = {{.type = INTRUDER_OPENED}, {.type = INTRUDER_RESUME, .epoch = 1, .position = 6}}},
    {.detail = "RESUME from where there is nothing",
     .parts = {{.type = INTRUDER_RESUME, .epoch = UINT32_MAX, .position = UINT64_MAX}}},
    {.detail = "RESUME on an exclusive link", .parts = {{.type = INTRUDER_RESUME, .epoch = 1}}, .is_exclusive = true},
    {.detail = "ENDED whole, but not here",
     .parts = {{.type = INTRUDER_OPENED}, {.type = INTRUDER_ENDED, .position = 1}}},
    {.detail = "refused or unknown, though it was opened",
     .parts = {{.type = INTRUDER_OPENED}, {.type = INTRUDER_REFUSED}}},
    {.detail = "refused or unknown, though it was opened",
     .parts = {{.type = INTRUDER_OPENED}, {.type = INTRUDER_ENDED, .position = 4}}},
    {.detail = "ENDED in a way that there is not", .parts = {{.type = INTRUDER_ENDED, .position = 255}}},
};

static void expect_closed(struct hostile *hostile, struct intruder *link, size_t mark, const char *detail) {
    char text[1024];
    ck_assert_msg(intruder_is_closed(link, text, sizeof text, ASK_MS), "%s: its link stays open", detail);
    process_await(hostile->server.server.process, mark, ASK_MS, "agent mallory", "data link closed", detail, NULL);
}

static void violate(struct hostile *hostile, const struct violation *violation) {
    static struct intruder_frames frames;
    struct prey prey = prey_new(hostile);
    bool by_another = violation->thread > 0 || violation->is_exclusive;
    struct intruder *link = by_another ? attacked_server_data_link(&hostile->server, &hostile->session,
                                                                   violation->thread, violation->is_exclusive)
                                       : prey.link;
    size_t mark = process_mark(hostile->server.server.process);
    for (size_t i = 0; i < 3 && violation->parts[i].type; i++)
        intruder_add_part(&frames, &violation->parts[i], prey.stream);
    ck_assert(intruder_send_frames(link, &frames));
    expect_closed(hostile, link, mark, violation->detail);
    if (by_another)
        intruder_free(link);
    prey_end(&prey);
}

static void violate_all(struct attacked_server *attacked_server, void *context) {
    struct hostile *hostile = context;
    (void)attacked_server;
    join(hostile);
    for (size_t i = 0; i < sizeof violations / sizeof *violations; i++) {
        violate(hostile, &violations[i]);
        ck_assert(socket_converse(hostile->other, "still here", AT_ONCE_MS));
    }
    leave(hostile);
}

START_TEST(a_broken_rule_of_streams_closes_the_link_and_is_logged) {
    struct hostile hostile = hostile_start(__func__);
    hostile_attack(&hostile, violate_all);
}
END_TEST

/* The client does not read: what the agent sends may fill the window, and no more. */
static void overrun(struct attacked_server *attacked_server, void *context) {
    enum { MOST = 64 << 20 };
    static struct intruder_frames frames;
    static const uint8_t data[16376];
    struct hostile *hostile = context;
    (void)attacked_server;
    join(hostile);
    struct prey prey = prey_new(hostile);
    size_t mark = process_mark(hostile->server.server.process), pushed = 0;
    intruder_add(&frames, INTRUDER_OPENED, prey.stream, NULL, 0);
    do
        intruder_add(&frames, INTRUDER_DATA, prey.stream, data, sizeof data);
    while (intruder_send_frames(prey.link, &frames) && (pushed += sizeof data) < MOST);
    ck_assert_uint_lt(pushed, MOST);
    expect_closed(hostile, prey.link, mark, "more than the window");
    prey_end(&prey);
    leave(hostile);
}

START_TEST(more_than_the_window_closes_the_link) {
    struct hostile hostile = hostile_start(__func__);
    hostile_attack(&hostile, overrun);
}
END_TEST

/* ---- floods ---- */

#define UNREAD "does not read"

enum { FLOOD = 2 << 20, FLOOD_CLOSED = 64 << 20, LOOK_EACH = 16 };

static void add_acks(struct intruder_frames *frames, uint32_t stream, uint32_t *count) {
    (void)count;
    intruder_add_ack(frames, stream, 0);
}

static void add_resumptions(struct intruder_frames *frames, uint32_t stream, uint32_t *count) {
    intruder_add_epoch(frames, INTRUDER_RESUME, stream, ++*count, 0);
}

static void add_old_resumptions(struct intruder_frames *frames, uint32_t stream, uint32_t *count) {
    intruder_add_epoch(frames, INTRUDER_RESUME, stream > 1 ? 1 : stream, ++*count, 0);
}

static void add_repeated_moves(struct intruder_frames *frames, uint32_t stream, uint32_t *count) {
    (void)count;
    intruder_add_epoch(frames, INTRUDER_CONTINUE, stream, 0, 0);
}

static void add_single_bytes(struct intruder_frames *frames, uint32_t stream, uint32_t *count) {
    (void)count;
    intruder_add(frames, INTRUDER_DATA, stream, "x", 1);
}

static void add_pings(struct intruder_frames *frames, uint32_t stream, uint32_t *count) {
    (void)stream, (void)count;
    intruder_add(frames, PING, 0, "12345678", 8);
}

static void add_skipped(struct intruder_frames *frames, uint32_t stream, uint32_t *count) {
    (void)count;
    intruder_add(frames, SKIPPED, stream, NULL, 0);
}

static void add_repeated_opened(struct intruder_frames *frames, uint32_t stream, uint32_t *count) {
    (void)count;
    intruder_add(frames, INTRUDER_OPENED, stream, NULL, 0);
}

static const struct flood {
    void (*add)(struct intruder_frames *frames, uint32_t stream, uint32_t *count);
    const char *closed; /* the link is closed for it, with this in the log; NULL: it may go on */
} floods[] = {{add_acks, NULL},    {add_repeated_opened, NULL}, {add_repeated_moves, NULL}, {add_single_bytes, NULL},
              {add_skipped, NULL}, {add_old_resumptions, NULL}, {add_resumptions, UNREAD},  {add_pings, UNREAD}};

/* Reads no answer. The other agent's client is served all the while. */
static void pour(struct hostile *hostile, const struct flood *flood, size_t number) {
    static struct intruder_frames frames;
    struct prey prey = prey_new(hostile);
    size_t poured = 0, most = flood->closed ? FLOOD_CLOSED : FLOOD, mark = process_mark(hostile->server.server.process);
    uint32_t count = 0;
    unsigned turns = 0;
    intruder_add(&frames, INTRUDER_OPENED, prey.stream, NULL, 0);
    do {
        while (frames.length < sizeof frames.bytes - 64)
            flood->add(&frames, prey.stream, &count);
        poured += frames.length;
        if (turns++ % LOOK_EACH == 0)
            ck_assert_msg(socket_converse(hostile->other, "still here", AT_ONCE_MS), "flood %zu delays others", number);
    } while (intruder_send_frames(prey.link, &frames) && poured < most);
    if (flood->closed)
        process_await(hostile->server.server.process, mark, ASK_MS, "agent mallory", "data link closed", flood->closed,
                      NULL);
    prey_end(&prey);
}

static void pour_all(struct attacked_server *attacked_server, void *context) {
    struct hostile *hostile = context;
    (void)attacked_server;
    join(hostile);
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++)
        pour(hostile, &floods[i], i);
    leave(hostile);
}

START_TEST(floods_of_small_frames_cost_little_and_delay_no_other) {
    struct hostile hostile = hostile_start(__func__);
    hostile_attack(&hostile, pour_all);
}
END_TEST

/* ---- clients that are given back at once ---- */

static const struct answer {
    uint8_t type, how;
    const char *text;
} answers[] = {{INTRUDER_RESET, 0, "{}"},
               {INTRUDER_REFUSED, 0, "{\"code\":\"busy\"}"},
               {INTRUDER_REFUSED, 0, "{\"code\":\"unknown_service\"}"},
               {INTRUDER_REFUSED, 0, "{\"code\":\"refused\"}"},
               {INTRUDER_ENDED, 0, NULL},
               {INTRUDER_ENDED, 2, NULL},
               {INTRUDER_ENDED, 3, NULL},
               {INTRUDER_ENDED, 4, NULL}};

/* Answers so until the client has ended. */
static void give_back(struct hostile *hostile, const struct answer *answer) {
    enum { OPENS_MOST = 30 };
    static struct intruder_frames frames;
    struct prey prey = prey_new(hostile);
    unsigned opens = 1;
    do {
        if (answer->text)
            intruder_add(&frames, answer->type, prey.stream, answer->text, strlen(answer->text));
        else
            intruder_add(&frames, answer->type, prey.stream, &answer->how, 1);
        ck_assert(intruder_send_frames(prey.link, &frames));
    } while ((prey.stream = intruder_await(prey.link, INTRUDER_OPEN, AT_ONCE_MS)) && ++opens < 10 * OPENS_MOST);
    ck_assert_msg(opens <= OPENS_MOST, "the client was offered %u times: %u %s", opens, answer->type,
                  answer->text ? answer->text : "");
    ck_assert_int_eq(socket_wait_end(prey.client, ASK_MS), END_RESET);
    prey_end(&prey);
}

static void give_all_back(struct attacked_server *attacked_server, void *context) {
    struct hostile *hostile = context;
    (void)attacked_server;
    join(hostile);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        give_back(hostile, &answers[i]);
    leave(hostile);
}

START_TEST(a_client_that_is_given_back_at_once_is_not_offered_without_end) {
    struct hostile hostile = hostile_start(__func__);
    hostile_attack(&hostile, give_all_back);
}
END_TEST

SCENARIO_MAIN("hostile_agent", SCENARIO(a_broken_rule_of_streams_closes_the_link_and_is_logged, 120),
              SCENARIO(more_than_the_window_closes_the_link, 60),
              SCENARIO(floods_of_small_frames_cost_little_and_delay_no_other, 120),
              SCENARIO(a_client_that_is_given_back_at_once_is_not_offered_without_end, 120))
