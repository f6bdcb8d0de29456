/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * clients: HTTP clients that come all at once, each with a few requests on its connection (keep-alive), once.
 *
 *   clients ADDRESS PORT PATH CLIENTS REQUESTS
 *
 * All connect before the first is served; each sends its next request when the answer to the one before is complete.
 * Prints one line of JSON, times in microseconds: of the first answers (from connect() to the answer's last byte) the
 * median and the worst, and `all`: when the last client had its last answer. Ends after LIMIT_MS at the latest; a
 * client that has not all its answers by then has failed.
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

enum { MOST = 1000, EVENTS = 256, LIMIT_MS = 15000, ANSWER_SIZE = 4096 };

struct client {
    int fd;
    unsigned asked, answered;
    uint64_t began_us;
    size_t length; /* of the answer so far */
    char answer[ANSWER_SIZE];
};

struct load {
    struct sockaddr_in to;
    int loop;
    char request[512];
    unsigned count, requests, done, failed, first_answers;
    struct client *clients;
    uint32_t *first_us;
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

static void client_end(struct client *client, unsigned *counter) {
    close(client->fd);
    client->fd = -1;
    ++*counter;
}

static void client_start(struct load *load, struct client *client) {
    int yes = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        die("socket");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    client->began_us = now_us();
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
    if (connect(client->fd, (struct sockaddr *)&load->to, sizeof load->to) && errno != EINPROGRESS) {
        client_end(client, &load->failed);
    } else if (epoll_ctl(load->loop, EPOLL_CTL_ADD, client->fd, &event)) {
        die("epoll_ctl");
    }
}

static void client_ask(struct load *load, struct client *client) {
    size_t length = strlen(load->request);
    if (write(client->fd, load->request, length) != (ssize_t)length) {
        client_end(client, &load->failed);
        return;
    }
    client->asked++;
    client->length = 0;
}

/* Connected, or not: the first request's write tells. */
static void client_connected(struct load *load, struct client *client) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    epoll_ctl(load->loop, EPOLL_CTL_MOD, client->fd, &event);
    client_ask(load, client);
}

/* Of an answer as nginx gives it to a small file: a Content-Length, all of it within ANSWER_SIZE. */
static bool is_complete(const struct client *client) {
    const char *body = strstr(client->answer, "\r\n\r\n");
    const char *field = strcasestr(client->answer, "\r\nContent-Length:");
    if (!body || !field || field > body)
        return false;
    size_t head = (size_t)(body + 4 - client->answer);
    return client->length >= head + strtoul(field + sizeof "\r\nContent-Length:" - 1, NULL, 10);
}

static void client_answered(struct load *load, struct client *client) {
    if (client->answered++ == 0)
        load->first_us[load->first_answers++] = (uint32_t)(now_us() - client->began_us);
    if (client->answered < load->requests) {
        client_ask(load, client);
    } else {
        client_end(client, &load->done);
    }
}

static void client_read(struct load *load, struct client *client) {
    ssize_t length = read(client->fd, client->answer + client->length, ANSWER_SIZE - 1 - client->length);
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0) {
        client_end(client, &load->failed);
        return;
    }
    client->length += (size_t)length;
    client->answer[client->length] = '\0';
    if (client->length >= 12 && strncmp(client->answer, "HTTP/1.1 200", 12) != 0) {
        client_end(client, &load->failed);
    } else if (is_complete(client)) {
        client_answered(load, client);
    }
}

static void on_event(struct load *load, struct client *client) {
    if (client->asked == 0) {
        client_connected(load, client);
    } else {
        client_read(load, client);
    }
}

static void serve_all(struct load *load, uint64_t began_us) {
    while (load->done + load->failed < load->count) {
        uint64_t passed_ms = (now_us() - began_us) / 1000;
        struct epoll_event events[EVENTS];
        int ready = passed_ms < LIMIT_MS ? epoll_wait(load->loop, events, EVENTS, LIMIT_MS - (int)passed_ms) : 0;
        for (int i = 0; i < ready; i++)
            on_event(load, events[i].data.ptr);
        if (ready == 0) {
            load->failed = load->count - load->done;
            return;
        }
    }
}

static int by_size(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void report(struct load *load, uint64_t all_us) {
    printf("{\"done\": %u, \"failed\": %u, \"all_us\": %llu", load->done, load->failed, (unsigned long long)all_us);
    if (load->first_answers > 0) {
        qsort(load->first_us, load->first_answers, sizeof *load->first_us, by_size);
        printf(", \"first_median_us\": %u, \"first_max_us\": %u", load->first_us[load->first_answers / 2],
               load->first_us[load->first_answers - 1]);
    }
    puts("}");
}

static void read_arguments(struct load *load, char **argv) {
    load->to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    load->count = (unsigned)strtoul(argv[4], NULL, 10);
    load->requests = (unsigned)strtoul(argv[5], NULL, 10);
    if (inet_pton(AF_INET, argv[1], &load->to.sin_addr) != 1 || load->count == 0 || load->count > MOST ||
        load->requests == 0 || load->requests > MOST) {
        fprintf(stderr, "clients: an IPv4 address; 1 to %d clients and requests\n", MOST);
        exit(2);
    }
    snprintf(load->request, sizeof load->request, "GET %.400s HTTP/1.1\r\nHost: bench\r\n\r\n", argv[3]);
}

int main(int argc, char **argv) {
    struct load load = {.to = {.sin_family = AF_INET}};
    if (argc != 6) {
        fprintf(stderr, "usage: clients ADDRESS PORT PATH CLIENTS REQUESTS\n");
        return 2;
    }
    read_arguments(&load, argv);
    load.loop = epoll_create1(EPOLL_CLOEXEC);
    load.clients = calloc(load.count, sizeof *load.clients);
    load.first_us = calloc(load.count, sizeof *load.first_us);
    if (load.loop < 0 || !load.clients || !load.first_us)
        die("start");
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    uint64_t began_us = now_us();
    for (unsigned i = 0; i < load.count; i++)
        client_start(&load, &load.clients[i]);
    serve_all(&load, began_us);
    report(&load, now_us() - began_us);
    return 0;
}
