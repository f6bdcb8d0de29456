/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_publish_port: which ports can be opened for a service that an agent offers.
 */
#include "config.h"

#include "conf/server_published.h"
#include "lib/net/sock.h"
#include "server/service/publish_port.h"
#include "unit.h"

static const char file[] = "{ \"publish\": { \"listen\": \"127.0.0.1\", \"address\": \"relay.example\" } }";

/* On a port that the system chooses. */
static evutil_socket_t occupy(unsigned *port) {
    struct error error = {""};
    struct endpoint endpoint = {.host = "127.0.0.1"};
    struct addr addr;

    ck_assert(addr_from_endpoint(&addr, &endpoint));
    evutil_socket_t fd = sock_bind(&addr, &error);
    ck_assert_msg(fd >= 0 && sock_listen(fd, 1) == 0, "%s", error.text);
    sock_local_addr(fd, &addr);
    *port = addr_port(&addr);
    return fd;
}

START_TEST(port_of_another_program_cannot_be_opened) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", file), &error);
    unsigned port = 0;

    ck_assert_msg(conf, "%s", error.text);
    evutil_socket_t fd = occupy(&port);
    ck_assert(!publish_port_can_open(conf, port));
    sock_close(fd);
    ck_assert(publish_port_can_open(conf, port));
    server_config_free(conf);
}
END_TEST

START_TEST(port_that_a_published_service_has_may_go_to_another_one) {
    struct error error = {""};
    struct server_config *conf = server_config_read(unit_text_file("munnel.json", file), &error);
    char destination[] = "localhost:1", *items[] = {destination};
    const struct strlist to = {items, 1};
    unsigned port = 0;

    ck_assert_msg(conf, "%s", error.text);
    evutil_socket_t fd = occupy(&port);
    const struct config_published web = {.name = "web", .to = &to, .host = "", .port = port, .publisher = "a"};
    ck_assert_msg(server_config_publish(conf, &web, &error) == 0, "%s", error.text);
    ck_assert(publish_port_can_open(conf, port));
    sock_close(fd);
    server_config_free(conf);
}
END_TEST

static TCase *ports(void) {
    TCase *group = tcase_create("ports");

    tcase_add_test(group, port_of_another_program_cannot_be_opened);
    tcase_add_test(group, port_that_a_published_service_has_may_go_to_another_one);
    return group;
}

UNIT_MAIN("server/service/publish_port", ports)
