/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * parallel_clients: many clients at once, each on a thread.
 */
#include "config.h"

#include "harness/parallel_clients.h"

#include "harness/deadline.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { THREADS_MAX = 256 };

struct clients {
    parallel_clients_work work;
    void *context;
    unsigned jobs;
    atomic_uint next;
    _Atomic(const char *) wrong;
    atomic_uint wrong_job;
};

static void *work_on(void *context) {
    struct clients *clients = context;
    unsigned job;
    while (!clients->wrong && (job = clients->next++) < clients->jobs) {
        const char *wrong = clients->work(job, clients->context), *none = NULL;
        if (wrong && atomic_compare_exchange_strong(&clients->wrong, &none, wrong))
            clients->wrong_job = job;
    }
    return NULL;
}

void parallel_clients_run(unsigned threads, unsigned jobs, parallel_clients_work work, void *context) {
    struct clients clients = {.work = work, .context = context, .jobs = jobs};
    pthread_t all[THREADS_MAX];
    ck_assert_uint_le(threads, THREADS_MAX);
    for (unsigned i = 0; i < threads; i++)
        ck_assert_int_eq(pthread_create(&all[i], NULL, work_on, &clients), 0);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(all[i], NULL);
    ck_assert_msg(!clients.wrong, "client %u: %s", clients.wrong_job, clients.wrong);
}

static const char *compare(const struct relayed *relayed, const struct exchange *exchange) {
    struct tally_result answer;
    tally_of_source(&answer, relayed->tag + 1, relayed->down);
    if (exchange->end != END_FILE)
        return exchange->end == END_RESET ? "the relay was reset" : "the answer did not end in time";
    if (!tally_same(&exchange->received, &answer))
        return exchange->received.bytes == answer.bytes ? "the answer's bytes were changed"
                                                        : "the answer is not as long as it was sent";
    if (!exchange->sent_all || exchange->sent.bytes != relayed->up)
        return "not everything could be sent";
    struct connection *connection = NULL;
    if (!HOLDS_WITHIN(10000, (connection = destination_tagged(relayed->destination, relayed->tag))))
        return "the destination did not see the end";
    if (connection->end != END_FILE)
        return "the destination saw no clean end";
    return tally_same(&connection->received, &exchange->sent) ? NULL : "the destination received something else";
}

const char *relayed_differs(const struct relayed *relayed, unsigned ms) {
    struct exchange_request exchange_request = {.tag = relayed->tag, .seed = relayed->tag + 1, .length = relayed->down};
    struct exchange exchange = {.seed = relayed->tag + 2,
                                .length = relayed->up,
                                .largest_write = relayed->largest_write};
    int fd = socket_try("127.0.0.1", relayed->port);
    if (fd < 0)
        return "cannot connect";
    if (!socket_send(fd, &exchange_request, sizeof exchange_request, ms)) {
        close(fd);
        return "cannot send";
    }
    socket_exchange(fd, &exchange, ms);
    close(fd);
    return compare(relayed, &exchange);
}
