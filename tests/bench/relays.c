/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relays: opens connections to an echo destination, times the first byte of each and holds them open, idle.
 *
 *   relays ADDRESS PORT        and on its standard input, a line each:
 *   open COUNT AT_ONCE         COUNT more, no more than AT_ONCE of them unanswered; answers with one line of JSON
 *   close                      closes all; answers {}
 *
 * A connection counts as open when the byte that it sent right after connecting has come back: then a relay stands
 * from end to end. Times are microseconds from connect() to that byte. Ends at the end of its input.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 200000, EVENTS = 256, STALL_MS = 15000 };

enum state { RELAY_CLOSED, RELAY_CONNECTING, RELAY_ASKED, RELAY_OPEN };

struct relay {
    enum state state;
    uint64_t began_us;
};

struct load {
    struct sockaddr_in to;
    int loop;
    struct relay *relays; /* by fd */
    uint32_t *times;      /* of this batch */
    unsigned opened, failed, under_way;
};

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void relay_fail(struct load *load, int fd) {
    close(fd);
    load->relays[fd].state = RELAY_CLOSED;
    load->under_way--;
    load->failed++;
}

static void relay_start(struct load *load) {
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || fd >= MOST)
        die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    load->relays[fd] = (struct relay){RELAY_CONNECTING, now_us()};
    load->under_way++;
    struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
    if (connect(fd, (struct sockaddr *)&load->to, sizeof load->to) && errno != EINPROGRESS) {
        relay_fail(load, fd);
    } else if (epoll_ctl(load->loop, EPOLL_CTL_ADD, fd, &event)) {
        die("epoll_ctl");
    }
}

static void relay_ask(struct load *load, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (write(fd, "?", 1) != 1) {
        relay_fail(load, fd);
        return;
    }
    load->relays[fd].state = RELAY_ASKED;
    epoll_ctl(load->loop, EPOLL_CTL_MOD, fd, &event);
}

static void relay_answered(struct load *load, int fd) {
    char byte;
    if (read(fd, &byte, 1) != 1) {
        relay_fail(load, fd);
        return;
    }
    load->relays[fd].state = RELAY_OPEN;
    load->times[load->opened++] = (uint32_t)(now_us() - load->relays[fd].began_us);
    load->under_way--;
    epoll_ctl(load->loop, EPOLL_CTL_DEL, fd, NULL); /* held, not watched */
}

static void on_event(struct load *load, int fd) {
    switch (load->relays[fd].state) {
    case RELAY_CONNECTING:
        relay_ask(load, fd);
        break;
    case RELAY_ASKED:
        relay_answered(load, fd);
        break;
    default:
        break;
    }
}

/* What has not come back when nothing at all has happened for STALL_MS will not come back. */
static void give_up(struct load *load) {
    for (int fd = 0; fd < MOST; fd++) {
        if (load->relays[fd].state == RELAY_CONNECTING || load->relays[fd].state == RELAY_ASKED)
            relay_fail(load, fd);
    }
}

static int by_size(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void answer(struct load *load, uint64_t began_us) {
    unsigned count = load->opened;
    double seconds = (double)(now_us() - began_us) / 1e6;
    qsort(load->times, count, sizeof *load->times, by_size);
    printf("{\"opened\": %u, \"failed\": %u, \"seconds\": %.6f", count, load->failed, seconds);
    if (count > 0) {
        printf(", \"min_us\": %u, \"median_us\": %u, \"p99_us\": %u, \"max_us\": %u", load->times[0],
               load->times[count / 2], load->times[(size_t)count * 99 / 100], load->times[count - 1]);
    }
    puts("}");
    fflush(stdout);
}

static void open_relays(struct load *load, unsigned count, unsigned at_once) {
    uint64_t began_us = now_us();
    load->opened = load->failed = load->under_way = 0;
    while (load->opened + load->failed < count) {
        while (load->under_way < at_once && load->opened + load->failed + load->under_way < count)
            relay_start(load);
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(load->loop, events, EVENTS, STALL_MS);
        for (int i = 0; i < ready; i++)
            on_event(load, events[i].data.fd);
        if (ready == 0) {
            give_up(load);
            break;
        }
    }
    answer(load, began_us);
}

static void close_relays(struct load *load) {
    for (int fd = 0; fd < MOST; fd++) {
        if (load->relays[fd].state != RELAY_CLOSED) {
            close(fd);
            load->relays[fd].state = RELAY_CLOSED;
        }
    }
    puts("{}");
    fflush(stdout);
}

static void obey(struct load *load) {
    char line[128];
    while (fgets(line, sizeof line, stdin)) {
        unsigned count, at_once;
        if (sscanf(line, "open %u %u", &count, &at_once) == 2 && count <= MOST && at_once > 0) {
            open_relays(load, count, at_once);
        } else if (strcmp(line, "close\n") == 0) {
            close_relays(load);
        } else {
            fprintf(stderr, "relays: not understood: %s", line);
            exit(2);
        }
    }
}

int main(int argc, char **argv) {
    struct load load = {.to = {.sin_family = AF_INET}};
    if (argc != 3 || inet_pton(AF_INET, argv[1], &load.to.sin_addr) != 1) {
        fprintf(stderr, "usage: relays ADDRESS PORT\n");
        return 2;
    }
    load.to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    load.loop = epoll_create1(EPOLL_CLOEXEC);
    load.relays = calloc(MOST, sizeof *load.relays);
    load.times = calloc(MOST, sizeof *load.times);
    if (load.loop < 0 || !load.relays || !load.times)
        die("start");
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    obey(&load);
    return 0;
}
