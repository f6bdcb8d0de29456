/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_regressions: former faults of the data plane, each as its users met it.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 5000, AT_ONCE_MS = 1000, FLOOD_MS = 3000, UPDATES = 100000, ANSWER = 5000 * 1000 };

/* ---- key updates without end ---- */

struct flood {
    uint16_t port;
    pthread_t thread;
    char *bytes;
    size_t length;
    int fd;
};

static SSL *shake_hands(int fd) {
    static const unsigned char alpn[] = "\x08munnel/2";
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    ck_assert_ptr_nonnull(context);
    SSL_CTX_set_alpn_protos(context, alpn, sizeof alpn - 1);
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context); /* the SSL holds it */
    SSL_set_fd(ssl, fd);
    ck_assert_int_eq(SSL_connect(ssl), 1);
    return ssl;
}

/* Writes them to memory first: the peer then has more to send than the server can read in the time. */
static void flood_prepare(struct flood *flood, uint16_t port) {
    flood->fd = socket_client(port);
    SSL *ssl = shake_hands(flood->fd);
    BIO *memory = BIO_new(BIO_s_mem());
    SSL_set0_wbio(ssl, memory);
    for (int i = 0; i < UPDATES; i++) {
        ck_assert_int_eq(SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        ck_assert_int_eq(SSL_do_handshake(ssl), 1);
    }
    char *bytes;
    flood->length = (size_t)BIO_get_mem_data(memory, &bytes);
    flood->bytes = malloc(flood->length);
    ck_assert_ptr_nonnull(flood->bytes);
    memcpy(flood->bytes, bytes, flood->length);
    SSL_free(ssl);
}

static void *flood_send(void *context) {
    struct flood *flood = context;
    socket_send(flood->fd, flood->bytes, flood->length, FLOOD_MS); /* it may be turned away before it is through */
    return NULL;
}

START_TEST(key_updates_without_end_do_not_hold_the_thread) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple = simple_start(__func__, destination_port(echo), NULL, "'threads': 1,");
    struct flood flood;
    int client = socket_client(simple.port);
    ck_assert(socket_converse(client, "before", ASK_MS));
    flood_prepare(&flood, simple.server.port);
    ck_assert_int_eq(pthread_create(&flood.thread, NULL, flood_send, &flood), 0);
    uint64_t over = now_ms() + FLOOD_MS;
    do
        ck_assert_msg(socket_converse(client, "still there?", AT_ONCE_MS), "an unauthenticated peer holds the thread");
    while (now_ms() < over);
    pthread_join(flood.thread, NULL);
    free(flood.bytes);
    close(flood.fd);
    close(client);
    sandbox_free(simple.sandbox);
    destination_free(echo);
}
END_TEST

/* ---- a relay ends while its reader stands still ---- */

/* The first connection reads nothing and is reset when the test wants it; the next ones echo. */
static void handle_reset_first(struct connection *connection) {
    const struct linger linger = {.l_onoff = 1};
    if (connection->number > 0) {
        handle_echo(connection);
        return;
    }
    HOLDS_WITHIN(CONNECTION_MS, *(atomic_bool *)connection->context);
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static void send_until_stuck(int fd) {
    static char part[65536];
    while (socket_send(fd, part, sizeof part, 1000)) {
    }
}

static bool has_no_relay(struct process *program) {
    struct live live = live_of(program);
    return live.relays == 0 && live.unconfirmed == 0;
}

/* By the one link there is: its other streams must neither wait, nor be lost with the one that is stuck. */
START_TEST(a_link_with_a_stuck_relay_serves_the_next_client_at_once) {
    atomic_bool reset = false;
    struct destination *destination = destination_start(handle_reset_first, &reset);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, "'threads': 1,");
    int first = socket_client(simple.port);
    send_until_stuck(first);
    unsigned long long links = live_of(simple.server.process).links;
    ck_assert(socket_echoes(simple.port, AT_ONCE_MS));
    reset = true;
    ck_assert_int_eq(socket_wait_end(first, ASK_MS), END_RESET);
    close(first);
    ck_assert(socket_echoes(simple.port, AT_ONCE_MS));
    ck_assert_uint_eq(live_of(simple.server.process).links, links);
    ck_assert(HOLDS_WITHIN(ASK_MS, has_no_relay(simple.server.process)));
    ck_assert(HOLDS_WITHIN(ASK_MS, has_no_relay(simple.agent)));
    sandbox_free(simple.sandbox);
    destination_free(destination);
}
END_TEST

/* ---- urgent data ---- */

START_TEST(urgent_data_stays_in_the_stream) {
    static const char whole[] = "abcXdef";
    struct destination *sink = destination_start(handle_sink, NULL);
    struct simple simple = simple_start(__func__, destination_port(sink), NULL, NULL);
    struct tally *tally = tally_new();
    struct tally_result wanted;
    int client = socket_client(simple.port);
    destination_await_connections(sink, 1, ASK_MS);
    process_signal(simple.server.process, SIGSTOP); /* so that it finds all of it at once */
    ck_assert(socket_send(client, "abc", 3, ASK_MS));
    ck_assert_int_eq(send(client, "X", 1, MSG_OOB), 1);
    ck_assert(socket_send(client, "def", 3, ASK_MS));
    socket_finish(client);
    process_signal(simple.server.process, SIGCONT);
    destination_await_ended(sink, 1, ASK_MS);
    tally_add(tally, whole, sizeof whole - 1);
    tally_end(tally, &wanted);
    ck_assert_int_eq(destination_connection(sink, 0)->end, END_FILE);
    ck_assert_uint_eq(destination_connection(sink, 0)->received.bytes, wanted.bytes);
    ck_assert(tally_same(&destination_connection(sink, 0)->received, &wanted));
    close(client);
    sandbox_free(simple.sandbox);
    destination_free(sink);
}
END_TEST

/* ---- an agent stops behind a whole answer ---- */

START_TEST(a_whole_answer_is_delivered_to_a_slow_client_although_its_agent_stopped) {
    atomic_ullong answer = ANSWER;
    struct destination *destination = destination_start(handle_answer_at_end, &answer);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    struct tally_result got, wanted;
    int client = socket_client(simple.port), narrow = 65536;
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof narrow);
    ck_assert(socket_send(client, "go", 2, ASK_MS));
    socket_finish(client);
    destination_await_ended(destination, 1, ASK_MS);
    process_signal(simple.agent, SIGTERM); /* what the client has not taken is still kept there */
    process_await(simple.agent, 0, ASK_MS, "draining", NULL);
    ck_assert_int_eq(socket_drain(client, &got, 20000), END_FILE);
    ck_assert_int_eq(process_wait(simple.agent, ASK_MS), 0);
    tally_of_source(&wanted, 1, ANSWER);
    ck_assert(tally_same(&got, &wanted));
    close(client);
    sandbox_free(simple.sandbox);
    destination_free(destination);
}
END_TEST

SCENARIO_MAIN("regressions", SCENARIO(key_updates_without_end_do_not_hold_the_thread, 60),
              SCENARIO(a_link_with_a_stuck_relay_serves_the_next_client_at_once, 60),
              SCENARIO(urgent_data_stays_in_the_stream, 30),
              SCENARIO(a_whole_answer_is_delivered_to_a_slow_client_although_its_agent_stopped, 60))
