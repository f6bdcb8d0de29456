/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagrams: clients of a UDP service as games and questions have them, and a destination that sends all back.
 *
 *   datagrams echo ADDRESS PORT                                  until it is ended
 *   datagrams stream ADDRESS PORT CLIENTS BYTES SECONDS RATE     each client sends RATE datagrams a second
 *   datagrams ask ADDRESS PORT CLIENTS BYTES SECONDS             each client sends its next when it has its answer
 *
 * Each client has a socket of its own. In a stream the clients send by turns, evenly over the time, whatever comes
 * back. Who asks waits ANSWER_MS for an answer, and asks again then. Prints one line of JSON, times in microseconds
 * from send() to recv(): `lost` did not come back within LATE_MS of the end (of `ask`: within ANSWER_MS), `wrong` are
 * datagrams that came twice, to another client, or with other bytes. Runs alone, on one thread.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS_MOST = 10000,
    SENT_MOST = 20 * 1000 * 1000,
    EVENTS = 256,
    BATCH = 32,
    SIZE_MOST = 65507,
    ANSWER_MS = 500,
    LATE_MS = 1000,
    SECONDS_MOST = 600,
    RATE_MOST = 1000 * 1000, /* datagrams a second of a client */
    BUFFER = 4 << 20,        /* of the destination's socket: what is lost is to be lost on the way */
};

/* What each datagram begins with; bytes that depend on the number follow. */
struct stamp {
    uint64_t number, sent_us;
    uint32_t client;
};

struct client {
    int fd;
    uint64_t asked_us; /* 0: nothing is under way */
    uint64_t number;
};

struct load {
    struct sockaddr_in to;
    int loop;
    unsigned clients;
    size_t size;
    uint64_t seconds, sent, received, wrong, not_sent;
    double took_s; /* until the last was sent */
    struct client *client;
    uint32_t *delay_us; /* of each that came back, by its number; UINT32_MAX: it did not */
};

static uint8_t bytes[SIZE_MOST + 1], wanted[SIZE_MOST];

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* Ends the program if it is none, or too large. */
static unsigned number(const char *text, unsigned most) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*end || end == text || value > most) {
        fprintf(stderr, "%s: not a number up to %u\n", text, most);
        exit(2);
    }
    return (unsigned)value;
}

static struct sockaddr_in address(char **argv) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number(argv[1], UINT16_MAX))};
    if (inet_pton(AF_INET, argv[0], &to.sin_addr) != 1)
        die(argv[0]);
    return to;
}

/* As root its buffers have any size, else what the system permits. */
static int open_socket(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = BUFFER;

    if (fd < 0)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size))
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return fd;
}

/* ---- the destination ---- */

static void serve(struct sockaddr_in at) {
    static uint8_t memory[BATCH][SIZE_MOST];
    static struct mmsghdr message[BATCH];
    static struct iovec part[BATCH];
    static struct sockaddr_in from[BATCH];
    int fd = open_socket();
    if (bind(fd, (struct sockaddr *)&at, sizeof at))
        die("bind");
    puts("ready");
    fflush(stdout);
    for (;;) {
        for (unsigned i = 0; i < BATCH; i++) {
            part[i] = (struct iovec){.iov_base = memory[i], .iov_len = SIZE_MOST};
            message[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                                 .msg_namelen = sizeof from[i],
                                                 .msg_iov = &part[i],
                                                 .msg_iovlen = 1};
        }
        int count = recvmmsg(fd, message, BATCH, MSG_WAITFORONE, NULL);
        if (count < 0 && errno != EINTR)
            die("recvmmsg");
        for (int i = 0; i < count; i++)
            part[i].iov_len = message[i].msg_len;
        for (int done = 0; done < count;) {
            int sent = sendmmsg(fd, message + done, (unsigned)(count - done), 0);
            done += sent > 0 ? sent : 1; /* one that cannot be sent is lost */
        }
    }
}

/* ---- clients ---- */

static void fill(uint8_t *to, size_t size, const struct stamp *stamp) {
    memset(to, (int)(stamp->number % 251), size);
    memcpy(to, stamp, sizeof *stamp);
}

static void send_one(struct load *load, unsigned index) {
    struct client *client = &load->client[index];
    struct stamp stamp = {load->sent, now_us(), index};
    if (load->sent == SENT_MOST)
        return;
    fill(bytes, load->size, &stamp);
    load->delay_us[load->sent] = UINT32_MAX;
    client->asked_us = stamp.sent_us;
    client->number = load->sent++;
    if (send(client->fd, bytes, load->size, MSG_DONTWAIT) < 0)
        load->not_sent++;
}

static bool is_right(struct load *load, unsigned index, size_t length, struct stamp *stamp) {
    if (length != load->size)
        return false;
    memcpy(stamp, bytes, sizeof *stamp);
    fill(wanted, length, stamp);
    return stamp->number < load->sent && stamp->client == index && !memcmp(bytes, wanted, length) &&
           load->delay_us[stamp->number] == UINT32_MAX;
}

