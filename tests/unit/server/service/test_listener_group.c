/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_listener_group: which sockets a configured address becomes, and what a group does when one of them fails.
 */
#include "config.h"

#include "server/service/listener_group.h"
#include "unit.h"
#include "unit_log.h"

#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORT_FIRST = 21500, PORT_COUNT = 400, ACCEPT_MS = 2000, LOG_MS = 2000 };

struct world {
    struct event_base *base;
    struct log *log;
    struct listener_group *group;
    struct error error;
    int accepted;
};

static bool has_room(void *context) {
    (void)context;
    return true;
}

static void on_accept(void *context, int fd, const struct addr *peer, const struct addr *local) {
    struct world *world = context;

    (void)peer;
    (void)local;
    world->accepted++;
    close(fd);
}

static void begin(struct world *world) {
    *world = (struct world){.base = event_base_new()};
    unlink(unit_path("log"));
    world->log = unit_log(LOG_LEVEL_INFO);
}

static void finish(struct world *world) {
    listener_group_free(world->group);
    log_free(world->log);
    event_base_free(world->base);
}

static struct listener_options options_of(struct world *world) {
    return (struct listener_options){.base = world->base,
                                     .log = world->log,
                                     .who = "test",
                                     .accepts_per_turn = 4,
                                     .has_room = has_room,
                                     .on_accept = on_accept,
                                     .context = world};
}

/* `second` may be NULL. False with world->error. */
static bool bind_group(struct world *world, const char *first, const char *second) {
    const struct listener_options options = options_of(world);
    struct strlist addrs = {0};

    ck_assert(strlist_add(&addrs, first) == 0 && (!second || strlist_add(&addrs, second) == 0));
    world->group = listener_group_prepare(&options, &addrs, &(struct listener_donors){.count = 0}, &world->error);
    strlist_done(&addrs);
    return world->group;
}

