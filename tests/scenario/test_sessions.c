/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_sessions: data links that are not what they claim: a forged proof, a used one, one of another session or for
 * another purpose, too many. All are turned away, and the client that waits for a link gets it from its agent.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/proc_stats.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_OF_VICTIM  "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY_OF_MALLORY "2222222222222222222222222222222222222222222222222222222222222222"
#define NO_PENALTY     "'unauthenticated': { 'penalty': 0 },"
#define SERVES_WEB     "'group': 'web', 'pending_timeout': 30,"

enum { WELCOME = 0x02, REJECT = 0x03, DATA = 0x13 };

/* Two more credentials, of groups without a service, with keys that the test knows. */
static void let_in_two(struct attacked_server *attacked_server) {
    static char text[16384];
    const char *path = sandbox_text(attacked_server->sandbox, "%s/agents.json", attacked_server->server.pki);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *list = strchr(text, '[') + 1;
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "%.*s{\"name\":\"victim\",\"keys\":[{\"key\":\"" KEY_OF_VICTIM "\"}],\"groups\":[\"nobody\"]},"
            "{\"name\":\"mallory\",\"keys\":[{\"key\":\"" KEY_OF_MALLORY "\"}],\"groups\":[\"nobody\"]},%s",
            (int)(list - text), text, list);
    ck_assert_int_eq(fclose(file), 0);
}

/* Frees the link: it was let in, or else counted, logged and closed. */
static void greet_as_data(struct attacked_server *attacked_server, struct intruder *link, const char *id,
                          const char *proof, bool let_in) {
    char answer[8192];
    size_t mark = process_mark(attacked_server->server.process);
    unsigned long long refused = attacked_server_count(attacked_server, "greetings_refused");
    int type = attacked_server_hello_data(link, id, proof, 0, false, answer, sizeof answer);
    ck_assert_msg(type == (let_in ? WELCOME : REJECT), "frame %d: %s", type, answer);
    if (!let_in) {
        ck_assert_msg(strstr(answer, "\"session\"") && strstr(answer, "no such session, or wrong proof"), "%s", answer);
        ck_assert(intruder_is_closed(link, answer, sizeof answer, ATTACKED_SERVER_ASK_MS));
        process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "agent mallory", "rejected",
                      "wrong proof", "127.0.0.1:", NULL);
    }
    ck_assert_uint_eq(attacked_server_count(attacked_server, "greetings_refused"), refused + !let_in);
    intruder_free(link);
}

static void forge(struct attacked_server *attacked_server, const char *id, const char *role, const char *key,
                  bool let_in) {
    struct intruder *link = attacked_server_intruder(attacked_server);
    char proof[65];
    intruder_prove(link, role, key, proof);
    greet_as_data(attacked_server, link, id, proof, let_in);
}

/* What was right on one channel is shown on another, and then where it belongs. */
static void replay(struct attacked_server *attacked_server, const struct attacked_session *session) {
    struct intruder *first = attacked_server_intruder(attacked_server),
                    *second = attacked_server_intruder(attacked_server);
    char proof[65];
    intruder_prove(first, PROVE_DATA, session->key, proof);
    greet_as_data(attacked_server, second, session->id, proof, false);
    greet_as_data(attacked_server, first, session->id, proof, true);
    greet_as_data(attacked_server, attacked_server_intruder(attacked_server), session->id, proof,
                  false); /* used, and its own link gone */
}

/* The id of another session is no way into it: a session of one's own is what one gets, instead of `own`. */
static void take_over(struct attacked_server *attacked_server, const struct attacked_session *victim,
                      struct attacked_session *own) {
    char more[128];
    snprintf(more, sizeof more, "\"resume\":\"%s\",", victim->id);
    struct attacked_session thief = attacked_server_join_by_key(attacked_server, "mallory", KEY_OF_MALLORY, more);
    ck_assert_str_ne(thief.id, victim->id);
    ck_assert_str_ne(thief.key, victim->key);
    forge(attacked_server, victim->id, PROVE_DATA, victim->key, true); /* which goes on */
    intruder_free(own->control);
    *own = thief;
}

static void end_session(struct attacked_server *attacked_server, struct attacked_session *session, const char *name) {
    const char *who = sandbox_text(attacked_server->sandbox, "\"agent %s\"", name);
    size_t mark = process_mark(attacked_server->server.process);
    intruder_free(session->control);
    process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, who, "session over", NULL);
}

static void forge_all(struct attacked_server *attacked_server, void *context) {
    (void)context;
    struct attacked_session victim = attacked_server_join_by_key(attacked_server, "victim", KEY_OF_VICTIM, ""),
                            own = attacked_server_join_by_key(attacked_server, "mallory", KEY_OF_MALLORY, "");
    forge(attacked_server, own.id, PROVE_DATA, own.key, true); /* it can be done right */
    forge(attacked_server, "00112233445566778899aabbccddeeff", PROVE_DATA, own.key, false);
    forge(attacked_server, victim.id, PROVE_DATA, own.key, false);
    forge(attacked_server, own.id, PROVE_DATA, KEY_OF_MALLORY, false);
    forge(attacked_server, own.id, PROVE_AGENT, own.key, false);
    forge(attacked_server, own.id, PROVE_SERVER, own.key, false);
    replay(attacked_server, &victim);
    take_over(attacked_server, &victim, &own);
    end_session(attacked_server, &victim, "victim");
    forge(attacked_server, victim.id, PROVE_DATA, victim.key, false);
    end_session(attacked_server, &own, "mallory");
}

