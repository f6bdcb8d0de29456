/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_backpressure: a reader that is slow or stopped costs a bounded amount of memory and delays no other relay.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/proc_stats.h"
#include "harness/scenario.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 5000, MEGABYTE = 1000 * 1000, SLOW = 8 };
enum { WINDOW_KB = 4096 /* at most: it begins with an eighth */, BLOCKS_KB = 8192 };

struct slow_setup {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct destination *source, *exchange, *hold;
    uint16_t source_port, exchange_port, hold_port;
};

static struct slow_setup slow_start(const char *name) {
    struct slow_setup slow = {.sandbox = sandbox_new(name)};
    slow.source = destination_start(handle_source, NULL);
    slow.exchange = destination_start(handle_exchange, NULL);
    slow.hold = destination_start(NULL, NULL);
    slow.source_port = port_take();
    slow.exchange_port = port_take();
    slow.hold_port = port_take();
    const char *services =
        sandbox_text(slow.sandbox, "%s, %s, %s",
                     service_to(slow.sandbox, "source", slow.source_port, destination_port(slow.source), NULL),
                     service_to(slow.sandbox, "exchange", slow.exchange_port, destination_port(slow.exchange), NULL),
                     service_to(slow.sandbox, "hold", slow.hold_port, destination_port(slow.hold), NULL));
    slow.server = server_start(slow.sandbox, (struct server_plan){.services = services});
    slow.agent = agent_join_warm(&slow.server, "alpha", NULL);
    return slow;
}

static void slow_end(struct slow_setup *slow) {
    destination_free(slow->source);
    destination_free(slow->exchange);
    destination_free(slow->hold);
    sandbox_free(slow->sandbox);
}

/* The time of one exchange, in ms: the best of three, as the machine has other things to do. */
static uint64_t exchange_ms(struct slow_setup *slow, uint64_t tag) {
    uint64_t best = UINT64_MAX;
    for (uint64_t i = 0; i < 3; i++) {
        struct relayed relayed = {slow->exchange_port, slow->exchange, tag + 10 * i, 20 * MEGABYTE, 20 * MEGABYTE, 0};
        uint64_t start = now_ms();
        const char *wrong = relayed_differs(&relayed, 30000);
        ck_assert_msg(!wrong, "%s", wrong);
        uint64_t took = now_ms() - start;
        best = took < best ? took : best;
    }
    return best;
}

struct memory {
    unsigned server, agent;
};

static struct memory memory_of(struct slow_setup *slow) {
    return (struct memory){proc_stats_memory_kb(process_pid(slow->server.process)),
                           proc_stats_memory_kb(process_pid(slow->agent))};
}

/* A window waits for a reader, kept by the one program until the other has passed it on; the rest is for blocks that
 * the threads keep. */
static void assert_memory_bounded(struct slow_setup *slow, struct memory before, unsigned relays) {
    struct memory now = memory_of(slow);
    unsigned allowed = relays * WINDOW_KB + BLOCKS_KB;
    printf("# %u stuck relays: %d KiB more in the server, %d in the agent\n", relays,
           (int)now.server - (int)before.server, (int)now.agent - (int)before.agent);
    if (proc_stats_sanitized())
        return; /* a sanitizer keeps what is freed */
    ck_assert_uint_le(now.server, before.server + allowed);
    ck_assert_uint_le(now.agent, before.agent + allowed);
}

static int connect_narrow(uint16_t port) {
    int fd = socket_client(port), size = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return fd;
}

static uint64_t sent_by(struct destination *source) {
    uint64_t sent = 0;
    for (unsigned i = 0; i < destination_connections(source); i++)
        sent += destination_connection(source, i)->bytes_sent;
    return sent;
}

/* Waits until the endless sources are stuck: everything between them and the readers is full. */
static void await_stuck(struct destination *source) {
    uint64_t before, deadline = deadline_in(15000);
    do {
        before = sent_by(source);
        HOLDS_WITHIN(700, sent_by(source) != before);
    } while (sent_by(source) != before && deadline_left(deadline) > 0);
    ck_assert_msg(sent_by(source) == before, "the sources are never held back: %ju bytes so far", (uintmax_t)before);
}

struct reader { /* one kilobyte a second, for some seconds */
    int fds[SLOW];
    unsigned seconds;
    bool went_wrong;
};

static void *read_slowly(void *context) {
    struct reader *reader = context;
    char part[1000];
    for (unsigned second = 0; second < reader->seconds; second++) {
        for (int i = 0; i < SLOW; i++)
            reader->went_wrong |= socket_read(reader->fds[i], part, sizeof part, NULL, ASK_MS) != END_NONE;
        sleep(1);
    }
    return NULL;
}

