/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_access: clients that a service does not take: reset, counted, named in the log; and all others are served.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/scenario.h"

#include <stdlib.h>
#include <unistd.h>

static void assert_served(const struct attacked_server *attacked_server, uint8_t host) {
    int fd = attacked_server_client(attacked_server, host);
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(socket_converse(fd, "hello", ATTACKED_SERVER_ASK_MS), "127.0.0.%u is not served", host);
    close(fd);
}

/* Reset, which may come before connect() has even returned. */
static void assert_refused(struct attacked_server *attacked_server, uint8_t host, const char *why) {
    size_t mark = process_mark(attacked_server->server.process);
    unsigned long long before = attacked_server_count(attacked_server, "clients_refused");
    int fd = attacked_server_client(attacked_server, host);
    if (fd >= 0) {
        ck_assert_int_eq(socket_wait_end(fd, ATTACKED_SERVER_ASK_MS), END_RESET);
        close(fd);
    }
    process_await(attacked_server->server.process, mark, ATTACKED_SERVER_ASK_MS, "client refused", why,
                  sandbox_text(attacked_server->sandbox, "127.0.0.%u:", host), NULL);
    ck_assert_uint_eq(attacked_server_count(attacked_server, "clients_refused"), before + 1);
}

static void knock_by_address(struct attacked_server *attacked_server, void *context) {
    (void)context;
    assert_served(attacked_server, 1);
    assert_served(attacked_server, 17);
    assert_refused(attacked_server, 18, "denied");
    assert_refused(attacked_server, 99, "not among those allowed");
}

START_TEST(allow_and_deny_decide_who_is_served) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__,
                              (struct attacked_server_plan){
                                  .service = "'allow': ['127.0.0.1', '127.0.0.16/28'], 'deny': '127.0.0.18',"});
    attacked_server_attack(&attacked_server, knock_by_address, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

static void fill(struct attacked_server *attacked_server, void *context) {
    int fds[3];
    (void)context;
    for (int i = 0; i < 3; i++) {
        fds[i] = attacked_server_client(attacked_server, (uint8_t)(10 + i));
        ck_assert(socket_converse(fds[i], "hello", ATTACKED_SERVER_ASK_MS));
    }
    assert_refused(attacked_server, 20, "max_clients");
    ck_assert(socket_converse(fds[0], "still here", ATTACKED_SERVER_ASK_MS));
    close(fds[1]);
    ck_assert(HOLDS_WITHIN(ATTACKED_SERVER_ASK_MS, attacked_server_count(attacked_server, "clients") == 2));
    assert_served(attacked_server, 20);
    close(fds[0]);
    close(fds[2]);
    ck_assert(HOLDS_WITHIN(ATTACKED_SERVER_ASK_MS, attacked_server_count(attacked_server, "clients") == 0));
}

START_TEST(a_service_takes_as_many_as_it_says) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.service = "'max_clients': 3,"});
    attacked_server_attack(&attacked_server, fill, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

static void fill_one_share(struct attacked_server *attacked_server, void *context) {
    int fds[2];
    (void)context;
    for (int i = 0; i < 2; i++) {
        fds[i] = attacked_server_client(attacked_server, 10);
        ck_assert(socket_converse(fds[i], "hello", ATTACKED_SERVER_ASK_MS));
    }
    assert_refused(attacked_server, 10, "max_per_source");
    assert_served(attacked_server, 11); /* its share is its own */
    close(fds[0]);
    ck_assert(HOLDS_WITHIN(ATTACKED_SERVER_ASK_MS, attacked_server_count(attacked_server, "clients") == 1));
    assert_served(attacked_server, 10);
    close(fds[1]);
    ck_assert(HOLDS_WITHIN(ATTACKED_SERVER_ASK_MS, attacked_server_count(attacked_server, "clients") == 0));
}

START_TEST(one_address_has_its_share_and_no_more) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.service = "'max_per_source': 2,"});
    attacked_server_attack(&attacked_server, fill_one_share, NULL);
    attacked_server_end(&attacked_server);
}
END_TEST

enum { RATE = 20, HASTY = 200 };

/* As fast as it can; the answer shows which were served. */
static unsigned hurry(const struct attacked_server *attacked_server, uint8_t host) {
    unsigned served = 0;
    for (int i = 0; i < HASTY; i++) {
        int fd = attacked_server_client(attacked_server, host);
        served += fd >= 0 && socket_converse(fd, "hello", ATTACKED_SERVER_ASK_MS);
        close(fd);
    }
    return served;
}

static void be_hasty(struct attacked_server *attacked_server, void *context) {
    (void)context;
    uint64_t start = now_ms();
    unsigned long long before = attacked_server_count(attacked_server, "clients_refused");
    unsigned served = hurry(attacked_server, 10);
    unsigned seconds = (unsigned)(now_ms() - start) / 1000 + 2; /* parts of a second count as whole ones */
    ck_assert_uint_ge(served, 1);
    ck_assert_msg(served <= seconds * RATE, "%u were served in %u s", served, seconds);
    ck_assert_uint_eq(attacked_server_count(attacked_server, "clients_refused"), before + HASTY - served);
    assert_served(attacked_server, 11);
    int again;
    ck_assert(HOLDS_WITHIN(3000, (again = attacked_server_client(attacked_server, 10)) >= 0 &&
                                     socket_converse(again, "hi", ATTACKED_SERVER_ASK_MS)));
    close(again);
}

START_TEST(one_address_comes_no_faster_than_it_may) {
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.service = "'max_rate': 20,"});
    attacked_server_attack(&attacked_server, be_hasty, NULL);
    /* A line for some, a number for the others. */
    ck_assert_uint_le(process_count(attacked_server.server.process, 0, "client refused", NULL), 20);
    attacked_server_end(&attacked_server);
}
END_TEST

SCENARIO_MAIN("access", SCENARIO(allow_and_deny_decide_who_is_served, 60),
              SCENARIO(a_service_takes_as_many_as_it_says, 60), SCENARIO(one_address_has_its_share_and_no_more, 60),
              SCENARIO(one_address_comes_no_faster_than_it_may, 60))