static int bind_port(int family, uint16_t port) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_six = family == AF_INET6;
    const int on = 1;
    int fd = socket(family, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    if ((!is_six || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
        bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four, is_six ? sizeof six : sizeof four) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Of no family in use, and none that the system gives to connections. */
static uint16_t free_port(void) {
    static unsigned tried;

    for (unsigned i = 0; i < PORT_COUNT; i++) {
        uint16_t port = (uint16_t)(PORT_FIRST + ((unsigned)getpid() * 8 + tried++) % PORT_COUNT);
        int four = bind_port(AF_INET, port), six = bind_port(AF_INET6, port);
        if (six >= 0)
            close(six);
        if (four < 0)
            continue;
        close(four);
        return port;
    }
    ck_abort_msg("no free port");
    return 0;
}

static bool has_ipv6(void) {
    int fd = bind_port(AF_INET6, 0);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int connect_to(int family, uint16_t port) {
    struct sockaddr_in four = {.sin_family = AF_INET,
                               .sin_port = htons(port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool is_six = family == AF_INET6;
    int fd = socket(family, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    if (connect(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four, is_six ? sizeof six : sizeof four) ==
        0)
        return fd;
    close(fd);
    return -1;
}

static bool one_is_accepted(void *context) {
    return ((struct world *)context)->accepted > 0;
}

static bool accepts(struct world *world, int family, uint16_t port) {
    int fd = connect_to(family, port);

    if (fd < 0)
        return false;
    world->accepted = 0;
    ck_assert(unit_run_until(world->base, one_is_accepted, world, ACCEPT_MS));
    close(fd);
    return true;
}

static const char *addr_text(const char *host, uint16_t port) {
    static char texts[2][64];
    static int next;
    char *text = texts[next++ % 2];

    snprintf(text, sizeof texts[0], "%s:%u", host, port);
    return text;
}

static bool is_logged(void *wanted) {
    char *text = unit_read(unit_path("log"), NULL);
    bool found = strstr(text, wanted);

    free(text);
    return found;
}

static bool logs(const char *event, const char *host, uint16_t port) { /* the log has a thread of its own */
    char wanted[200];

    snprintf(wanted, sizeof wanted, "%s%s:%u", event, host, port);
    return unit_wait_until(is_logged, wanted, LOG_MS);
}

START_TEST(numbers_and_paths_are_bound_as_they_are) {
    struct world world;
    char path[160];
    uint16_t port = free_port();

    begin(&world);
    snprintf(path, sizeof path, "unix:%s", unit_path("socket"));
    ck_assert_msg(bind_group(&world, addr_text("127.0.0.1", port), path), "%s", world.error.text);
    listener_group_log(world.group, "bound to");
    ck_assert(logs("bound to ", "127.0.0.1", port));
    ck_assert(unit_wait_until(is_logged, path, LOG_MS));
    ck_assert_int_eq(access(unit_path("socket"), F_OK), 0);
    ck_assert(!accepts(&world, AF_INET, port)); /* bound, and not open yet */
    ck_assert_int_eq(listener_group_open(world.group, &world.error), 0);
    ck_assert(accepts(&world, AF_INET, port));
    finish(&world);
}
END_TEST

/* It would only be logged when the reload is applied. */
START_TEST(owner_that_a_bound_socket_cannot_get_is_an_error) {
    struct world world;
    char path[300];
    const struct passwd *other = getpwnam("nobody");
    bool is_root = geteuid() == 0;

    begin(&world);
    snprintf(path, sizeof path, "unix:%s", unit_path("socket"));
    struct strlist addrs = {NULL, 0};
    ck_assert_int_eq(strlist_add(&addrs, path), 0);
    struct listener_options options = options_of(&world);
    world.group = listener_group_prepare(&options, &addrs, &(struct listener_donors){.count = 0}, &world.error);
    ck_assert_msg(world.group, "%s", world.error.text);
    ck_assert(chmod(unit_path(".."), 0711) == 0 && chmod(unit_folder(), 0711) == 0); /* the other user looks there */
    if (!is_root || (other && setgroups(0, NULL) == 0 && setuid(other->pw_uid) == 0)) {
        const struct listener_donors donors = {&world.group, 1, false};
        options.owner = is_root ? "nobody" : "root";
        ck_assert_int_eq(listener_group_check_access(world.group, &options, &world.error), -1);
        ck_assert_ptr_null(listener_group_prepare(&options, &addrs, &donors, &world.error));
        ck_assert_ptr_nonnull(strstr(world.error.text, "only root may give it"));
        options.owner = is_root ? "root" : NULL;
        struct listener_group *next = listener_group_prepare(&options, &addrs, &donors, &world.error);
        ck_assert_msg(next, "%s", world.error.text);
        listener_group_free(next);
    }
    strlist_done(&addrs);
    finish(&world);
}
END_TEST

START_TEST(wildcard_is_bound_in_both_families) {
    static const char *const hosts[] = {"*", ""};

    for (int i = 0; i < 2; i++) {
        struct world world;
        uint16_t port = free_port();

        begin(&world);
        ck_assert_msg(bind_group(&world, addr_text(hosts[i], port), NULL), "%s", world.error.text);
        ck_assert_int_eq(listener_group_open(world.group, &world.error), 0);
        ck_assert(accepts(&world, AF_INET, port));
        if (has_ipv6())
            ck_assert(accepts(&world, AF_INET6, port));
        finish(&world);
    }
}
END_TEST

START_TEST(wildcard_needs_one_family_only) {
    struct world world;
    uint16_t port = free_port();
    int four = bind_port(AF_INET, port);

    if (!has_ipv6()) {
        close(four);
        return;
    }
    begin(&world);
    ck_assert_int_eq(listen(four, 1), 0);
    ck_assert_msg(bind_group(&world, addr_text("*", port), NULL), "%s", world.error.text);
    ck_assert(logs("", "0.0.0.0", port)); /* the warning */
    ck_assert_int_eq(listener_group_open(world.group, &world.error), 0);
    ck_assert(accepts(&world, AF_INET6, port));
    close(four);
    finish(&world);
}
END_TEST

START_TEST(wildcard_without_any_family_is_an_error) {
    struct world world;
    uint16_t port = free_port();
    int four = bind_port(AF_INET, port), six = bind_port(AF_INET6, port);

    begin(&world);
    ck_assert_int_eq(listen(four, 1), 0);
    if (six >= 0)
        ck_assert_int_eq(listen(six, 1), 0);
    ck_assert(!bind_group(&world, addr_text("*", port), NULL));
    ck_assert_ptr_nonnull(strstr(world.error.text, addr_text("", port)));
    close(four);
    if (six >= 0)
        close(six);
    finish(&world);
}
END_TEST

START_TEST(name_is_bound_at_its_addresses) {
    struct world world;
    uint16_t port = free_port();

    begin(&world);
    ck_assert_msg(bind_group(&world, addr_text("localhost", port), NULL), "%s", world.error.text);
    listener_group_log(world.group, "bound to");
    ck_assert(logs("bound to ", "127.0.0.1", port) || logs("bound to ", "[::1]", port));
    finish(&world);
}
END_TEST

START_TEST(address_that_cannot_be_bound_is_quoted_and_the_others_are_given_up) {
    static const struct {
        const char *addr, *error;
    } cases[] = {{"no-such-host.invalid:80", "no-such-host.invalid"},
                 {"127.0.0.1", "127.0.0.1"}, /* without a port */
                 {"[fe80::1%nosuch0]:80", "no interface \"nosuch0\""}};
    char path[160];

    snprintf(path, sizeof path, "unix:%s", unit_path("socket"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;

        begin(&world);
        ck_assert(!bind_group(&world, path, cases[i].addr));
        ck_assert_msg(strstr(world.error.text, cases[i].error), "%s", world.error.text);
        ck_assert_int_eq(access(unit_path("socket"), F_OK), -1);
        finish(&world);
    }
}
END_TEST

START_TEST(address_in_use_is_an_error_unless_it_is_of_a_wildcard) {
    struct world world;
    uint16_t port = free_port();
    int fd = bind_port(AF_INET, port);

    begin(&world);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert(!bind_group(&world, addr_text("127.0.0.1", port), NULL));
    ck_assert_ptr_nonnull(strstr(world.error.text, addr_text("127.0.0.1", port)));
    close(fd);
    finish(&world);
}
END_TEST

/* Another process may bind and open the port until the group does. */
START_TEST(one_port_that_is_taken_does_not_keep_the_others_closed) {
    struct world world;
    uint16_t taken = free_port(), other = free_port();
    const int on = 1;

    begin(&world);
    ck_assert_msg(bind_group(&world, addr_text("127.0.0.1", taken), addr_text("127.0.0.1", other)), "%s",
                  world.error.text);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(taken),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(listener_group_open(world.group, &world.error), -1);
    ck_assert_ptr_nonnull(strstr(world.error.text, addr_text("127.0.0.1", taken)));
    ck_assert(accepts(&world, AF_INET, other));
    close(fd);
    ck_assert_int_eq(listener_group_open(world.group, &world.error), 0);
    ck_assert(accepts(&world, AF_INET, taken));
    finish(&world);
}
END_TEST

START_TEST(shut_group_refuses_clients_and_opens_again) {
    struct world world;
    uint16_t ports[] = {free_port(), free_port()};

    begin(&world);
    ck_assert_msg(bind_group(&world, addr_text("127.0.0.1", ports[0]), addr_text("127.0.0.1", ports[1])), "%s",
                  world.error.text);
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(listener_group_open(world.group, &world.error), 0);
        ck_assert(accepts(&world, AF_INET, ports[0]) && accepts(&world, AF_INET, ports[1]));
        listener_group_shut(world.group);
#ifdef __linux__
        ck_assert(!accepts(&world, AF_INET, ports[0]) && !accepts(&world, AF_INET, ports[1]));
#endif
    }
    finish(&world);
}
END_TEST

/* The next group, which may take sockets of *donor. */
static struct listener_group *prepare_from(struct world *world, struct listener_group *const *donor, const char *text,
                                           bool is_trial) {
    const struct listener_donors donors = {.groups = donor, .count = 1, .is_trial = is_trial};
    const struct listener_options options = options_of(world);
    struct strlist addrs = {0};

    ck_assert_int_eq(strlist_add(&addrs, text), 0);
    struct listener_group *group = listener_group_prepare(&options, &addrs, &donors, &world->error);
    ck_assert_msg(group, "%s", world->error.text);
    strlist_done(&addrs);
    return group;
}

START_TEST(trial_leaves_alone_what_is_in_its_way) {
    struct world world;
    uint16_t port = free_port();
    char one[40], all[40];

    begin(&world);
    snprintf(one, sizeof one, "127.0.0.1:%u", port);
    snprintf(all, sizeof all, "0.0.0.0:%u", port);
    ck_assert(bind_group(&world, one, NULL));
    ck_assert_int_eq(listener_group_open(world.group, &world.error), 0);
    struct listener_group *before = world.group, *next = prepare_from(&world, &before, all, true);
    ck_assert(accepts(&world, AF_INET, port));
    listener_group_free(next);
    next = prepare_from(&world, &before, all, false);
    ck_assert_int_eq(connect_to(AF_INET, port), -1); /* the real one stops it */
    listener_group_free(next);
    ck_assert(accepts(&world, AF_INET, port));
    finish(&world);
}
END_TEST

START_TEST(reserved_port_is_no_one_elses_and_comes_back) {
    struct world world;
    uint16_t port = free_port();
    char text[40];

    begin(&world);
    snprintf(text, sizeof text, "127.0.0.1:%u", port);
    ck_assert(bind_group(&world, text, NULL));
    ck_assert_int_eq(listener_group_open(world.group, &world.error), 0);
    struct listener_group *reserve = listener_group_new_reserve(world.base, world.log);
    listener_group_reserve(reserve, world.group);
    listener_group_free(world.group);
    ck_assert_int_eq(connect_to(AF_INET, port), -1);
    ck_assert_int_eq(bind_port(AF_INET, port), -1);
    world.group = prepare_from(&world, &reserve, text, false);
    listener_group_free(world.group); /* given up: it is in the reserve still, and does not listen */
    ck_assert_int_eq(connect_to(AF_INET, port), -1);
    world.group = prepare_from(&world, &reserve, text, false);
    listener_group_commit(world.group);
    listener_group_free(reserve);
    ck_assert_int_eq(listener_group_open(world.group, &world.error), 0);
    ck_assert(accepts(&world, AF_INET, port));
    finish(&world);
}
END_TEST

static TCase *addresses(void) {
    TCase *group = tcase_create("addresses");

    tcase_add_test(group, numbers_and_paths_are_bound_as_they_are);
    tcase_add_test(group, owner_that_a_bound_socket_cannot_get_is_an_error);
    tcase_add_test(group, wildcard_is_bound_in_both_families);
    tcase_add_test(group, wildcard_needs_one_family_only);
    tcase_add_test(group, wildcard_without_any_family_is_an_error);
    tcase_add_test(group, name_is_bound_at_its_addresses);
    tcase_add_test(group, address_that_cannot_be_bound_is_quoted_and_the_others_are_given_up);
    tcase_add_test(group, address_in_use_is_an_error_unless_it_is_of_a_wildcard);
    return group;
}

static TCase *opening(void) {
    TCase *group = tcase_create("opening");

    tcase_add_test(group, one_port_that_is_taken_does_not_keep_the_others_closed);
    tcase_add_test(group, shut_group_refuses_clients_and_opens_again);
    return group;
}

static TCase *reloads(void) {
    TCase *group = tcase_create("reloads");

    tcase_add_test(group, trial_leaves_alone_what_is_in_its_way);
    tcase_add_test(group, reserved_port_is_no_one_elses_and_comes_back);
    return group;
}

UNIT_MAIN("server/service/listener_group", addresses, opening, reloads)
