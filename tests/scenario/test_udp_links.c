/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_udp_links: sessions of UDP over links that break: they go on with the same socket at the destination, keep their
 * order, and bring nothing twice. The agent reaches its server by a forwarder of the test's, which resets all at once.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS = 64, PIECE = 65536, CUTS = 3, CLIENTS = 40, BACK_MS = 20000, PAUSE_US = 2000 };

/* ---- a forwarder whose connections can be cut ---- */

struct forwarder {
    int listener;
    uint16_t port, to;
    int ends[PAIRS][2];
    unsigned count;
    atomic_bool is_over;
    atomic_uint cuts, made; /* asked for, and done */
    pthread_t thread;
};

static int tcp_socket(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

static void close_by_reset(int fd) {
    struct linger now = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void drop_pair(struct forwarder *forwarder, unsigned i) {
    close_by_reset(forwarder->ends[i][0]);
    close_by_reset(forwarder->ends[i][1]);
    memcpy(forwarder->ends[i], forwarder->ends[--forwarder->count], sizeof forwarder->ends[i]);
}

static void accept_pair(struct forwarder *forwarder) {
    struct sockaddr_in to = loopback(forwarder->to);
    int from = accept(forwarder->listener, NULL, NULL), fd = tcp_socket();
    if (from >= 0 && forwarder->count < PAIRS && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) {
        memcpy(forwarder->ends[forwarder->count++], (int[2]){from, fd}, sizeof forwarder->ends[0]);
        return;
    }
    close(from);
    close(fd);
}

/* It may wait for the other end, which reads all the time. */
static bool forward(int from, int to) {
    static char bytes[PIECE];
    ssize_t got = recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    for (ssize_t done = 0, sent; done < got; done += sent) {
        sent = send(to, bytes + done, (size_t)(got - done), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
    }
    return got > 0;
}

static void serve_pairs(struct forwarder *forwarder) {
    struct pollfd waits[2 * PAIRS + 1] = {{.fd = forwarder->listener, .events = POLLIN}};
    unsigned count = forwarder->count;
    for (unsigned i = 0; i < 2 * count; i++)
        waits[i + 1] = (struct pollfd){.fd = forwarder->ends[i / 2][i % 2], .events = POLLIN};
    if (poll(waits, 2 * count + 1, 20) <= 0)
        return;
    for (unsigned i = count; i-- > 0;) {
        bool is_well = true;
        for (unsigned end = 0; end < 2 && is_well; end++)
            if (waits[2 * i + end + 1].revents)
                is_well = forward(forwarder->ends[i][end], forwarder->ends[i][!end]);
        if (!is_well)
            drop_pair(forwarder, i);
    }
    if (waits[0].revents)
        accept_pair(forwarder);
}

static void *run_forwarder(void *context) {
    struct forwarder *forwarder = context;
    while (!atomic_load(&forwarder->is_over)) {
        if (atomic_load(&forwarder->made) < atomic_load(&forwarder->cuts)) {
            while (forwarder->count > 0)
                drop_pair(forwarder, 0);
            atomic_fetch_add(&forwarder->made, 1);
        }
        serve_pairs(forwarder);
    }
    while (forwarder->count > 0)
        drop_pair(forwarder, 0);
    return NULL;
}

static void forwarder_start(struct forwarder *forwarder, uint16_t to) {
    memset(forwarder, 0, sizeof *forwarder);
    forwarder->to = to;
    forwarder->port = port_take();
    forwarder->listener = tcp_socket();
    struct sockaddr_in at = loopback(forwarder->port);
    (void)setsockopt(forwarder->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    ck_assert_int_eq(bind(forwarder->listener, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(forwarder->listener, 64), 0);
    ck_assert_int_eq(pthread_create(&forwarder->thread, NULL, run_forwarder, forwarder), 0);
}

static void forwarder_cut(struct forwarder *forwarder) {
    unsigned cuts = atomic_fetch_add(&forwarder->cuts, 1) + 1;
    ck_assert(HOLDS_WITHIN(BACK_MS, atomic_load(&forwarder->made) >= cuts));
}

static void forwarder_end(struct forwarder *forwarder) {
    atomic_store(&forwarder->is_over, true);
    pthread_join(forwarder->thread, NULL);
    close(forwarder->listener);
}

/* ---- a destination that answers, and notes what comes ---- */

struct message { /* of client `client` */
    uint32_t client, number;
};

struct noted {
    uint16_t port; /* by which it came: one session has one */
    uint32_t last;
    unsigned count, wrong; /* wrong: not behind the last, or by another port */
};

struct echo {
    int fd;
    uint16_t port;
    struct noted clients[CLIENTS];
    atomic_bool is_over;
    pthread_t thread;
};

static void note(struct noted *noted, const struct message *message, uint16_t port) {
    bool is_next = noted->count == 0 || (message->number > noted->last && port == noted->port);
    noted->wrong += !is_next;
    noted->port = port;
    noted->last = message->number;
    noted->count++;
}

static void *run_echo(void *context) {
    struct echo *echo = context;
    struct message message;
    struct sockaddr_in from;
    while (!atomic_load(&echo->is_over)) {
        struct pollfd waits = {.fd = echo->fd, .events = POLLIN};
        socklen_t length = sizeof from;
        if (poll(&waits, 1, 20) <= 0)
            continue;
        ssize_t got = recvfrom(echo->fd, &message, sizeof message, 0, (struct sockaddr *)&from, &length);
        if (got != sizeof message || message.client >= CLIENTS)
            continue;
        note(&echo->clients[message.client], &message, from.sin_port);
        (void)sendto(echo->fd, &message, sizeof message, 0, (struct sockaddr *)&from, length);
    }
    return NULL;
}

static int udp_socket(uint16_t *port) {
    struct sockaddr_in at = loopback(0);
    socklen_t length = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, length), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static void echo_start(struct echo *echo) {
    memset(echo, 0, sizeof *echo);
    echo->fd = udp_socket(&echo->port);
    ck_assert_int_eq(pthread_create(&echo->thread, NULL, run_echo, echo), 0);
}

static void echo_end(struct echo *echo) {
    atomic_store(&echo->is_over, true);
    pthread_join(echo->thread, NULL);
    close(echo->fd);
}

/* ---- clients ---- */

struct client {
    int fd;
    uint32_t id, sent;
    struct noted answers;
};

static void client_start(struct client *client, uint32_t id, uint16_t port) {
    uint16_t any;
    struct sockaddr_in to = loopback(port);
    *client = (struct client){.fd = udp_socket(&any), .id = id};
    ck_assert_int_eq(connect(client->fd, (struct sockaddr *)&to, sizeof to), 0);
}

/* Sends one, and takes what has come. */
static void talk(struct client *client) {
    struct message message = {client->id, ++client->sent};
    (void)send(client->fd, &message, sizeof message, MSG_DONTWAIT);
    while (recv(client->fd, &message, sizeof message, MSG_DONTWAIT) == sizeof message)
        note(&client->answers, &message, 0);
}

/* Each has got an answer to something that it has sent since. */
static bool all_go_on(struct client *clients, unsigned count, const uint32_t *since) {
    bool goes_on = true;
    for (unsigned i = 0; i < count; i++) {
        talk(&clients[i]);
        goes_on &= clients[i].answers.count > 0 && clients[i].answers.last > since[i];
    }
    usleep(PAUSE_US);
    return goes_on;
}

static void expect_to_go_on(struct client *clients, unsigned count) {
    uint32_t since[CLIENTS];
    uint64_t deadline = deadline_in(BACK_MS);
    for (unsigned i = 0; i < count; i++)
        since[i] = clients[i].sent;
    while (!all_go_on(clients, count, since))
        ck_assert_msg(deadline_left(deadline) > 0, "the sessions did not go on");
}

/* ---- tests ---- */

static void expect_sessions_to_outlive_cuts(const char *name, unsigned count) {
    static struct echo echo;
    static struct forwarder forwarder;
    static struct client clients[CLIENTS];
    struct sandbox *sandbox = sandbox_new(name);
    uint16_t port = port_take();
    echo_start(&echo);
    const char *service = sandbox_text(sandbox,
                                       "{ 'name': 'echo', 'protocol': 'udp', 'listen': '127.0.0.1:%u', "
                                       "'connect': '127.0.0.1:%u' }",
                                       port, echo.port);
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    forwarder_start(&forwarder, server.port);
    struct server as_the_agent_sees_it = server;
    as_the_agent_sees_it.port = forwarder.port;
    agent_join_warm(&as_the_agent_sees_it, "alpha", NULL);
    for (unsigned i = 0; i < count; i++)
        client_start(&clients[i], i, port);
    expect_to_go_on(clients, count);
    for (int cut = 0; cut < CUTS; cut++) {
        forwarder_cut(&forwarder);
        expect_to_go_on(clients, count);
        printf("# cut %d: client 0 has sent %u, %u arrived, %u answers\n", cut + 1, clients[0].sent,
               echo.clients[0].count, clients[0].answers.count);
    }
    ck_assert_uint_eq(live_of(server.process).relays, count);
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(echo.clients[i].wrong, 0);
        ck_assert_uint_eq(clients[i].answers.wrong, 0);
        close(clients[i].fd);
    }
    sandbox_free(sandbox);
    forwarder_end(&forwarder);
    echo_end(&echo);
}

START_TEST(a_session_goes_on_when_its_links_are_cut_and_nothing_comes_twice) {
    expect_sessions_to_outlive_cuts(__func__, 1);
}
END_TEST

START_TEST(many_sessions_go_on_when_their_links_are_cut) {
    expect_sessions_to_outlive_cuts(__func__, CLIENTS);
}
END_TEST

SCENARIO_MAIN("udp_links", SCENARIO(a_session_goes_on_when_its_links_are_cut_and_nothing_comes_twice, 120),
              SCENARIO(many_sessions_go_on_when_their_links_are_cut, 120))
