/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_probe: the connection of a check is known by where it comes from, and the check learns of its end.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct noted {
    unsigned accepts, opens, ends;
    const struct client *ended; /* at the last end */
} noted;

static void on_accept(void *context) {
    (void)context;
    noted.accepts++;
}

static void on_opened(void *context, const struct check_opened *opened) {
    (void)context, (void)opened;
    noted.opens++;
}

static void on_end(void *context, const struct client *client) {
    (void)context;
    noted.ends++;
    noted.ended = client;
}

/* A socket that has its port, and is not connected yet. */
static int bound_socket(struct service_probe *probe) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    *probe = (struct service_probe){.from = {.host = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = ntohs(name.sin_port)},
                                    .on_accept = on_accept,
                                    .on_opened = on_opened,
                                    .on_end = on_end};
    return fd;
}

static void connect_to_service(struct server_fixture *server_fixture, int fd) {
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(server_fixture->ports[0]),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    server_fixture_run(server_fixture);
}

/* One client is all that the service may have, and it is there already. */
START_TEST(connection_of_a_check_is_admitted_whatever_the_limits_are) {
    struct server_fixture server_fixture;
    struct fake_order first, order;
    struct service_probe probe;
    int fd = bound_socket(&probe);

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].max_clients = 1;
    server_fixture_open(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    struct service *service = server_fixture.server->services.items[0];
    ck_assert(service_begin_probe(service, &probe));
    close(server_fixture_client(&server_fixture, 0, &first));
    ck_assert(!first.client->is_check);
    connect_to_service(&server_fixture, fd);
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert(order.client->is_check);
    ck_assert_uint_eq(noted.accepts, 1);
    struct client *client = order.client;
    service_probe_opened(service, &(struct check_opened){.client = first.client});
    ck_assert_uint_eq(noted.opens, 0);
    service_probe_opened(service, &(struct check_opened){.client = client});
    ck_assert_uint_eq(noted.opens, 1);
    fake_give_back(&first, CLIENT_ENDED);
    ck_assert_uint_eq(noted.ends, 0);
    fake_give_back(&order, CLIENT_ENDED);
    ck_assert_uint_eq(noted.ends, 1);
    ck_assert_ptr_eq(noted.ended, client);
    close(fd);
    server_fixture_clear(&server_fixture);
    ck_assert_uint_eq(noted.ends, 2); /* the service goes */
    ck_assert_ptr_null(noted.ended);
}
END_TEST

START_TEST(service_has_one_probe_and_none_after_its_end) {
    struct server_fixture server_fixture;
    struct fake_order order;
    struct service_probe probe, other;
    int fd = bound_socket(&probe), other_fd = bound_socket(&other);

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    struct service *service = server_fixture.server->services.items[0];
    ck_assert(service_begin_probe(service, &probe));
    ck_assert(!service_begin_probe(service, &other));
    service_end_probe(service);
    ck_assert(service_begin_probe(service, &other));
    service_end_probe(service);
    connect_to_service(&server_fixture, other_fd);
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert(!order.client->is_check);
    close(fd);
    server_fixture_end(&server_fixture, other_fd, &order);
    ck_assert_uint_eq(noted.accepts + noted.ends, 0);
}
END_TEST

static TCase *probes(void) {
    TCase *group = tcase_create("probes");

    tcase_add_test(group, connection_of_a_check_is_admitted_whatever_the_limits_are);
    tcase_add_test(group, service_has_one_probe_and_none_after_its_end);
    return group;
}

UNIT_MAIN("server/service/service_probe", probes)
