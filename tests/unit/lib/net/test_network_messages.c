/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_network_messages: which of the kernel's messages are a change of the network (network_watch_linux.c).
 *
 * They were recorded from Linux 6.18 while `ip` changed a network namespace; of an interface's attributes, which are
 * long and not read, only the beginning is kept.
 */
#include "config.h"

#include "unit.h"

#include "lib/net/network_watch_priv.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__linux__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { MESSAGE_MAX = 512 };

struct bytes {
    uint8_t at[MESSAGE_MAX];
    size_t length;
};

static void add_hex(struct bytes *bytes, const char *hex) {
    char digits[3] = "";
    for (; *hex; hex += 2) {
        memcpy(digits, hex, 2);
        ck_assert_uint_lt(bytes->length, MESSAGE_MAX);
        bytes->at[bytes->length++] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

static bool matters_to(struct network_interfaces *interfaces, const char *hex) {
    struct bytes bytes = {.length = 0};
    add_hex(&bytes, hex);
    return network_watch_system_matters(interfaces, bytes.at, bytes.length);
}

static bool matters(const char *hex) {
    struct network_interfaces interfaces = {.count = 0};
    return matters_to(&interfaces, hex);
}

#define ADDRESS_ADDED                                                                                                  \
    "4c00000014000000b8e90b6bec1b00000218800003000000080001000a000002080002000a00000207000300643000000800080080000000" \
    "14000600ffffffffffffffffea012800ea012800"
#define ADDRESS_PROLONGED                                                                                              \
    "4c00000014000000b8e90b6bf11b00000218000003000000080001000a000002080002000a00000207000300643000000800080000000000" \
    "14000600e8030000e8030000ea0128000a022800"
#define ADDRESS_REMOVED                                                                                                \
    "4c00000015000000bde90b6b3a1c00000218000003000000080001000a000002080002000a00000207000300643000000800080000000000" \
    "14000600cc070000cc070000ea01280034022800"
#define ADDRESS6_ADDED                                                                                                 \
    "480000001400000000000000000000000a40c0000300000014000100fd00000000000000000000000000000214000600ffffffffffffffff" \
    "b3022800b302280008000800c0000000"
#define ROUTE_ADDED                                                                                                    \
    "3400000018000006b9e90b6bf91b000002000000fe0300010000000008000f00fe000000080005000a0000010800040003000000"
#define ROUTE_REMOVED                                                                                                  \
    "3400000019000000b9e90b6bfb1b000002000000fe0300010000000008000f00fe000000080005000a0000010800040003000000"
#define ROUTE_TO_OWN_ADDRESS                                                                                           \
    "3c00000018000006000000000000000002200000ff02fe020000000008000f00ff000000080001000a000002080007000a00000208000400" \
    "03000000"
#define ROUTE_FOR_MULTICAST                                                                                            \
    "740000001800000600000000000000000a080000ff0200050000000008000f00ff00000014000100ff000000000000000000000000000000" \
    "0800060000010000080004000300000024000c00000000000000000000000000000000000000000000000000000000000000000005001400" \
    "00"                                                                                                               \
    "000000"
#define NEIGHBOUR_ADDED                                                                                                \
    "4c0000001c00000000000000001c0000020000000300000080000001080001000a0000090a00020002000000000100000800040000000000" \
    "1400030000000000000000000000000001000000"
#define INTERFACE_DOWN       "2c00000010000000000000000000000000000100030000000210000001000000070003006430000000000000"
#define INTERFACE_NO_CARRIER "2c00000010000000000000000000000000000100030000000310010001000000070003006430000000000000"
#define INTERFACE_UP         "2c00000010000000000000000000000000000100030000004310010000000000070003006430000000000000"
#define INTERFACE_REMOVED    "2c000000110000000000000000000000000001000300000002100000ffffffff070003006430000000000000"

START_TEST(addresses_and_routes_that_come_and_go_are_changes) {
    static const char *const changes[] = {ADDRESS_ADDED, ADDRESS_REMOVED, ADDRESS6_ADDED, ROUTE_ADDED, ROUTE_REMOVED};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        ck_assert_msg(matters(changes[i]), "message %zu", i);
}
END_TEST

START_TEST(what_changes_no_way_to_another_machine_is_no_change) {
    static const char *const noise[] = {ADDRESS_PROLONGED, ROUTE_TO_OWN_ADDRESS, ROUTE_FOR_MULTICAST, NEIGHBOUR_ADDED};
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++)
        ck_assert_msg(!matters(noise[i]), "message %zu", i);
}
END_TEST

START_TEST(an_interface_is_a_change_when_it_goes_up_or_down) {
    static const struct {
        const char *message;
        bool matters;
    } news[] = {{INTERFACE_UP, true},          {INTERFACE_UP, false}, {INTERFACE_NO_CARRIER, true},
                {INTERFACE_NO_CARRIER, false}, {INTERFACE_UP, true},  {INTERFACE_DOWN, true},
                {INTERFACE_DOWN, false}};
    struct network_interfaces interfaces = {.count = 0};
    for (size_t i = 0; i < sizeof news / sizeof *news; i++)
        ck_assert_msg(matters_to(&interfaces, news[i].message) == news[i].matters, "message %zu", i);
    ck_assert_uint_eq(interfaces.count, 1);
}
END_TEST

START_TEST(an_interface_that_is_gone_is_forgotten) {
    struct network_interfaces interfaces = {.count = 0};
    ck_assert(matters_to(&interfaces, INTERFACE_UP));
    ck_assert(matters_to(&interfaces, INTERFACE_REMOVED));
    ck_assert_uint_eq(interfaces.count, 0);
}
END_TEST

/* One message that is there already, with another interface's number each time. */
START_TEST(of_more_interfaces_than_can_be_known_all_news_are_changes) {
    struct network_interfaces interfaces = {.count = 0};
    struct bytes bytes = {.length = 0};
    add_hex(&bytes, INTERFACE_UP);
    for (int round = 0; round < 2; round++) {
        for (int index = 1; index <= NETWORK_INTERFACES_MAX + 2; index++) {
            memcpy(bytes.at + 20, &index, sizeof index);
            bool is_news = round == 0 || index > NETWORK_INTERFACES_MAX;
            ck_assert(network_watch_system_matters(&interfaces, bytes.at, bytes.length) == is_news);
        }
    }
}
END_TEST

START_TEST(a_change_is_found_behind_noise) {
    ck_assert(matters(NEIGHBOUR_ADDED ADDRESS_PROLONGED ADDRESS_REMOVED));
    ck_assert(matters(ROUTE_ADDED NEIGHBOUR_ADDED));
    ck_assert(!matters(NEIGHBOUR_ADDED ADDRESS_PROLONGED));
    ck_assert(!matters(""));
}
END_TEST

static const char *const every_kind[] = {ADDRESS_ADDED,       ADDRESS_PROLONGED, ADDRESS_REMOVED,
                                         ADDRESS6_ADDED,      ROUTE_ADDED,       ROUTE_TO_OWN_ADDRESS,
                                         ROUTE_FOR_MULTICAST, NEIGHBOUR_ADDED,   INTERFACE_UP};
enum { KINDS = sizeof every_kind / sizeof *every_kind };

/* On the heap, so that a sanitizer sees a read behind the end. */
static bool matters_cut(const struct bytes *bytes, size_t length) {
    struct network_interfaces interfaces = {.count = 0};
    uint8_t *cut = malloc(length ? length : 1);
    ck_assert_ptr_nonnull(cut);
    memcpy(cut, bytes->at, length);
    bool result = network_watch_system_matters(&interfaces, cut, length);
    free(cut);
    return result;
}

START_TEST(a_message_that_is_cut_counts_as_a_change) {
    struct bytes bytes = {.length = 0};
    add_hex(&bytes, every_kind[_i]);
    for (size_t length = 1; length < bytes.length; length++)
        ck_assert_msg(matters_cut(&bytes, length), "%zu bytes", length);
}
END_TEST

/* The header tells the cut length as if it were the whole one: attributes are missing, or their lengths do not fit. */
START_TEST(lengths_that_do_not_fit_are_survived) {
    struct bytes bytes = {.length = 0};
    add_hex(&bytes, every_kind[_i]);
    for (uint32_t length = 0; length <= bytes.length; length++) {
        memcpy(bytes.at, &length, sizeof length);
        (void)matters_cut(&bytes, bytes.length);
        (void)matters_cut(&bytes, length);
    }
    for (size_t at = 0; at < bytes.length; at++) {
        struct bytes changed = bytes;
        changed.at[at] = 0xff;
        (void)matters_cut(&changed, changed.length);
        changed.at[at] = 0;
        (void)matters_cut(&changed, changed.length);
    }
}
END_TEST

/* ---- the socket, for which a pair of others stands in ---- */

static void make_pair(int ends[2]) {
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
}

static void send_hex(int fd, const char *hex) {
    struct bytes bytes = {.length = 0};
    add_hex(&bytes, hex);
    ck_assert_int_eq(send(fd, bytes.at, bytes.length, 0), (ssize_t)bytes.length);
}

START_TEST(all_that_has_come_is_read) {
    struct network_interfaces interfaces = {.count = 0};
    int ends[2];
    make_pair(ends);
    ck_assert_int_eq(network_watch_system_read(ends[0], &interfaces), NETWORK_READ_NOTHING);
    send_hex(ends[1], NEIGHBOUR_ADDED);
    ck_assert_int_eq(network_watch_system_read(ends[0], &interfaces), NETWORK_READ_NOTHING);
    send_hex(ends[1], ADDRESS_REMOVED);
    send_hex(ends[1], NEIGHBOUR_ADDED);
    ck_assert_int_eq(network_watch_system_read(ends[0], &interfaces), NETWORK_READ_CHANGE);
    ck_assert_int_eq(network_watch_system_read(ends[0], &interfaces), NETWORK_READ_NOTHING);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* Messages without meaning, of a length that divides that of the buffer: what fits in is whole. */
START_TEST(a_datagram_longer_than_the_buffer_counts_as_a_change) {
    enum { LENGTH = 64, COUNT = 300 };
    static uint8_t datagram[COUNT * LENGTH];
    struct network_interfaces interfaces = {.count = 0};
    struct bytes bytes = {.length = 0};
    int ends[2];
    add_hex(&bytes, NEIGHBOUR_ADDED);
    bytes.at[0] = LENGTH;
    for (size_t i = 0; i < COUNT; i++)
        memcpy(datagram + i * LENGTH, bytes.at, LENGTH);
    make_pair(ends);
    ck_assert(!network_watch_system_matters(&interfaces, datagram, sizeof datagram));
    ck_assert_int_eq(send(ends[1], datagram, sizeof datagram, 0), (ssize_t)sizeof datagram);
    ck_assert_int_eq(network_watch_system_read(ends[0], &interfaces), NETWORK_READ_CHANGE);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static bool run(const char *command) {
    return system(command) == 0;
}

/* The kernel's own messages, more than the socket takes. */
START_TEST(lost_messages_count_as_a_change_and_others_follow) {
    struct network_interfaces interfaces = {.count = 0};
    const int least = 1;
    char drained[64];
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0 || !run("ip link set lo up"))
        return; /* a network that may be changed needs root, and ip of iproute2 */
    struct network_source *source;
    int fd = network_watch_system_open(&source);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least), 0);
    ck_assert(run("for i in 1 2 3 4 5 6 7 8 9; do ip addr add 10.9.0.$i/32 dev lo || exit 1; done"));
    while (recv(fd, drained, sizeof drained, 0) >= 0) { /* up to the error that tells of the loss */
    }
    ck_assert_int_eq(errno, ENOBUFS);
    ck_assert(run("for i in 1 2 3 4 5 6 7 8 9; do ip addr del 10.9.0.$i/32 dev lo || exit 1; done"));
    ck_assert_int_eq(network_watch_system_read(fd, &interfaces), NETWORK_READ_CHANGE);
    ck_assert_int_eq(network_watch_system_read(fd, &interfaces), NETWORK_READ_NOTHING);
    ck_assert(run("ip addr add 10.9.0.1/32 dev lo"));
    ck_assert_int_eq(network_watch_system_read(fd, &interfaces), NETWORK_READ_CHANGE);
    network_watch_system_close(fd, source);
}
END_TEST

