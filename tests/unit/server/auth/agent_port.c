/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_port: see agent_port.h.
 */
#include "config.h"

#include "server/auth/agent_port.h"

#include "server/client_hello.h"
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

int connect_agent(struct server_fixture *server_fixture) {
    server_fixture->ports[3] = server_fixture->agent_port;
    return server_fixture_connect(server_fixture, 3);
}

/* Connects and sends a ClientHello, which `order` adopts; returns the agent's end. */
int begin_handshake(struct server_fixture *server_fixture, struct fake_order *order) {
    int fd = connect_agent(server_fixture);

    ck_assert_int_eq(write(fd, client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(server_fixture, FAKE_ADOPT, 1));
    ck_assert(fake_take(FAKE_ADOPT, order));
    return fd;
}

/* The event of the plane: the connection with this tag is gone, and HELLO has not come. */
void end_link(uint64_t tag, bool no_hello, bool timed_out) {
    struct link_end end = {
        .link = fake_link(), .tag = tag, .no_hello = no_hello, .timed_out = timed_out, .detail = "connection lost"};

    fake_options()->events->on_gone(fake_options()->context, &end);
}

void lose(uint64_t tag, bool no_hello) {
    end_link(tag, no_hello, false);
}

void close_both(int fd, const struct fake_order *adopted) {
    close(fd);
    close(adopted->fd);
}

bool is_adopted(struct server_fixture *server_fixture) {
    struct fake_order order;
    int fd = connect_agent(server_fixture);

    (void)send(fd, client_hello, sizeof client_hello, MSG_NOSIGNAL); /* fails where it was refused */
    server_fixture_run(server_fixture);
    bool is_adopted = fake_take(FAKE_ADOPT, &order);
    if (is_adopted) {
        close(order.fd);
        lose(order.tag, false);
    }
    close(fd);
    return is_adopted;
}
