/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_preauth_table: connections are found by tag while they last and counted by source; their steps are checked.
 */
#include "config.h"

#include "server/auth/preauth_table.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOURCE = 7, SAME_BUCKET = SOURCE + PREAUTH_SOURCES };

static const struct addr peer;
static int far_end = -1;

static void on_readable(evutil_socket_t fd, short what, void *context) {
    struct preauth_conn *conn = context;

    (void)fd;
    *(short *)conn->context = what;
}

static int socket_of_pair(void) {
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    if (far_end >= 0)
        close(far_end);
    far_end = fds[1];
    return fds[0];
}

static struct preauth_conn *add(struct preauth_table *table, uint64_t source, uint64_t now_us) {
    struct preauth_conn *conn = preauth_table_add(table, socket_of_pair(), &peer, source, now_us);

    ck_assert_ptr_nonnull(conn);
    return conn;
}

START_TEST(tag_of_a_closed_connection_finds_nothing) {
    struct event_base *base = event_base_new();
    struct preauth_table table;

    preauth_table_init(&table, base, on_readable, NULL);
    struct preauth_conn *conn = add(&table, SOURCE, 1);
    uint64_t tag = conn->tag;
    int fd = conn->fd;
    ck_assert_ptr_eq(preauth_table_find(&table, tag), conn);
    preauth_table_remove(&table, conn);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    ck_assert_ptr_null(preauth_table_find(&table, tag));
    ck_assert_uint_ne(add(&table, SOURCE, 2)->tag, tag);
    ck_assert_ptr_null(preauth_table_find(&table, tag));
    ck_assert_ptr_null(preauth_table_find(&table, 0));
    ck_assert_ptr_null(preauth_table_find(&table, UINT64_MAX));
    preauth_table_done(&table);
    event_base_free(base);
}
END_TEST

START_TEST(adopted_descriptor_is_not_closed) {
    struct event_base *base = event_base_new();
    struct preauth_table table;

    preauth_table_init(&table, base, on_readable, NULL);
    struct preauth_conn *conn = add(&table, SOURCE, 1);
    int fd = preauth_table_adopt(conn);
    ck_assert_int_eq(conn->fd, -1);
    preauth_table_remove_waiting(&table);
    ck_assert_uint_eq(preauth_table_count(&table), 1);
    preauth_table_remove(&table, conn);
    ck_assert_uint_eq(preauth_table_count(&table), 0);
    ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
    close(fd);
    preauth_table_done(&table);
    event_base_free(base);
}
END_TEST

START_TEST(sources_of_one_bucket_are_counted_apart) {
    struct event_base *base = event_base_new();
    struct preauth_table table;

    preauth_table_init(&table, base, on_readable, NULL);
    for (uint64_t i = 0; i < 3; i++)
        add(&table, SOURCE, i);
    add(&table, SAME_BUCKET, 3);
    ck_assert_uint_eq(preauth_table_count_source(&table, SOURCE, 3), 3);
    ck_assert_uint_eq(preauth_table_count_source(&table, SAME_BUCKET, 3), 1);
    ck_assert_uint_eq(preauth_table_count_source(&table, SOURCE, 5), 0); /* fewer than the limit: not counted */
    preauth_table_done(&table);
    event_base_free(base);
}
END_TEST

START_TEST(oldest_is_found_by_source_and_state) {
    static const uint64_t source = SOURCE, nowhere = 99;
    struct event_base *base = event_base_new();
    struct preauth_table table;

    preauth_table_init(&table, base, on_readable, NULL);
    struct preauth_conn *other = add(&table, SAME_BUCKET, 1), *first = add(&table, SOURCE, 2);
    struct preauth_conn *second = add(&table, SOURCE, 3);
    ck_assert_ptr_eq(preauth_table_oldest(&table, NULL, PREAUTH_WAITING), other);
    ck_assert_ptr_eq(preauth_table_oldest(&table, &source, PREAUTH_WAITING), first);
    close(preauth_table_adopt(first));
    ck_assert_ptr_eq(preauth_table_oldest(&table, &source, PREAUTH_WAITING), second);
    ck_assert_ptr_eq(preauth_table_oldest(&table, NULL, PREAUTH_ADOPTED), first);
    preauth_table_begin_handshake(first, 9);
    ck_assert_ptr_null(preauth_table_oldest(&table, NULL, PREAUTH_ADOPTED));
    ck_assert_ptr_eq(preauth_table_oldest(&table, NULL, PREAUTH_HANDSHAKING), first);
    ck_assert_uint_eq(first->since_us, 9);
    ck_assert_ptr_null(preauth_table_oldest(&table, &nowhere, PREAUTH_WAITING));
    preauth_table_done(&table);
    event_base_free(base);
}
END_TEST

START_TEST(watch_reports_bytes_or_the_deadline) {
    struct event_base *base = event_base_new();
    struct preauth_table table;
    short what = 0;

    preauth_table_init(&table, base, on_readable, &what);
    struct preauth_conn *conn = add(&table, SOURCE, 1);
    ck_assert_int_eq(preauth_table_watch(conn, 60 * 1000000ull), 0);
    ck_assert_int_eq(write(far_end, "x", 1), 1);
    event_base_dispatch(base);
    ck_assert_int_eq(what, EV_READ);
    conn = add(&table, SOURCE, 1); /* nothing to read */
    ck_assert_int_eq(preauth_table_watch(conn, 1000), 0);
    event_base_dispatch(base);
    ck_assert_int_eq(what, EV_TIMEOUT);
    preauth_table_done(&table);
    event_base_free(base);
}
END_TEST

START_TEST(connection_is_not_adopted_twice) {
    struct event_base *base = event_base_new();
    struct preauth_table table;

    preauth_table_init(&table, base, on_readable, NULL);
    struct preauth_conn *conn = add(&table, SOURCE, 1);
    preauth_table_adopt(conn);
    preauth_table_adopt(conn); /* SIGABRT */
}
END_TEST

static TCase *preauth_table_cases(void) {
    TCase *group = tcase_create("preauth_table");

    tcase_add_test(group, tag_of_a_closed_connection_finds_nothing);
    tcase_add_test(group, adopted_descriptor_is_not_closed);
    tcase_add_test(group, sources_of_one_bucket_are_counted_apart);
    tcase_add_test(group, oldest_is_found_by_source_and_state);
    tcase_add_test(group, watch_reports_bytes_or_the_deadline);
    if (!getenv("CK_FORK")) /* without a process of its own the signal would end this one */
        tcase_add_test_raise_signal(group, connection_is_not_adopted_twice, SIGABRT);
    return group;
}

UNIT_MAIN("server/auth/preauth_table", preauth_table_cases)
