/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_udp_service: the server's end of services of UDP: who is let in, how much goes back, when a session ends, what a
 * reload, a pause and the loss of an agent do to it, and what a flood of strangers costs.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 5000, NEVER_MS = 300, LOG_MS = 10000, END_MS = 15000, LARGEST = 65507, STRANGERS = 10000 };

/* ---- a destination ---- */

struct echo { /* answers each datagram by itself, `factor` times as long */
    int fd;
    uint16_t port;
    unsigned factor;
    atomic_uint received;
    atomic_bool is_mute, is_over;
    atomic_bool goes_on; /* says something to who has asked last, ten times a second */
    pthread_t thread;
};

static int bind_datagrams(const char *host, uint16_t *port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t length = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 8 << 20;

    ck_assert_int_eq(inet_pton(AF_INET, host, &at.sin_addr), 1);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    *port = ntohs(at.sin_port);
    return fd;
}

static void *run_echo(void *context) {
    static _Thread_local char bytes[LARGEST + 1];
    struct echo *echo = context;
    struct sockaddr_storage from;
    socklen_t length = 0;

    while (!atomic_load(&echo->is_over)) {
        struct pollfd waits = {.fd = echo->fd, .events = POLLIN};
        bool is_asked = poll(&waits, 1, 100) > 0;
        if (!is_asked && atomic_load(&echo->goes_on) && length)
            (void)sendto(echo->fd, "more", 4, 0, (struct sockaddr *)&from, length);
        if (!is_asked)
            continue;
        length = sizeof from;
        ssize_t got = recvfrom(echo->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);
        if (got < 0)
            continue;
        atomic_fetch_add(&echo->received, 1);
        if (!atomic_load(&echo->is_mute))
            (void)sendto(echo->fd, bytes, (size_t)got * echo->factor, 0, (struct sockaddr *)&from, length);
    }
    return NULL;
}

static struct echo *echo_start(unsigned factor) {
    struct echo *echo = calloc(1, sizeof *echo);

    ck_assert_ptr_nonnull(echo);
    echo->factor = factor;
    echo->fd = bind_datagrams("127.0.0.1", &echo->port);
    ck_assert_int_eq(pthread_create(&echo->thread, NULL, run_echo, echo), 0);
    return echo;
}

static void echo_free(struct echo *echo) {
    atomic_store(&echo->is_over, true);
    pthread_join(echo->thread, NULL);
    close(echo->fd);
    free(echo);
}

/* ---- clients: connected sockets, which take answers from the asked address alone ---- */

