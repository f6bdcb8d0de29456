/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * requests: asks the administration API on its Unix socket so many times a second, each path in turn, over connections
 * that it keeps, beside one that follows the events and never reads them.
 *
 *     requests SOCKET RATE SECONDS PATH...
 *
 * Prints one line of JSON: how many were answered, of them refused (503) or failed, the bytes, and the median and p99
 * of an answer's time. Runs on: one thread. Owns: its connections.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 6, BUFFER = 1 << 20, TIMES_MOST = 1 << 20, MS = 1000, SECOND = 1000 * MS, LONGEST_WAIT_MS = 100 };

struct connection {
    int fd;
    bool is_busy, has_head;
    uint64_t sent_us;
    size_t used, wanted; /* of the answer: its head is in the buffer; bytes in all once has_head */
    char head[4096];
};

static struct connection connections[CONNECTIONS];
static char buffer[BUFFER];
static uint32_t times_us[TIMES_MOST];
static uint64_t answered, refused, failed, bytes;

static void fail(const char *what) {
    fprintf(stderr, "requests: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

static int dial(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
        fail(path);
    return fd;
}

static void ask(int fd, const char *path, const char *accept) {
    char text[512];
    int length = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n\r\n", path, accept);
    if (write(fd, text, (size_t)length) != length)
        fail("write");
}

static void ask_next(char **paths, int count, uint64_t number) {
    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &connections[i];
        if (connection->is_busy)
            continue;
        *connection = (struct connection){.fd = connection->fd, .is_busy = true, .sent_us = now_us()};
        ask(connection->fd, paths[number % (uint64_t)count], "application/json, text/plain");
        return;
    }
}

static bool is_any_idle(void) {
    for (int i = 0; i < CONNECTIONS; i++)
        if (!connections[i].is_busy)
            return true;
    return false;
}

/* Finds the end of the answer, by its head. */
static void read_head(struct connection *connection) {
    connection->head[connection->used < sizeof connection->head ? connection->used : sizeof connection->head - 1] =
        '\0';
    const char *end = strstr(connection->head, "\r\n\r\n"), *length = strstr(connection->head, "Content-Length: ");
    if (!end)
        return;
    if (!length)
        fail("an answer without Content-Length");
    connection->has_head = true;
    connection->wanted = (size_t)(end + 4 - connection->head) + strtoul(length + 16, NULL, 10);
}

static void take(struct connection *connection, const char *data, size_t length) {
    if (!connection->has_head) {
        size_t room = sizeof connection->head - 1 - connection->used, part = length < room ? length : room;
        memcpy(connection->head + connection->used, data, part);
    }
    connection->used += length;
    if (!connection->has_head)
        read_head(connection);
    if (!connection->has_head || connection->used < connection->wanted)
        return;
    if (answered < TIMES_MOST)
        times_us[answered] = (uint32_t)(now_us() - connection->sent_us);
    answered++;
    bool is_refused = strncmp(connection->head, "HTTP/1.1 503 ", 13) == 0;
    refused += is_refused;
    failed += !is_refused && strncmp(connection->head, "HTTP/1.1 200 ", 13) != 0;
    bytes += connection->wanted;
    connection->is_busy = false;
}

static void wait_for_answers(int ms) {
    struct pollfd polls[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++)
        polls[i] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
    if (poll(polls, CONNECTIONS, ms) < 0)
        fail("poll");
    for (int i = 0; i < CONNECTIONS; i++) {
        ssize_t length = polls[i].revents ? read(polls[i].fd, buffer, sizeof buffer) : -1;
        if (polls[i].revents && length <= 0)
            fail("the server closed a connection");
        if (length > 0)
            take(&connections[i], buffer, (size_t)length);
    }
}

static int compare(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void report(void) {
    size_t count = answered < TIMES_MOST ? answered : TIMES_MOST;
    qsort(times_us, count, sizeof *times_us, compare);
    printf("{\"answered\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"bytes\": %" PRIu64
           ", \"p50_us\": %u, \"p99_us\": %u}\n",
           answered, refused, failed, bytes, count ? times_us[count / 2] : 0, count ? times_us[count * 99 / 100] : 0);
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: requests SOCKET RATE SECONDS PATH...\n");
        return 2;
    }
    uint64_t rate = strtoul(argv[2], NULL, 10), seconds = strtoul(argv[3], NULL, 10), sent = 0, start = now_us();
    ask(dial(argv[1]), "/v1/events", "text/event-stream"); /* never read */
    for (int i = 0; i < CONNECTIONS; i++)
        connections[i].fd = dial(argv[1]);
    while (now_us() - start < seconds * SECOND) {
        while (sent < (now_us() - start) * rate / SECOND && is_any_idle())
            ask_next(argv + 4, argc - 4, sent++);
        wait_for_answers(is_any_idle() ? 1 : LONGEST_WAIT_MS);
    }
    report();
    return 0;
}
