/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_malformed_frames: malformed frames inside TLS, before and after HELLO: answered or closed, and never
 * with an effect on other connections. On a data link they close it at the first one.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELLO = 0x01, WELCOME = 0x02, CONTROL = 0x04, PING = 0x05, DATA = 0x13, DATAGRAM = 0x1b, SOON_MS = 3000 };

static char deep[4000];

/* Texts with NULs have their length; all are sent as HELLO, and as CONTROL. */
static const struct malformed_frame {
    const char *text;
    size_t length;
} malformed_frames[] = {
#define MALFORMED(text)                                                                                                \
    { text, sizeof(text) - 1 }
    MALFORMED(""),
    MALFORMED("\0"),
    MALFORMED("{}"),
    MALFORMED("[]"),
    MALFORMED("null"),
    MALFORMED("{\"op\":\"bye\",\"op\":\"bye\"}"),
    MALFORMED("{\"protocol\":2,\"protocol\":2,\"kind\":\"control\",\"name\":\"m\"}"),
    MALFORMED("{\"protocol\":2}\0{\"more\":1}"),
    MALFORMED("{\"protocol\":1e400,\"op\":1e400}"),
    MALFORMED("{\"protocol\":-1,\"op\":-1}"),
    MALFORMED("{\"protocol\":99999999999999999999999,\"op\":0}"),
    MALFORMED("{\"protocol\":2.0,\"kind\":{},\"op\":{}}"),
    MALFORMED("{\"protocol\":\"2\",\"kind\":7,\"name\":[],\"op\":[]}"),
    MALFORMED("{\"protocol\":2,\"kind\":\"control\",\"name\":\"\xff\xfe\",\"op\":\"\xc3(\"}"),
    MALFORMED("{\"protocol\":2,\"kind\":\"control\",\"name\":\"a\\u0000b\",\"op\":\"bye\\u0000\"}"),
    MALFORMED("{\"op\":\"links\",\"count\":-5,\"kind\":\"control\"}"),
    {deep, sizeof deep},
};
enum { MALFORMED_FRAMES = sizeof malformed_frames / sizeof *malformed_frames };

static void greet_with_malformed_frames(struct attacked_server *attacked_server, void *context) {
    (void)context;
    char answer[8192];
    for (size_t i = 0; i < MALFORMED_FRAMES; i++) {
        size_t mark = process_mark(attacked_server->server.process);
        struct intruder *intruder = attacked_server_intruder(attacked_server);
        intruder_send_frame(intruder, HELLO, (uint32_t)malformed_frames[i].length, malformed_frames[i].text,
                            malformed_frames[i].length); /* it may be closed by its header */
        ck_assert_msg(intruder_is_closed(intruder, answer, sizeof answer, SOON_MS), "malformed_frame %zu is borne", i);
        intruder_free(intruder);
        if (i == 0) /* later ones may be left out */
            process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "\"warning\"",
                          "127.0.0.1:", NULL);
    }
}