static int client_of(const char *host, uint16_t port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    uint16_t any = 0;
    int fd = bind_datagrams("127.0.0.1", &any);

    ck_assert_int_eq(inet_pton(AF_INET, host, &to.sin_addr), 1);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static bool has_answer(int fd, unsigned ms) {
    struct pollfd waits = {.fd = fd, .events = POLLIN};

    return poll(&waits, 1, (int)(ms * slow_factor())) == 1 && (waits.revents & POLLIN);
}

static bool says(int fd, const void *bytes, size_t length, unsigned ms) {
    static char answer[LARGEST + 1];

    if (send(fd, bytes, length, 0) != (ssize_t)length || !has_answer(fd, ms))
        return false;
    ssize_t got = recv(fd, answer, sizeof answer, 0);
    return got == (ssize_t)length && memcmp(answer, bytes, length) == 0;
}

static bool is_answered(int fd) {
    return says(fd, "hello", 5, ASK_MS);
}

static bool is_left_alone(int fd) {
    return !says(fd, "hello", 5, NEVER_MS);
}

static void shut(int fd) {
    close(fd);
}

/* ---- a server with an agent and an echo ---- */

struct site {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct echo *echo;
    uint16_t port;
    unsigned runs;
};

static const char *service_of(struct site *site, const char *host, const char *more) {
    return sandbox_text(site->sandbox,
                        "{ 'name': 'echo', 'protocol': 'udp', 'listen': '%s:%u', %s 'connect': '127.0.0.1:%u' }", host,
                        site->port, more, site->echo->port);
}

static struct site start_on(const char *name, const char *host, const char *more, unsigned factor) {
    struct site site = {.sandbox = sandbox_new(name), .echo = echo_start(factor), .port = port_take()};

    site.server = server_start(site.sandbox, (struct server_plan){.services = service_of(&site, host, more),
                                                                  .more = "'admin': { 'socket': 'server.sock' },"});
    site.agent = agent_join_warm(&site.server, "alpha", NULL);
    return site;
}

static struct site start(const char *name, const char *more) {
    return start_on(name, "127.0.0.1", more, 1);
}

static void end(struct site *site) {
    sandbox_free(site->sandbox);
    echo_free(site->echo);
}

static unsigned long long sessions(const struct site *site) {
    return live_of(site->server.process).relays;
}

static int munnel(struct site *site, const char *word, const char *next, const char *last) {
    const char *name = sandbox_text(site->sandbox, "munnel%u", site->runs++);
    const char *place = sandbox_text(site->sandbox, "--socket=%s", sandbox_path(site->sandbox, "server.sock"));

    return sandbox_do(site->sandbox, name, sandbox_program(site->sandbox, "munnel"), word, next, place, last, NULL);
}

/* munnel.json with another service, and SIGHUP. */
static void reload(struct site *site, const char *was, const char *is) {
    char text[8192];
    FILE *file = fopen(site->server.file, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *at = strstr(text, was);
    ck_assert_msg(at, "%s is not in %s", was, text);
    const char *next = sandbox_text(site->sandbox, "%.*s%s%s", (int)(at - text), text, is, at + strlen(was));
    sandbox_write(site->sandbox, "server.json", next, false);
    size_t mark = process_mark(site->server.process);
    process_signal(site->server.process, SIGHUP);
    free(process_expect(site->server.process, mark, LOG_MS, "configuration reloaded", NULL));
}

/* ---- relaying ---- */

START_TEST(datagrams_of_every_size_come_back_whole_and_each_client_has_its_own) {
    static char bytes[LARGEST];
    static const size_t sizes[] = {0, 1, 548, 1472, 9000, 32768, LARGEST};
    struct site site = start(__func__, "'idle_timeout': 1,");
    struct usage before = usage_of(site.server.process), agent_before = usage_of(site.agent);
    int first = client_of("127.0.0.1", site.port), second = client_of("127.0.0.1", site.port);

    memset(bytes, 'x', sizeof bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        ck_assert_msg(says(first, bytes, sizes[i], ASK_MS), "%zu bytes", sizes[i]);
    ck_assert(says(second, "two", 3, ASK_MS) && says(first, "one", 3, ASK_MS));
    ck_assert_uint_eq(sessions(&site), 2);
    ck_assert(HOLDS_WITHIN(END_MS, sessions(&site) == 0)); /* idle */
    ck_assert(is_answered(first));                         /* another session */
    shut(first);
    shut(second);
    before.extra_heap = agent_before.extra_heap = 4 << 20; /* the buffers to read into, which stay */
    usage_await(site.server.process, &before, END_MS);
    usage_await(site.agent, &agent_before, END_MS);
    end(&site);
}
END_TEST

START_TEST(answer_comes_from_the_address_that_was_asked) {
    struct site site = start_on(__func__, "0.0.0.0", "", 1);
    int one = client_of("127.0.0.1", site.port), two = client_of("127.0.0.2", site.port);

    ck_assert(is_answered(one));
    ck_assert(is_answered(two));
    shut(one);
    shut(two);
    end(&site);
}
END_TEST

/* ---- the ends of sessions ---- */

START_TEST(questions_with_an_answer_each_are_over_soon_and_a_talk_is_not) {
    struct site site = start(__func__, "'answer_timeout': 1,");
    int question = client_of("127.0.0.1", site.port), again = client_of("127.0.0.1", site.port);
    int talk = client_of("127.0.0.1", site.port);
    char more[4];

    ck_assert(is_answered(talk));
    atomic_store(&site.echo->goes_on, true); /* to who has asked last */
    ck_assert(has_answer(talk, ASK_MS));
    atomic_store(&site.echo->goes_on, false);
    ck_assert_int_eq((int)recv(talk, more, sizeof more, 0), 4);
    ck_assert(is_answered(question));
    ck_assert(is_answered(again) && is_answered(again)); /* a resolver by the same port */
    ck_assert_uint_eq(sessions(&site), 3);
    ck_assert(HOLDS_WITHIN(END_MS, sessions(&site) == 1));
    while (has_answer(talk, 0))
        ck_assert_int_eq((int)recv(talk, more, sizeof more, 0), 4);
    ck_assert(is_answered(talk));
    ck_assert_uint_eq(sessions(&site), 1);
    shut(question);
    shut(again);
    shut(talk);
    end(&site);
}
END_TEST

START_TEST(client_whose_port_is_closed_ends_its_session) {
    struct site site = start(__func__, "");
    int fd = client_of("127.0.0.1", site.port);

    atomic_store(&site.echo->is_mute, true);
    ck_assert_int_eq((int)send(fd, "x", 1, 0), 1);
    ck_assert(HOLDS_WITHIN(END_MS, atomic_load(&site.echo->received) == 1));
    size_t mark = process_mark(site.server.process);
    ck_assert(is_left_alone(fd));
    atomic_store(&site.echo->is_mute, false);
    ck_assert_int_eq((int)send(fd, "x", 1, 0), 1); /* its answer meets a closed port */
    shut(fd);
    free(process_expect(site.server.process, mark, END_MS, "client reset", NULL));
    ck_assert(HOLDS_WITHIN(END_MS, sessions(&site) == 0));
    end(&site);
}
END_TEST

START_TEST(answers_alone_keep_no_session) {
    struct site site = start(__func__, "'idle_timeout': 2,");
    int fd = client_of("127.0.0.1", site.port);

    ck_assert(is_answered(fd));
    atomic_store(&site.echo->goes_on, true);
    size_t mark = process_mark(site.server.process);
    for (int answers = 0; answers < 5; answers++) {
        char more[4];
        ck_assert(has_answer(fd, ASK_MS));
        ck_assert_int_eq((int)recv(fd, more, sizeof more, 0), 4);
    }
    ck_assert_uint_eq(sessions(&site), 1);
    free(process_expect(site.server.process, mark, END_MS, "idle_timeout", NULL));
    ck_assert(HOLDS_WITHIN(END_MS, sessions(&site) == 0));
    shut(fd);
    end(&site);
}
END_TEST

/* ---- who is let in ---- */

START_TEST(limits_and_rules_count_sessions) {
    struct site site = start(__func__, "'max_per_source': 2, 'max_clients': 3,");
    int clients[3];

    for (int i = 0; i < 3; i++)
        clients[i] = client_of("127.0.0.1", site.port);
    ck_assert(is_answered(clients[0]) && is_answered(clients[1]));
    size_t mark = process_mark(site.server.process);
    ck_assert(is_left_alone(clients[2]));
    free(process_expect(site.server.process, mark, LOG_MS, "client refused", "max_per_source", NULL));
    ck_assert(is_answered(clients[0]));
    reload(&site, "\"max_per_source\": 2,", "\"max_per_source\": 3,");
    ck_assert(HOLDS_WITHIN(END_MS, !is_left_alone(clients[2])));
    ck_assert(is_answered(clients[0]) && is_answered(clients[1])); /* still their sessions */
    ck_assert_uint_eq(sessions(&site), 3);
    reload(&site, "\"max_per_source\": 3,", "\"deny\": \"127.0.0.1\",");
    int denied = client_of("127.0.0.1", site.port);
    mark = process_mark(site.server.process);
    ck_assert(is_left_alone(denied));
    free(process_expect(site.server.process, mark, LOG_MS, "client refused", NULL));
    for (int i = 0; i < 3; i++)
        shut(clients[i]);
    shut(denied);
    end(&site);
}
END_TEST

START_TEST(banned_client_is_refused_until_it_is_unbanned) {
    struct site site = start(__func__, "'idle_timeout': 1,");
    int fd = client_of("127.0.0.1", site.port);

    ck_assert(is_answered(fd));
    ck_assert_int_eq(munnel(&site, "ban", "127.0.0.1", NULL), 0);
    ck_assert(HOLDS_WITHIN(END_MS, sessions(&site) == 0));
    ck_assert(is_left_alone(fd));
    ck_assert_int_eq(munnel(&site, "unban", "127.0.0.1", NULL), 0);
    ck_assert(HOLDS_WITHIN(END_MS, !is_left_alone(fd)));
    shut(fd);
    end(&site);
}
END_TEST

START_TEST(paused_service_takes_no_new_clients_and_keeps_the_others) {
    struct site site = start(__func__, "");
    int old = client_of("127.0.0.1", site.port), new = client_of("127.0.0.1", site.port);

    ck_assert(is_answered(old));
    ck_assert_int_eq(munnel(&site, "service", "pause", "echo"), 0);
    ck_assert(is_left_alone(new));
    ck_assert(is_answered(old));
    ck_assert_int_eq(munnel(&site, "service", "resume", "echo"), 0);
    ck_assert(is_answered(new));
    shut(old);
    shut(new);
    end(&site);
}
END_TEST

/* ---- reflection ---- */

START_TEST(address_gets_no_more_than_its_factor) {
    static char bytes[1000];
    struct site site = start_on(__func__, "127.0.0.1", "'reply_factor': 2,", 50);
    int fd = client_of("127.0.0.1", site.port);
    enum { ASKED = 20, SMALL = 100, FREE = 65536 + 3 * 16384 };
    size_t got = 0;

    ck_assert_int_eq((int)send(fd, bytes, SMALL, 0), SMALL);
    ck_assert(has_answer(fd, ASK_MS)); /* it is known now: of a stranger fewer datagrams are kept */
    for (int i = 1; i < ASKED; i++)
        ck_assert_int_eq((int)send(fd, bytes, SMALL, 0), SMALL);
    ck_assert(HOLDS_WITHIN(END_MS, atomic_load(&site.echo->received) == ASKED));
    while (has_answer(fd, NEVER_MS)) {
        static char answer[LARGEST];
        ssize_t length = recv(fd, answer, sizeof answer, 0);
        ck_assert_int_eq((int)length, 50 * SMALL);
        got += (size_t)length;
    }
    ck_assert_uint_ge(got, 50 * SMALL);
    ck_assert_uint_le(got, FREE + 2 * ASKED * SMALL); /* of 100,000 */
    ck_assert_uint_lt(got, ASKED * 50 * SMALL);
    ck_assert_int_eq(munnel(&site, "relay", "list", "--json"), 0);
    const char *listed = sandbox_output(site.sandbox, sandbox_text(site.sandbox, "munnel%u", site.runs - 1));
    ck_assert_uint_eq(number_in_line(listed, "out_bytes"), got); /* without those that were dropped */
    shut(fd);
    end(&site);
}
END_TEST

START_TEST(what_is_over_a_limit_of_bandwidth_is_dropped) {
    static char bytes[1000];
    struct site site = start(__func__, "'bandwidth_in': '10kB',");
    int fd = client_of("127.0.0.1", site.port);
    enum { SENT = 50 };

    ck_assert(is_answered(fd));
    for (int i = 0; i < SENT; i++)
        ck_assert_int_eq((int)send(fd, bytes, sizeof bytes, 0), (int)sizeof bytes);
    ck_assert(has_answer(fd, ASK_MS));
    ck_assert(HOLDS_WITHIN(END_MS, is_answered(fd))); /* what came before has come, or never will */
    ck_assert_uint_lt(atomic_load(&site.echo->received), SENT / 2);
    shut(fd);
    end(&site);
}
END_TEST

/* ---- what changes under it ---- */

START_TEST(reload_keeps_sessions_and_another_protocol_ends_them) {
    struct site site = start(__func__, "");
    int fd = client_of("127.0.0.1", site.port);

    ck_assert(is_answered(fd));
    reload(&site, "\"protocol\": \"udp\",", "\"protocol\": \"udp\", \"max_rate\": 1000, \"idle_timeout\": 30,");
    ck_assert(is_answered(fd));
    ck_assert_uint_eq(sessions(&site), 1);
    reload(&site, "\"protocol\": \"udp\", \"max_rate\": 1000,", "\"protocol\": \"tcp\", \"max_rate\": 1000,");
    ck_assert(HOLDS_WITHIN(END_MS, sessions(&site) == 0));
    ck_assert(is_left_alone(fd));
    reload(&site, "\"protocol\": \"tcp\",", "\"protocol\": \"udp\",");
    ck_assert(HOLDS_WITHIN(END_MS, !is_left_alone(fd)));
    shut(fd);
    end(&site);
}
END_TEST

START_TEST(a_port_widens_to_every_address_and_back) {
    struct site site = start(__func__, "");
    const char *one = sandbox_text(site.sandbox, "\"127.0.0.1:%u\"", site.port),
               *all = sandbox_text(site.sandbox, "\"0.0.0.0:%u\"", site.port);
    int fd = client_of("127.0.0.1", site.port), other = client_of("127.0.0.2", site.port);

    ck_assert(is_answered(fd));
    reload(&site, one, all);
    ck_assert(HOLDS_WITHIN(END_MS, !is_left_alone(fd) && !is_left_alone(other)));
    reload(&site, all, one);
    ck_assert(HOLDS_WITHIN(END_MS, !is_left_alone(fd)));
    ck_assert_uint_eq(sessions(&site), 1);
    shut(fd);
    shut(other);
    end(&site);
}
END_TEST

/* Both agents have had some of the clients when `end_one` ends one of them. */
static void expect_another_agent(const char *name, void (*end_one)(struct sandbox *sandbox, struct process *agent)) {
    enum { CLIENTS = 8 };
    struct site site = start(name, "'pending_timeout': 10,");
    int clients[CLIENTS];
    struct process *other = agent_join_warm(&site.server, "beta", NULL);

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_of("127.0.0.1", site.port);
        ck_assert(is_answered(clients[i]));
    }
    end_one(site.sandbox, other);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert(HOLDS_WITHIN(END_MS, !is_left_alone(clients[i])));
    ck_assert(HOLDS_WITHIN(END_MS, sessions(&site) == CLIENTS));
    for (int i = 0; i < CLIENTS; i++)
        shut(clients[i]);
    end(&site);
}

START_TEST(next_datagram_goes_to_another_agent_when_one_dies) {
    expect_another_agent(__func__, sandbox_end);
}
END_TEST

/* Long before the server gives up hope that it comes back, which is after 30 s; and it cannot say that it is over. */
START_TEST(next_datagram_goes_to_another_agent_when_one_is_cut_off) {
    expect_another_agent(__func__, sandbox_kill);
}
END_TEST

START_TEST(client_waits_for_an_agent_and_its_first_datagrams_with_it) {
    struct site site = start(__func__, "'pending_timeout': 30,");
    int fd = client_of("127.0.0.1", site.port);

    sandbox_end(site.sandbox, site.agent);
    ck_assert(is_left_alone(fd));
    unsigned before = atomic_load(&site.echo->received);
    agent_join_warm(&site.server, "beta", NULL);
    ck_assert(has_answer(fd, ASK_MS));
    ck_assert_uint_eq(atomic_load(&site.echo->received), before + 1);
    shut(fd);
    end(&site);
}
END_TEST

START_TEST(server_stops_at_once_and_the_next_one_goes_on) {
    struct site site = start(__func__, "");
    int fd = client_of("127.0.0.1", site.port);

    ck_assert(is_answered(fd));
    uint64_t before_ms = now_ms();
    sandbox_end(site.sandbox, site.server.process);
    ck_assert_uint_lt(now_ms() - before_ms, 5000 * slow_factor()); /* no session is waited for */
    server_start_again(&site.server);
    ck_assert(HOLDS_WITHIN(END_MS, !is_left_alone(fd)));
    shut(fd);
    end(&site);
}
END_TEST

/* ---- a flood ---- */

START_TEST(clients_that_nothing_answers_give_way_and_others_do_not) {
    struct site site = start(__func__, "'max_clients': 3,");
    int answered = client_of("127.0.0.1", site.port), silent[2], new[2];

    ck_assert(is_answered(answered));
    atomic_store(&site.echo->is_mute, true);
    for (int i = 0; i < 2; i++) {
        silent[i] = client_of("127.0.0.1", site.port);
        ck_assert_int_eq((int)send(silent[i], "x", 1, 0), 1);
    }
    ck_assert(HOLDS_WITHIN(END_MS, sessions(&site) == 3));
    atomic_store(&site.echo->is_mute, false);
    size_t mark = process_mark(site.server.process);
    for (int i = 0; i < 2; i++) {
        new[i] = client_of("127.0.0.1", site.port);
        ck_assert(HOLDS_WITHIN(END_MS, !is_left_alone(new[i]))); /* the others are two seconds old by then */
    }
    free(process_expect(site.server.process, mark, LOG_MS, "gave way to a new client", NULL));
    ck_assert_uint_eq(sessions(&site), 3);
    int late = client_of("127.0.0.1", site.port);
    ck_assert(is_left_alone(late));
    ck_assert(is_answered(answered) && is_answered(new[0]) && is_answered(new[1]));
    shut(answered);
    shut(late);
    for (int i = 0; i < 2; i++) {
        shut(silent[i]);
        shut(new[i]);
    }
    end(&site);
}
END_TEST

static void send_as_a_stranger(uint16_t port, unsigned number) {
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    from.sin_addr.s_addr = htonl(0x7f000000 | (1 + number)); /* 127.0.0.1 and on: of Linux */
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    (void)sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to);
    close(fd);
}

START_TEST(ten_thousand_strangers_cost_little_and_leave_nothing) {
    struct site site = start(__func__, "'max_clients': 100, 'idle_timeout': 1,");
    struct usage before = usage_of(site.server.process);
    int fd = client_of("127.0.0.1", site.port);

    ck_assert(is_answered(fd));
    atomic_store(&site.echo->is_mute, true);
    for (unsigned i = 1; i <= STRANGERS; i++)
        send_as_a_stranger(site.port, i);
    ck_assert_uint_le(sessions(&site), 100);
    atomic_store(&site.echo->is_mute, false);
    ck_assert(HOLDS_WITHIN(END_MS, !is_left_alone(fd)));
    shut(fd);
    ck_assert(HOLDS_WITHIN(END_MS, sessions(&site) == 0));
    before.extra_heap = 6 << 20; /* spare structs of clients, and the buffers to read into */
    usage_await(site.server.process, &before, END_MS);
    end(&site);
}
END_TEST

SCENARIO_MAIN("udp service", SCENARIO(datagrams_of_every_size_come_back_whole_and_each_client_has_its_own, 60),
              SCENARIO(answer_comes_from_the_address_that_was_asked, 30),
              SCENARIO(questions_with_an_answer_each_are_over_soon_and_a_talk_is_not, 60),
              SCENARIO(answers_alone_keep_no_session, 60), SCENARIO(client_whose_port_is_closed_ends_its_session, 60),
              SCENARIO(limits_and_rules_count_sessions, 60),
              SCENARIO(banned_client_is_refused_until_it_is_unbanned, 60),
              SCENARIO(paused_service_takes_no_new_clients_and_keeps_the_others, 60),
              SCENARIO(address_gets_no_more_than_its_factor, 60),
              SCENARIO(what_is_over_a_limit_of_bandwidth_is_dropped, 60),
              SCENARIO(server_stops_at_once_and_the_next_one_goes_on, 60),
              SCENARIO(reload_keeps_sessions_and_another_protocol_ends_them, 90),
              SCENARIO(a_port_widens_to_every_address_and_back, 60),
              SCENARIO(next_datagram_goes_to_another_agent_when_one_dies, 90),
              SCENARIO(next_datagram_goes_to_another_agent_when_one_is_cut_off, 90),
              SCENARIO(client_waits_for_an_agent_and_its_first_datagrams_with_it, 90),
              SCENARIO(clients_that_nothing_answers_give_way_and_others_do_not, 60),
              SCENARIO(ten_thousand_strangers_cost_little_and_leave_nothing, 120))