START_TEST(a_wrong_proof_of_a_session_opens_no_link) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.agents = NO_PENALTY, .service = SERVES_WEB});
    let_in_two(&attacked_server);
    attacked_server_attack(&attacked_server, forge_all, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

START_TEST(the_client_that_waits_is_not_the_forger_s) {
    struct attacked_server attacked_server = attacked_server_start(
        __func__, (struct attacked_server_plan){.agents = NO_PENALTY, .service = SERVES_WEB, .no_agent = true});
    let_in_two(&attacked_server);
    int client = attacked_server_client(&attacked_server, 1);
    ck_assert(socket_send(client, "hello", 5, ATTACKED_SERVER_ASK_MS));
    ck_assert(HOLDS_WITHIN(ATTACKED_SERVER_ASK_MS, attacked_server_count(&attacked_server, "waiting") == 1));
    forge_all(&attacked_server, NULL);
    ck_assert_uint_eq(attacked_server_count(&attacked_server, "waiting"), 1);
    ck_assert_int_eq(socket_wait_end(client, 100), END_LATE);
    attacked_server_add_agent(&attacked_server);
    char answer[5];
    ck_assert_int_eq(socket_read(client, answer, sizeof answer, NULL, ATTACKED_SERVER_ASK_MS), END_NONE);
    ck_assert_int_eq(memcmp(answer, "hello", sizeof answer), 0);
    close(client);
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- data where none was asked for ---- */

/* A gigabyte would be pushed, if it were taken: how much was until the link was closed. */
static size_t push(struct intruder *link) {
    enum { GIGABYTE = 1 << 30 };
    static char data[16376];
    char answer[100];
    size_t pushed = 0;
    while (pushed < GIGABYTE && intruder_send_frame(link, DATA, sizeof data, data, sizeof data))
        pushed += sizeof data;
    ck_assert(intruder_is_closed(link, answer, sizeof answer, ATTACKED_SERVER_ASK_MS));
    intruder_free(link);
    return pushed;
}

/* The kernel takes what fits into its buffers; the server reads once. */
static void push_a_gigabyte(struct attacked_server *attacked_server, void *context) {
    enum { KERNEL_BYTES = 32 << 20 };
    (void)context;
    unsigned before = proc_stats_memory_kb(process_pid(attacked_server->server.process));
    struct attacked_session session = attacked_server_join_by_key(attacked_server, "mallory", KEY_OF_MALLORY, "");
    size_t mark = process_mark(attacked_server->server.process);
    size_t pushed = push(attacked_server_data_link(attacked_server, &session, 0, false));
    ck_assert_uint_lt(pushed, KERNEL_BYTES);
    process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "agent mallory", "data link closed",
                  "a frame of a stream that was never opened", NULL);
    /* The same before the link was answered, in one go with its greeting. */
    struct intruder *hasty = attacked_server_intruder(attacked_server);
    pushed = push(hasty);
    ck_assert_uint_lt(pushed, KERNEL_BYTES);
    process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "first frame longer than a greeting",
                  NULL);
    unsigned after = proc_stats_memory_kb(process_pid(attacked_server->server.process));
    if (!proc_stats_sanitized())
        ck_assert_uint_le(after, before + before / 20 + 1024); /* at its highest: nothing goes back to the system */
    intruder_free(session.control);
    ck_assert(HOLDS_WITHIN(ATTACKED_SERVER_ASK_MS, attacked_server_count(attacked_server, "agents") == 1));
}