START_TEST(malformed_frames_before_hello_are_refused) {
    memset(deep, '[', sizeof deep);
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    attacked_server_attack(&attacked_server, greet_with_malformed_frames, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

static struct intruder *welcomed(struct attacked_server *attacked_server, const char *name, char *welcome,
                                 size_t size) {
    struct intruder *intruder = attacked_server_intruder(attacked_server);
    int type = attacked_server_hello(intruder, "control", name, "\"group\":\"nobody\",", welcome, size);
    ck_assert_msg(type == WELCOME, "frame %d instead of WELCOME: %s", type, welcome);
    return intruder;
}

static void send_malformed_frames(struct attacked_server *attacked_server, void *context) {
    (void)context;
    char answer[8192];
    struct intruder *intruder = welcomed(attacked_server, "mallory", answer, sizeof answer);
    size_t mark = process_mark(attacked_server->server.process);
    for (size_t i = 2; i < MALFORMED_FRAMES;
         i++) { /* what is shorter than "{}" is a malformed frame, and ends the link */
        ck_assert(intruder_send_frame(intruder, CONTROL, (uint32_t)malformed_frames[i].length, malformed_frames[i].text,
                                      malformed_frames[i].length));
        int type;
        do
            type = intruder_read_frame(intruder, answer, sizeof answer, ATTACKED_SERVER_ASK_MS);
        while (type >= 0 && !(type == CONTROL && strstr(answer, "\"error\"")));
        ck_assert_msg(type == CONTROL, "malformed_frame %zu is not answered by an error", i);
    }
    process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "agent mallory",
                  "malformed control message", NULL);
    /* Not understood for ever: sent away. */
    for (int i = 0; i < 300 && intruder_send_frame(intruder, CONTROL, 2, "[]", 2); i++)
        ;
    process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "agent mallory", "disconnected", NULL);
    ck_assert_uint_le(process_count(attacked_server->server.process, mark, "malformed control message", NULL), 10);
    intruder_free(intruder);
    /* A hundred thousand tiny frames cost no more than their second. */
    intruder = welcomed(attacked_server, "eve", answer, sizeof answer);
    static const uint8_t ping[16] = {PING, 0, 0, 8};
    static uint8_t pings[sizeof ping * 1000];
    for (size_t i = 0; i < sizeof pings; i += sizeof ping)
        memcpy(pings + i, ping, sizeof ping);
    for (int i = 0; i < 100 && intruder_send(intruder, pings, sizeof pings); i++)
        ;
    process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "agent eve", "too many frames", NULL);
    intruder_free(intruder);
}

START_TEST(malformed_messages_on_a_control_link_are_answered_until_it_is_closed) {
    memset(deep, '[', sizeof deep);
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.open = true});
    attacked_server_attack(&attacked_server, send_malformed_frames, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

static void push_for_no_stream(struct attacked_server *attacked_server, void *context) {
    (void)context;
    static char data[65508];
    static const struct {
        uint8_t type;
        uint32_t size;
        bool is_exclusive;
        const char *detail;
    } wrongs[] = {{DATA, 16376, false, "never opened"}, {DATA, 1, true, "never opened"},
                  {CONTROL, 100, false, "CONTROL"},     {HELLO, 100, false, "HELLO"},
                  {0x16, 0, false, "malformed frame"},  {0x30, 4, false, "malformed frame"},
                  {PING, 9, true, "malformed frame"},   {DATAGRAM, 65507, false, "never opened"},
                  {DATAGRAM, 0, false, "never opened"}, {DATAGRAM, 65508, false, "malformed frame"}};
    struct attacked_session session = attacked_server_join(attacked_server, "mallory", "\"group\":\"nobody\",");
    char answer[100];
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        size_t mark = process_mark(attacked_server->server.process);
        struct intruder *link = attacked_server_data_link(attacked_server, &session, 1, wrongs[i].is_exclusive);
        for (int pushed = 0; pushed < 1000; pushed++) /* 16 MiB of it, if it is let */
            if (!intruder_send_frame(link, wrongs[i].type, wrongs[i].size, data, wrongs[i].size))
                break;
        ck_assert_msg(intruder_is_closed(link, answer, sizeof answer, SOON_MS), "wrong frame %zu is taken", i);
        intruder_free(link);
        process_await(attacked_server->server.process, mark, SOON_MS, "agent mallory", "data link closed",
                      wrongs[i].detail, NULL);
    }
    intruder_free(session.control);
}

START_TEST(frames_of_no_stream_close_a_data_link) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.open = true});
    attacked_server_attack(&attacked_server, push_for_no_stream, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

SCENARIO_MAIN("malformed_frames", SCENARIO(malformed_frames_before_hello_are_refused, 60),
              SCENARIO(malformed_messages_on_a_control_link_are_answered_until_it_is_closed, 60),
              SCENARIO(frames_of_no_stream_close_a_data_link, 60))