START_TEST(a_socket_that_fails_is_given_up) {
    struct network_interfaces interfaces = {.count = 0};
    ck_assert_int_eq(network_watch_system_read(-1, &interfaces), NETWORK_READ_FAILED);
}
END_TEST

static TCase *messages(void) {
    TCase *group = tcase_create("messages");
    tcase_add_test(group, addresses_and_routes_that_come_and_go_are_changes);
    tcase_add_test(group, what_changes_no_way_to_another_machine_is_no_change);
    tcase_add_test(group, an_interface_is_a_change_when_it_goes_up_or_down);
    tcase_add_test(group, an_interface_that_is_gone_is_forgotten);
    tcase_add_test(group, of_more_interfaces_than_can_be_known_all_news_are_changes);
    tcase_add_test(group, a_change_is_found_behind_noise);
    tcase_add_loop_test(group, a_message_that_is_cut_counts_as_a_change, 0, KINDS);
    tcase_add_loop_test(group, lengths_that_do_not_fit_are_survived, 0, KINDS);
    tcase_add_test(group, all_that_has_come_is_read);
    tcase_add_test(group, a_datagram_longer_than_the_buffer_counts_as_a_change);
    tcase_add_test(group, lost_messages_count_as_a_change_and_others_follow);
    tcase_add_test(group, a_socket_that_fails_is_given_up);
    return group;
}
#else
static TCase *messages(void) {
    return tcase_create("messages"); /* recorded on a machine of the other byte order, or for another system */
}
#endif

UNIT_MAIN("lib/net/network_messages", messages)