START_TEST(slow_readers_of_endless_sources_take_little_memory_and_delay_no_other) {
    struct slow_setup slow = slow_start(__func__);
    exchange_ms(&slow, 1000); /* warm */
    uint64_t alone = exchange_ms(&slow, 2000);
    struct memory before = memory_of(&slow);
    struct reader reader = {.seconds = 8};
    pthread_t thread;
    for (int i = 0; i < SLOW; i++)
        reader.fds[i] = connect_narrow(slow.source_port);
    destination_await_connections(slow.source, SLOW, ASK_MS);
    await_stuck(slow.source);
    ck_assert_int_eq(pthread_create(&thread, NULL, read_slowly, &reader), 0);
    assert_memory_bounded(&slow, before, SLOW);
    uint64_t beside = exchange_ms(&slow, 3000);
    printf("# an exchange takes %ju ms alone, %ju beside slow readers\n", (uintmax_t)alone, (uintmax_t)beside);
    ck_assert_uint_le(beside, 2 * alone + 200);
    pthread_join(thread, NULL);
    ck_assert(!reader.went_wrong);
    assert_memory_bounded(&slow, before, SLOW);
    for (int i = 0; i < SLOW; i++)
        close(reader.fds[i]);
    destination_await_ended(slow.source, SLOW, ASK_MS);
    slow_end(&slow);
}
END_TEST

/* The other way: a client that never stops sending to a destination that reads nothing. */
START_TEST(a_destination_that_does_not_read_holds_its_clients_back) {
    static char part[100000];
    struct slow_setup slow = slow_start(__func__);
    exchange_ms(&slow, 1000);
    struct memory before = memory_of(&slow);
    int fds[SLOW];
    uint64_t sent = 0;
    for (int i = 0; i < SLOW; i++) {
        fds[i] = socket_client(slow.hold_port);
        while (sent < UINT64_C(64) * MEGABYTE * ((unsigned)i + 1) && socket_send(fds[i], part, sizeof part, 700))
            sent += sizeof part;
        ck_assert_msg(sent < UINT64_C(64) * MEGABYTE * ((unsigned)i + 1), "client %d is never held back", i);
    }
    assert_memory_bounded(&slow, before, SLOW);
    ck_assert_uint_lt(exchange_ms(&slow, 2000), 20000 * slow_factor());
    for (int i = 0; i < SLOW; i++)
        close(fds[i]);
    slow_end(&slow);
}
END_TEST

/* Each byte a packet of its own: what waits is measured in bytes and must not cost a buffer for each. */
START_TEST(single_bytes_for_a_stuck_destination_take_little_memory) {
    struct slow_setup slow = slow_start(__func__);
    exchange_ms(&slow, 1000);
    struct memory before = memory_of(&slow);
    static char block[4 * MEGABYTE];
    int fd = socket_client(slow.hold_port);
    socket_send(fd, block, sizeof block, 1000); /* fills the kernels' buffers on the far side */
    int other = socket_client(slow.hold_port);
    for (int i = 0; i < 300000 && socket_send(other, "x", 1, 700); i++)
        continue;
    for (int i = 0; i < 20000 && socket_send(fd, "x", 1, 200); i++)
        continue;
    assert_memory_bounded(&slow, before, 2);
    close(fd);
    close(other);
    slow_end(&slow);
}
END_TEST

static unsigned cpu_of(struct slow_setup *slow) {
    return proc_stats_cpu_ms(process_pid(slow->server.process)) + proc_stats_cpu_ms(process_pid(slow->agent));
}

/* Waits until the programs have nothing to do: everything on the way is full. */
static void await_quiet(struct slow_setup *slow) {
    unsigned before;
    do
        before = cpu_of(slow);
    while (HOLDS_WITHIN(300, cpu_of(slow) != before));
}

/* A reader that stops and goes on, again and again, gets everything. */
START_TEST(a_reader_that_wakes_up_gets_everything) {
    static char part[6 * MEGABYTE];
    struct slow_setup slow = slow_start(__func__);
    struct exchange_request exchange_request = {.tag = 5, .seed = 6, .length = 40 * MEGABYTE};
    struct tally_result got, wanted;
    struct tally *tally = tally_new();
    int fd = socket_client(slow.exchange_port);
    ck_assert(socket_send(fd, &exchange_request, sizeof exchange_request, ASK_MS));
    socket_finish(fd);
    size_t count;
    enum end end;
    do {
        await_quiet(&slow);
        end = socket_read(fd, part, sizeof part, &count, 10000);
        tally_add(tally, part, count);
    } while (end == END_NONE);
    ck_assert_int_eq(end, END_FILE);
    close(fd);
    tally_end(tally, &got);
    tally_of_source(&wanted, 6, exchange_request.length);
    ck_assert(tally_same(&got, &wanted));
    slow_end(&slow);
}
END_TEST

SCENARIO_MAIN("backpressure", SCENARIO(slow_readers_of_endless_sources_take_little_memory_and_delay_no_other, 90),
              SCENARIO(a_destination_that_does_not_read_holds_its_clients_back, 90),
              SCENARIO(single_bytes_for_a_stuck_destination_take_little_memory, 60),
              SCENARIO(a_reader_that_wakes_up_gets_everything, 90))