static void receive(struct load *load, unsigned index, bool asks) {
    struct client *client = &load->client[index];
    struct stamp stamp;
    for (;;) {
        ssize_t length = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (length < 0) /* EAGAIN; ECONNREFUSED is a datagram that is lost */
            return;
        if (!is_right(load, index, (size_t)length, &stamp)) {
            load->wrong++;
            continue;
        }
        load->received++;
        load->delay_us[stamp.number] = (uint32_t)(now_us() - stamp.sent_us);
        if (asks && client->asked_us && stamp.number == client->number)
            client->asked_us = 0;
    }
}

/* Serves what has come, until `until_us` at the latest. */
static void serve_clients(struct load *load, uint64_t until_us, bool asks, bool goes_on) {
    struct epoll_event event[EVENTS];
    uint64_t now = now_us();
    struct timespec wait = {.tv_nsec = until_us > now ? (long)((until_us - now) % 1000000u) * 1000 : 0};
    int count = epoll_pwait2(load->loop, event, EVENTS, &wait, NULL);
    for (int i = 0; i < count; i++) {
        receive(load, event[i].data.u32, asks);
        if (goes_on && load->client[event[i].data.u32].asked_us == 0)
            send_one(load, event[i].data.u32);
    }
}

static void run_stream(struct load *load, unsigned rate) {
    uint64_t begin = now_us(), all = (uint64_t)rate * load->clients * load->seconds;
    for (uint64_t i = 0; i < all; i++) {
        uint64_t due = begin + i * 1000000u / ((uint64_t)rate * load->clients);
        while (now_us() < due)
            serve_clients(load, due, false, false);
        send_one(load, (unsigned)(i % load->clients));
        if (i % EVENTS == 0) /* also when it is late itself */
            serve_clients(load, 0, false, false);
    }
    load->took_s = (double)(now_us() - begin) / 1e6;
    for (uint64_t end = now_us() + LATE_MS * 1000u; now_us() < end && load->received < load->sent;)
        serve_clients(load, now_us() + 10000, false, false);
}

static void ask_again(struct load *load) {
    uint64_t now = now_us();
    for (unsigned i = 0; i < load->clients; i++)
        if (load->client[i].asked_us + ANSWER_MS * 1000u < now)
            send_one(load, i);
}

static void run_questions(struct load *load) {
    uint64_t end = now_us() + load->seconds * 1000000u, look = 0;
    load->took_s = (double)load->seconds;
    for (uint64_t now = now_us(); now < end; now = now_us()) {
        if (now > look) {
            ask_again(load);
            look = now + 20000;
        }
        serve_clients(load, now + 10000, true, true);
    }
    for (end = now_us() + ANSWER_MS * 1000u; now_us() < end && load->received < load->sent;)
        serve_clients(load, now_us() + 10000, true, false);
}

static void load_open(struct load *load) {
    load->loop = epoll_create1(EPOLL_CLOEXEC);
    load->client = calloc(load->clients, sizeof *load->client);
    load->delay_us = malloc(SENT_MOST * sizeof *load->delay_us); /* pages are taken as they are used */
    if (load->loop < 0 || !load->client || !load->delay_us)
        die("memory");
    for (unsigned i = 0; i < load->clients; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        int fd = load->client[i].fd = open_socket();
        if (connect(fd, (struct sockaddr *)&load->to, sizeof load->to) ||
            epoll_ctl(load->loop, EPOLL_CTL_ADD, fd, &event))
            die("socket");
    }
}

static int compare(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

static void report(struct load *load) {
    qsort(load->delay_us, load->sent, sizeof *load->delay_us, compare); /* the lost ones come last */
    uint64_t got = load->received;
#define PART(percent) (got ? load->delay_us[(got - 1) * (percent) / 1000] : 0)
    printf("{\"sent\": %ju, \"received\": %ju, \"lost\": %ju, \"wrong\": %ju, \"not_sent\": %ju, \"seconds\": %.3f, "
           "\"p50_us\": %u, \"p90_us\": %u, \"p99_us\": %u, \"p999_us\": %u, \"max_us\": %u}\n",
           (uintmax_t)load->sent, (uintmax_t)got, (uintmax_t)(load->sent - got), (uintmax_t)load->wrong,
           (uintmax_t)load->not_sent, load->took_s, PART(500), PART(900), PART(990), PART(999), PART(1000));
#undef PART
}

static int usage(void) {
    fputs("usage: datagrams echo ADDRESS PORT\n"
          "       datagrams stream ADDRESS PORT CLIENTS BYTES SECONDS RATE\n"
          "       datagrams ask ADDRESS PORT CLIENTS BYTES SECONDS\n",
          stderr);
    return 2;
}

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc == 4 && !strcmp(argv[1], "echo"))
        serve(address(argv + 2));
    bool streams = argc == 8 && !strcmp(argv[1], "stream");
    if (!streams && !(argc == 7 && !strcmp(argv[1], "ask")))
        return usage();
    struct load load = {.to = address(argv + 2),
                        .clients = number(argv[4], CLIENTS_MOST),
                        .size = number(argv[5], SIZE_MOST),
                        .seconds = number(argv[6], SECONDS_MOST)};
    if (load.clients < 1 || load.size < sizeof(struct stamp))
        return usage();
    struct rlimit files = {.rlim_cur = CLIENTS_MOST + 100, .rlim_max = CLIENTS_MOST + 100};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    load_open(&load);
    if (streams)
        run_stream(&load, number(argv[7], RATE_MOST));
    else
        run_questions(&load);
    report(&load);
    return 0;
}
