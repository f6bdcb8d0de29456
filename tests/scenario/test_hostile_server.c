/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_hostile_server: a server that an agent has let itself be led to, and that breaks the rules of streams: its data
 * link is closed, with the rule in the log; or it floods the agent: what that costs is bounded, and the clients of the
 * agent's other server do not notice, on the same thread.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/live_relay.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SESSION     "0123456789abcdef0123456789abcdef"
#define SESSION_KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

enum { HELLO = 0x01, WELCOME, REJECT, CONTROL, PING, PONG, ASK_MS = ATTACKED_SERVER_ASK_MS, AT_ONCE_MS = 1000 };
enum { ECHO = 1, HOLD, DEAF, SESSIONS, UNKNOWN, LINK_MS = 15000, REST_MS = 20000 };

#define PART(name, ...)                                                                                                \
    { .type = INTRUDER_##name, ##__VA_ARGS__ }
#define OPEN(service, ...)                                                                                             \
    { .type = INTRUDER_OPEN, .position = (service), ##__VA_ARGS__ }

struct hostile {
    struct attacked_server good; /* the agent's other server */
    struct destination *hold;    /* reads nothing */
    int deaf[2];                 /* a listener that never answers, and a connection that fills it */
    uint16_t deaf_port;
    int listener, client; /* client: of the good server's */
    struct process *agent;
    struct intruder *control, *link;
    uint32_t next; /* stream */
    struct usage before;
};

static struct intruder *take_link(struct hostile *hostile) {
    const struct server *server = &hostile->good.server;
    struct intruder *link = intruder_accept(hostile->listener, server_pki_file(server, "server.pem"),
                                            server_pki_file(server, "server.key"), LINK_MS);
    ck_assert_ptr_nonnull(link);
    return link;
}

static void expect_frame(struct intruder *link, int wanted, const char *word) {
    char text[8192];
    int type;
    do
        type = intruder_read_frame(link, text, sizeof text, ASK_MS);
    while (type >= 0 && !(type == wanted && strstr(text, word)));
    ck_assert_msg(type == wanted, "frame %d instead of %d with %s", type, wanted, word);
}

static void send_text(struct intruder *link, uint8_t type, const char *text) {
    ck_assert(intruder_send_frame(link, type, (uint32_t)strlen(text), text, strlen(text)));
}

static struct intruder *take_data_link(struct hostile *hostile, const char *word) {
    struct intruder *link = take_link(hostile);
    char proof[65], text[128];
    expect_frame(link, HELLO, word);
    intruder_prove(link, PROVE_DATA_SERVER, SESSION_KEY, proof);
    snprintf(text, sizeof text, "{\"proof\":\"%s\"}", proof);
    send_text(link, WELCOME, text);
    return link;
}

static void lead_agent(struct hostile *hostile) {
    hostile->control = take_link(hostile);
    expect_frame(hostile->control, HELLO, "\"control\"");
    send_text(hostile->control, WELCOME,
              "{\"session\":\"" SESSION "\",\"session_key\":\"" SESSION_KEY "\",\"server\":\"" SESSION
              "\",\"threads\":1,\"resume\":2,\"features\":[\"services\"]}");
    send_text(hostile->control, CONTROL,
              sandbox_text(hostile->good.sandbox,
                           "{\"op\":\"services\",\"version\":1,\"add\":["
                           "{\"id\":%d,\"name\":\"echo\",\"to\":[\"127.0.0.1:%u\"]},"
                           "{\"id\":%d,\"name\":\"hold\",\"to\":[\"127.0.0.1:%u\"]},"
                           "{\"id\":%d,\"name\":\"deaf\",\"to\":[\"127.0.0.1:%u\"]},"
                           "{\"id\":%d,\"name\":\"sessions\",\"protocol\":\"udp\",\"to\":[\"127.0.0.1:%u\"]}]}",
                           ECHO, destination_port(hostile->good.echo), HOLD, destination_port(hostile->hold), DEAF,
                           hostile->deaf_port, SESSIONS, hostile->deaf_port));
    expect_frame(hostile->control, CONTROL, "services_ack");
    hostile->link = take_data_link(hostile, SESSION);
}

static struct hostile hostile_start(const char *name) {
    struct hostile hostile = {.good = attacked_server_start(name, (struct attacked_server_plan){.open = true,
                                                                                                .no_agent = true}),
                              .hold = destination_start(NULL, NULL),
                              .listener = socket_listen("127.0.0.1", 0, 64),
                              .next = 1};
    hostile.deaf[0] = destination_full(&hostile.deaf_port, &hostile.deaf[1]);
    struct server *server = &hostile.good.server;
    struct sandbox *sandbox = hostile.good.sandbox;
    hostile.agent =
        sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "-v", "--log-format", "json", "--name",
                    "alpha", "--threads", "1", "--ca", server_pki_file(server, "ca.pem"),
                    sandbox_text(sandbox, "127.0.0.1:%u,127.0.0.1:%u", server->port, socket_port(hostile.listener)),
                    NULL);
    hostile.good.agent = hostile.agent;
    lead_agent(&hostile);
    agent_await(server, 0, "alpha", JOIN_MS);
    agent_await_warm(server, hostile.agent);
    hostile.good.baseline = usage_of(server->process);
    hostile.client = socket_client(hostile.good.port);
    ck_assert(socket_converse(hostile.client, "before", ASK_MS));
    hostile.before = usage_of(hostile.agent);
    return hostile;
}

/* The server goes away, and all that the agent had of it. */
static void hostile_end(struct hostile *hostile) {
    intruder_free(hostile->link);
    intruder_free(hostile->control);
    close(hostile->listener);
    ck_assert(socket_converse(hostile->client, "after", AT_ONCE_MS));
    hostile->before.extra_heap = 3 << 20; /* tables that have grown, and what datagrams are read into */
    usage_await(hostile->agent, &hostile->before, REST_MS);
    close(hostile->client);
    attacked_server_end(&hostile->good);
    destination_free(hostile->hold);
    close(hostile->deaf[0]);
    close(hostile->deaf[1]);
}

/* ---- frames that may not be ---- */

static const struct violation {
    const char *detail;
    struct intruder_part parts[3];
} violations[] = {
    {.detail = "OPEN twice", .parts = {OPEN(ECHO), OPEN(ECHO)}},
    {.detail = "OPEN has unknown flags", .parts = {OPEN(ECHO, .epoch = 0x0200)}},
    {.detail = "OPEN far out of order", .parts = {OPEN(ECHO, .higher = 0x40000000)}},
    {.detail = "OPENED from the server", .parts = {OPEN(ECHO), PART(OPENED)}},
    {.detail = "a frame of a stream that was never opened", .parts = {PART(DATA, .size = 1)}},
    {.detail = "a frame of a stream that was never opened", .parts = {PART(ACK, .higher = 0x7fffffff)}},
    {.detail = "ACK of what was not sent", .parts = {OPEN(HOLD), PART(ACK, .position = 1)}},
    {.detail = "DATA or FIN behind FIN", .parts = {OPEN(HOLD), PART(FIN), PART(DATA, .size = 1)}},
    {.detail = "CONTINUE of a resumption that was not asked for", .parts = {OPEN(HOLD), PART(CONTINUE, .epoch = 1)}},
    {.detail = "CONTINUE on a shared link ahead of what it follows",
     .parts = {OPEN(HOLD), PART(CONTINUE, .position = 1)}},
    {.detail = "CONTINUE before what was taken",
     .parts = {OPEN(HOLD), PART(DATA, .size = 10), PART(CONTINUE, .position = 9)}},
    {.detail = "CONTINUE beyond the window", .parts = {OPEN(HOLD), PART(CONTINUE, .position = UINT64_MAX)}},
    {.detail = "RESUME twice", .parts = {OPEN(HOLD), PART(RESUME)}},
    {.detail = "RESUME from where there is nothing", .parts = {OPEN(HOLD), PART(RESUME, .epoch = 1, .position = 6)}},
    {.detail = "refused or unknown, though it was opened", .parts = {OPEN(HOLD), PART(ENDED, .position = 4)}},
    {.detail = "ENDED whole, but not here", .parts = {OPEN(HOLD), PART(ENDED, .position = 1)}},
    {.detail = "ENDED in a way that there is not", .parts = {OPEN(HOLD), PART(ENDED, .position = 5)}},
    {.detail = "DATAGRAM on a stream of bytes", .parts = {OPEN(HOLD), PART(DATAGRAM, .size = 10)}},
    {.detail = "DATA or FIN on a stream of datagrams", .parts = {OPEN(SESSIONS), PART(DATA, .size = 1)}},
    {.detail = "DATA or FIN on a stream of datagrams", .parts = {OPEN(SESSIONS), PART(DATAGRAM), PART(FIN)}},
    {.detail = "ACK of what was not sent", .parts = {OPEN(SESSIONS), PART(ACK, .position = 1)}},
    {.detail = "a frame of a stream that was never opened", .parts = {PART(DATAGRAM, .size = 65507)}},
    {.detail = "malformed frame: DATAGRAM of 65508 bytes", .parts = {PART(DATAGRAM, .size = 65508)}},
};

/* Closed by the agent, which logs why and dials another one. */
static void expect_closed(struct hostile *hostile, size_t mark, const char *detail) {
    char text[1024];
    ck_assert_msg(intruder_is_closed(hostile->link, text, sizeof text, ASK_MS), "%s: the link stays open", detail);
    process_await(hostile->agent, mark, ASK_MS, detail, NULL);
    intruder_free(hostile->link);
    hostile->link = take_data_link(hostile, SESSION);
}

START_TEST(a_broken_rule_of_streams_closes_the_link_and_is_logged) {
    static struct intruder_frames frames;
    struct hostile hostile = hostile_start(__func__);
    for (size_t i = 0; i < sizeof violations / sizeof *violations; i++) {
        size_t mark = process_mark(hostile.agent);
        for (size_t part = 0; part < 3 && violations[i].parts[part].type; part++)
            intruder_add_part(&frames, &violations[i].parts[part], hostile.next);
        hostile.next += 2;
        (void)intruder_send_frames(hostile.link, &frames); /* a wrong header may close it before its payload has left */
        expect_closed(&hostile, mark, violations[i].detail);
        ck_assert(socket_converse(hostile.client, "still here", AT_ONCE_MS));
    }
    hostile_end(&hostile);
}
END_TEST

/* Only shared links bring streams; and the destination does not read, so that a window fits, and no more. */
START_TEST(an_exclusive_link_opens_nothing_and_the_window_holds) {
    enum { MOST = 64 << 20 };
    static struct intruder_frames frames;
    const struct intruder_part open = OPEN(HOLD), data = PART(DATA, .size = 16376);
    struct hostile hostile = hostile_start(__func__);
    size_t mark = process_mark(hostile.agent), pushed = 0;
    char text[1024];
    send_text(hostile.control, CONTROL, "{\"op\":\"links\",\"count\":1,\"thread\":0,\"exclusive\":true}");
    struct intruder *exclusive = take_data_link(&hostile, "\"exclusive\":true");
    intruder_add_part(&frames, &open, hostile.next++);
    ck_assert(intruder_send_frames(exclusive, &frames));
    ck_assert(intruder_is_closed(exclusive, text, sizeof text, ASK_MS));
    process_await(hostile.agent, mark, ASK_MS, "OPEN on an exclusive link", NULL);
    intruder_free(exclusive);
    intruder_add_part(&frames, &open, hostile.next);
    do
        intruder_add_part(&frames, &data, hostile.next);
    while (intruder_send_frames(hostile.link, &frames) && (pushed += data.size) < MOST);
    ck_assert_uint_lt(pushed, MOST);
    expect_closed(&hostile, mark, "more than the window");
    hostile_end(&hostile);
}
END_TEST

/* It answers that it has never seen OPEN, and an OPEN that comes then opens nothing: its client may be elsewhere. */
START_TEST(a_stream_that_was_disowned_is_not_opened_later) {
    static struct intruder_frames frames;
    const struct intruder_part resume = PART(RESUME, .epoch = 1), open = OPEN(ECHO);
    struct hostile hostile = hostile_start(__func__);
    unsigned served = destination_connections(hostile.good.echo);
    intruder_add_part(&frames, &resume, 1);
    ck_assert(intruder_send_frames(hostile.link, &frames));
    ck_assert_uint_eq(intruder_await(hostile.link, INTRUDER_ENDED, ASK_MS), 1);
    intruder_add_part(&frames, &open, 1);
    intruder_add_part(&frames, &open, 2);
    ck_assert(intruder_send_frames(hostile.link, &frames));
    ck_assert_uint_eq(intruder_await(hostile.link, INTRUDER_OPENED, ASK_MS), 2);
    ck_assert(HOLDS_WITHIN(ASK_MS, destination_connections(hostile.good.echo) > served)); /* connected, then accepted */
    ck_assert_uint_eq(destination_connections(hostile.good.echo), served + 1);
    hostile_end(&hostile);
}
END_TEST

/* ---- floods ---- */

enum { STREAMS = 20000, FLOOD = 4 << 20, FLOOD_CLOSED = 64 << 20, LOOK_EACH = 16 };

static void add_rapid_resets(struct intruder_frames *frames, uint32_t *next) {
    const struct intruder_part open = OPEN(DEAF), reset = PART(RESET);
    intruder_add_part(frames, &open, *next);
    intruder_add_part(frames, &reset, (*next)++);
}

static void add_resets_of_others(struct intruder_frames *frames, uint32_t *next) {
    const struct intruder_part reset = PART(RESET);
    intruder_add_part(frames, &reset, (*next)++);
}

static void add_unknown_services(struct intruder_frames *frames, uint32_t *next) {
    const struct intruder_part open = OPEN(UNKNOWN);
    intruder_add_part(frames, &open, (*next)++);
}

static void add_disowned(struct intruder_frames *frames, uint32_t *next) {
    const struct intruder_part resume = PART(RESUME, .epoch = 1);
    intruder_add_part(frames, &resume, (*next)++);
}

static void add_numbers_with_gaps(struct intruder_frames *frames, uint32_t *next) {
    const struct intruder_part reset = PART(RESET);
    intruder_add_part(frames, &reset, *next += 2);
}

static void add_acks(struct intruder_frames *frames, uint32_t *next) {
    intruder_add_ack(frames, *next - 1, 0);
}

static void add_single_bytes(struct intruder_frames *frames, uint32_t *next) {
    intruder_add(frames, INTRUDER_DATA, *next - 1, "x", 1);
}

static void add_pings(struct intruder_frames *frames, uint32_t *next) {
    (void)next;
    intruder_add(frames, PING, 0, "12345678", 8);
}

static const struct flood {
    void (*add)(struct intruder_frames *frames, uint32_t *next);
    const char *closed; /* the link is closed for it, with this in the log; NULL: it may go on */
    bool is_open;       /* a stream is, to a destination that does not read */
} floods[] = {{.add = add_rapid_resets},
              {.add = add_resets_of_others},
              {.add = add_unknown_services},
              {.add = add_disowned},
              {.add = add_acks, .is_open = true},
              {.add = add_single_bytes, .is_open = true},
              {.add = add_numbers_with_gaps, .closed = "far out of order"},
              {.add = add_pings, .closed = "does not read"}};

/* Answers are read at the end only. */
static void pour(struct hostile *hostile, const struct flood *flood, size_t number) {
    static struct intruder_frames frames;
    size_t poured = 0, most = flood->closed ? FLOOD_CLOSED : FLOOD, mark = process_mark(hostile->agent);
    uint32_t first = hostile->next;
    unsigned turns = 0;
    if (flood->is_open)
        intruder_add_part(&frames, &(const struct intruder_part)OPEN(HOLD), hostile->next++);
    do {
        while (frames.length < sizeof frames.bytes - 128 && hostile->next - first < STREAMS * (flood->closed ? 2 : 1))
            flood->add(&frames, &hostile->next);
        poured += frames.length;
        if (turns++ % LOOK_EACH == 0)
            ck_assert_msg(socket_converse(hostile->client, "still here", AT_ONCE_MS), "flood %zu delays others",
                          number);
    } while (frames.length > 0 && intruder_send_frames(hostile->link, &frames) && poured < most);
    printf("# flood %zu: %zu KiB\n", number, poured / 1024);
    if (flood->closed)
        expect_closed(hostile, mark, flood->closed);
}

START_TEST(floods_of_small_frames_and_short_streams_cost_little_and_delay_no_other) {
    struct hostile hostile = hostile_start(__func__);
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++)
        pour(&hostile, &floods[i], i);
    hostile_end(&hostile);
}
END_TEST

SCENARIO_MAIN("hostile_server", SCENARIO(a_broken_rule_of_streams_closes_the_link_and_is_logged, 180),
              SCENARIO(an_exclusive_link_opens_nothing_and_the_window_holds, 60),
              SCENARIO(a_stream_that_was_disowned_is_not_opened_later, 60),
              SCENARIO(floods_of_small_frames_and_short_streams_cost_little_and_delay_no_other, 120))
