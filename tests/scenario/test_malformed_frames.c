/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_malformed_frames: malformed frames inside TLS, before and after HELLO: answered or closed, and never
 * with an effect on other connections. Data on an idle link closes it at the first bytes.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

enum { HELLO = 0x01, WELCOME = 0x02, REJECT = 0x03, CONTROL = 0x04, PING = 0x05, DATA = 0x13, SOON_MS = 3000 };

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

/* A data link of the intruder's own session, idle. */
static struct intruder *data_link(struct attacked_server *attacked_server, const char *welcome) {
    char session[64], key[128], proof[65], more[256], answer[8192];
    text_in(welcome, "session", session, sizeof session);
    text_in(welcome, "session_key", key, sizeof key);
    struct intruder *link = attacked_server_intruder(attacked_server);
    intruder_prove(link, PROVE_DATA, key, proof);
    snprintf(more, sizeof more, "\"session\":\"%s\",\"proof\":\"%s\",", session, proof);
    int type = attacked_server_hello(link, "data", "mallory", more, answer, sizeof answer);
    ck_assert_msg(type == WELCOME, "frame %d instead of WELCOME: %s", type, answer);
    return link;
}

static void push_on_idle_links(struct attacked_server *attacked_server, void *context) {
    (void)context;
    static char data[16376];
    static const struct {
        uint8_t type;
        uint32_t size;
    } wrongs[] = {{DATA, sizeof data}, {DATA, 1}, {CONTROL, 100}, {HELLO, 100}, {0x30, 4}, {PING, 9}};
    char welcome[8192], answer[100];
    struct intruder *control = welcomed(attacked_server, "mallory", welcome, sizeof welcome);
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        struct intruder *link = data_link(attacked_server, welcome);
        for (int pushed = 0; pushed < 1000; pushed++) /* 16 MiB of it, if it is let */
            if (!intruder_send_frame(link, wrongs[i].type, wrongs[i].size, data, wrongs[i].size))
                break;
        ck_assert_msg(intruder_is_closed(link, answer, sizeof answer, SOON_MS), "wrong frame %zu is taken", i);
        intruder_free(link);
    }
    /* A proof is worth nothing on another channel, nor in another session. */
    struct intruder *link = attacked_server_intruder(attacked_server);
    char session[64], more[256];
    text_in(welcome, "session", session, sizeof session);
    snprintf(more, sizeof more, "\"session\":\"%s\",\"proof\":\"" ZEROS "\",", session);
    ck_assert_int_eq(attacked_server_hello(link, "data", "mallory", more, welcome, sizeof welcome), REJECT);
    intruder_free(link);
    intruder_free(control);
}

START_TEST(data_on_an_idle_link_closes_it) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.open = true});
    attacked_server_attack(&attacked_server, push_on_idle_links, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

SCENARIO_MAIN("malformed_frames", SCENARIO(malformed_frames_before_hello_are_refused, 60),
              SCENARIO(malformed_messages_on_a_control_link_are_answered_until_it_is_closed, 60),
              SCENARIO(data_on_an_idle_link_closes_it, 60))