START_TEST(a_gigabyte_for_no_stream_is_closed_after_one_read) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.agents = NO_PENALTY, .service = SERVES_WEB});
    let_in_two(&attacked_server);
    attacked_server_attack(&attacked_server, push_a_gigabyte, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- too many links, or none that there can be ---- */

enum { SHARED_MOST = 4, EXCLUSIVE_MOST = 60, THREAD_MOST = 63 };

static int ask_for_link(struct attacked_server *attacked_server, const struct attacked_session *session,
                        unsigned thread, bool is_exclusive, char *answer, size_t size) {
    struct intruder *link = attacked_server_intruder(attacked_server);
    char proof[65];
    intruder_prove(link, PROVE_DATA, session->key, proof);
    int type = attacked_server_hello_data(link, session->id, proof, thread, is_exclusive, answer, size);
    intruder_free(link);
    return type;
}

static void refuse_link(struct attacked_server *attacked_server, const struct attacked_session *session,
                        unsigned thread, bool is_exclusive, const char *code) {
    char answer[4096];
    ck_assert_int_eq(ask_for_link(attacked_server, session, thread, is_exclusive, answer, sizeof answer), REJECT);
    ck_assert_msg(strstr(answer, code), "%s instead of %s", answer, code);
}

static bool is_let_in(struct attacked_server *attacked_server, const struct attacked_session *session) {
    char answer[4096];
    return ask_for_link(attacked_server, session, 1, true, answer, sizeof answer) == WELCOME;
}

/* A shared link more takes the place of the first, which has been silent for longest. */
static void replace_link(struct attacked_server *attacked_server, const struct attacked_session *session,
                         struct intruder **first, unsigned thread) {
    char rest[256];
    struct intruder *link = attacked_server_data_link(attacked_server, session, thread, false);
    ck_assert(intruder_is_closed(*first, rest, sizeof rest, ATTACKED_SERVER_ASK_MS));
    intruder_free(*first);
    *first = link;
}

static void take_all_links(struct attacked_server *attacked_server, void *context) {
    struct intruder *links[2 * SHARED_MOST + EXCLUSIVE_MOST];
    struct attacked_session session = attacked_server_join_by_key(attacked_server, "mallory", KEY_OF_MALLORY, "");
    (void)context;
    for (unsigned i = 0; i < 2 * SHARED_MOST; i++)
        links[i] = attacked_server_data_link(attacked_server, &session, i % 2, false);
    for (unsigned i = 2 * SHARED_MOST; i < sizeof links / sizeof *links; i++)
        links[i] = attacked_server_data_link(attacked_server, &session, 1, true);
    for (unsigned i = 0; i < 2 * SHARED_MOST; i++)
        replace_link(attacked_server, &session, &links[i], i % 2);
    refuse_link(attacked_server, &session, 1, true, "\"busy\"");
    refuse_link(attacked_server, &session, SERVER_THREADS, false, "\"session\"");
    refuse_link(attacked_server, &session, THREAD_MOST, true, "\"session\"");
    refuse_link(attacked_server, &session, THREAD_MOST + 1, false, "\"malformed\"");
    size_t last = sizeof links / sizeof *links - 1;
    intruder_free(links[last]);
    ck_assert(HOLDS_WITHIN(ATTACKED_SERVER_ASK_MS, is_let_in(attacked_server, &session)));
    ck_assert(socket_echoes(attacked_server->port, ATTACKED_SERVER_ASK_MS));
    for (size_t i = 0; i < last; i++)
        intruder_free(links[i]);
    end_session(attacked_server, &session, "mallory");
}

START_TEST(a_session_has_no_more_links_than_its_share) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.agents = NO_PENALTY, .service = SERVES_WEB});
    let_in_two(&attacked_server);
    attacked_server_attack(&attacked_server, take_all_links, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

/* ---- groups ---- */

static void claim_groups(struct attacked_server *attacked_server, void *context) {
    static const char *const groups[] = {"web", "WEB", "nobody2", "nobod"};
    (void)context;
    int client = attacked_server_client(attacked_server, 1);
    ck_assert(socket_converse(client, "hello", ATTACKED_SERVER_ASK_MS));
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct intruder *control = attacked_server_intruder(attacked_server);
        char proof[65], more[256], answer[8192];
        size_t mark = process_mark(attacked_server->server.process);
        intruder_prove(control, PROVE_AGENT, KEY_OF_MALLORY, proof);
        snprintf(more, sizeof more, "\"credential\":\"mallory\",\"proof\":\"%s\",\"group\":\"%s\",", proof, groups[i]);
        ck_assert_int_eq(attacked_server_hello(control, "control", "mallory", more, answer, sizeof answer), REJECT);
        ck_assert_msg(strstr(answer, "\"group\"") && strstr(answer, "does not carry the group"), "%s", answer);
        ck_assert(intruder_is_closed(control, answer, sizeof answer, ATTACKED_SERVER_ASK_MS));
        process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "agent mallory",
                      "does not carry the group", NULL);
        intruder_free(control);
    }
    ck_assert_uint_eq(attacked_server_count(attacked_server, "agents"), 1);
    ck_assert(socket_converse(client, "still here", ATTACKED_SERVER_ASK_MS));
    close(client);
}

START_TEST(a_group_that_the_credential_lacks_is_refused_before_any_client) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.agents = NO_PENALTY, .service = SERVES_WEB});
    let_in_two(&attacked_server);
    attacked_server_attack(&attacked_server, claim_groups, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

SCENARIO_MAIN("sessions", SCENARIO(a_wrong_proof_of_a_session_opens_no_link, 60),
              SCENARIO(the_client_that_waits_is_not_the_forger_s, 60),
              SCENARIO(a_gigabyte_for_no_stream_is_closed_after_one_read, 60),
              SCENARIO(a_session_has_no_more_links_than_its_share, 60),
              SCENARIO(a_group_that_the_credential_lacks_is_refused_before_any_client, 60))
