/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * backends_windows: what a message costs in a loop of libevent beside idle sockets, by each backend for Windows.
 *
 *   backends_windows.exe [IDLE]...       1,000 messages of a byte beside so many idle sockets (0, 100, 1000)
 *
 * Prints a line of JSON for each: the backend, how many sockets were idle, and microseconds per message. The sends and
 * receives cost the same in both, so that what grows with the idle sockets is the backend's own.
 *
 * Runs on: one thread. Owns: the sockets of a run. README.md tells how to compile it.
 */
#include <winsock2.h>

#include <event2/event.h>
#include <event2/util.h>

#include <stdio.h>
#include <stdlib.h>

enum { MESSAGES = 1000 };

struct pair {
    evutil_socket_t ends[2];
    struct event *readable;
};

struct run {
    struct event_base *base;
    struct pair *idle, busy;
    unsigned idle_count;
    unsigned left;
};

static void die(const char *what) {
    fprintf(stderr, "backends_windows: %s\n", what);
    exit(1);
}

static void send_byte(struct run *run) {
    if (send((SOCKET)run->busy.ends[0], "x", 1, 0) != 1)
        die("send");
}

static void on_readable(evutil_socket_t fd, short events, void *context) {
    struct run *run = context;
    char byte;
    (void)events;
    if (recv((SOCKET)fd, &byte, 1, 0) != 1)
        die("recv");
    if (--run->left == 0)
        event_base_loopbreak(run->base);
    else
        send_byte(run);
}

static struct pair pair_open(struct run *run) {
    struct pair pair = {0};
    if (evutil_socketpair(AF_INET, SOCK_STREAM, 0, pair.ends) != 0 || evutil_make_socket_nonblocking(pair.ends[1]) != 0)
        die("no sockets");
    pair.readable = event_new(run->base, pair.ends[1], EV_READ | EV_PERSIST, on_readable, run);
    if (!pair.readable || event_add(pair.readable, NULL) != 0)
        die("event_add");
    return pair;
}

static void pair_close(struct pair *pair) {
    event_free(pair->readable);
    evutil_closesocket(pair->ends[0]);
    evutil_closesocket(pair->ends[1]);
}

/* With a backend that is not the one named. */
static struct event_base *base_without(const char *backend) {
    struct event_config *config = event_config_new();
    if (!config || event_config_avoid_method(config, backend) != 0)
        die("event_config");
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (!base)
        die("no such backend");
    return base;
}

static void run_open(struct run *run, const char *without) {
    run->base = base_without(without);
    run->busy = pair_open(run);
    run->idle = calloc(run->idle_count + 1, sizeof *run->idle);
    if (!run->idle)
        die("no memory");
    for (unsigned i = 0; i < run->idle_count; i++)
        run->idle[i] = pair_open(run);
}

static void run_close(struct run *run) {
    for (unsigned i = 0; i < run->idle_count; i++)
        pair_close(&run->idle[i]);
    free(run->idle);
    pair_close(&run->busy);
    event_base_free(run->base);
}

static void measure(const char *without, unsigned idle) {
    LARGE_INTEGER begin, end, frequency;
    struct run run = {.idle_count = idle, .left = MESSAGES};
    run_open(&run, without);
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&begin);
    send_byte(&run);
    event_base_dispatch(run.base);
    QueryPerformanceCounter(&end);
    double us = (double)(end.QuadPart - begin.QuadPart) * 1e6 / (double)frequency.QuadPart / MESSAGES;
    printf("{\"backend\":\"%s\",\"idle\":%u,\"us_per_message\":%.1f}\n", event_base_get_method(run.base), idle, us);
    fflush(stdout);
    run_close(&run);
}

static void measure_both(unsigned idle) {
    measure("win32", idle);
    measure("wepoll", idle);
}

int main(int argc, char **argv) {
    static const unsigned usual[] = {0, 100, 1000};
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        die("WSAStartup");
    for (int i = 1; i < argc; i++)
        measure_both((unsigned)strtoul(argv[i], NULL, 10));
    for (size_t i = 0; argc == 1 && i < sizeof usual / sizeof *usual; i++)
        measure_both(usual[i]);
    WSACleanup();
    return 0;
}
