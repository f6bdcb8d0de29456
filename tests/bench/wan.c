/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wan: a wide-area link in user space between two existing network namespaces, for measurements and tests.
 *
 *   wan NS_A ADDR_A NS_B ADDR_B DELAY_MS [LOSS_PERCENT [RATE_MBIT [SEED]]]
 *
 * Opens a TUN device in each namespace, gives it ADDR/24 and carries packets between the two, each held for DELAY_MS
 * one way, a share of them dropped, the rest paced to RATE_MBIT (0: not paced). SIGUSR1 cuts the link (every packet is
 * dropped), SIGUSR2 mends it. Needs root. Prints "ready" when up; ends with its parent.
 *
 * With 1 % of loss each direction drops exactly one of its packets 0 to 99, one of 100 to 199 and so on: the seed draws
 * which. So the same seed drops the same packets by number, and equal loads lose equally many.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MTU = 1500, QUEUE = 65536 };

#define SECOND_NS      1000000000u
#define QUEUE_LIMIT_NS 500000000u /* what would wait longer than half a second for a slow link is dropped */

struct packet {
    uint64_t due;
    size_t length;
    unsigned char *data;
};

struct way { /* one direction; a ring of packets on their way */
    int from, to;
    uint64_t busy_until;
    uint64_t packets, losses; /* so far */
    uint64_t next_loss;       /* number of the packet */
    unsigned short random[3]; /* erand48(): a sequence for each direction, whichever packet comes first */
    struct packet *ring;
    unsigned head, tail;
};

struct link {
    uint64_t delay_ns;
    double loss, mbit;
    struct way ways[2];
};

static volatile sig_atomic_t cut;

static void on_signal(int number) {
    cut = number == SIGUSR1;
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void enter_namespace(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET))
        die(path);
    close(fd);
}

/* The TUN device is made inside the namespace and read from outside: its fd stays what it is when we go home. */
static int open_tun(const char *namespace, const char *address) {
    char path[128], command[512];
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0)
        die("/proc/self/ns/net");
    snprintf(path, sizeof path, "/run/netns/%s", namespace);
    enter_namespace(path);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        die("/dev/net/tun");
    struct ifreq request = {.ifr_name = "wan0"};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, &request))
        die("TUNSETIFF");
    snprintf(command, sizeof command,
             "ip link set lo up && ip addr add %s/24 dev wan0 && ip link set wan0 mtu %d txqueuelen 10000 up", address,
             MTU);
    if (system(command))
        die("ip");
    if (setns(home, CLONE_NEWNET))
        die("setns back");
    close(home);
    return fd;
}

static void way_draw_loss(const struct link *link, struct way *way) {
    way->next_loss = (uint64_t)(((double)way->losses + erand48(way->random)) / link->loss);
}

static bool way_loses(const struct link *link, struct way *way) {
    if (link->loss <= 0 || way->packets++ < way->next_loss)
        return false;
    way->losses++;
    way_draw_loss(link, way);
    return true;
}

static void way_put(struct link *link, struct way *way, const unsigned char *bytes, size_t length, uint64_t now) {
    if (way_loses(link, way) || cut)
        return;
    uint64_t start = now > way->busy_until ? now : way->busy_until;
    if (start - now > QUEUE_LIMIT_NS)
        return;
    unsigned char *copy = malloc(length);
    if (!copy)
        return; /* a link may lose packets */
    if (link->mbit > 0)
        way->busy_until = start + (uint64_t)((double)length * 8e3 / link->mbit);
    memcpy(copy, bytes, length);
    way->ring[way->tail++ % QUEUE] = (struct packet){start + link->delay_ns, length, copy};
}

static void way_take(struct link *link, struct way *way, uint64_t now) {
    unsigned char buffer[MTU + 64];
    while (way->tail - way->head < QUEUE) {
        ssize_t length = read(way->from, buffer, sizeof buffer);
        if (length <= 0)
            return;
        way_put(link, way, buffer, (size_t)length, now);
    }
}

/* Delivers what is due and returns when the next packet will be. */
static uint64_t way_deliver(struct way *way) {
    while (way->head != way->tail) {
        struct packet *packet = &way->ring[way->head % QUEUE];
        if (packet->due > now_ns())
            return packet->due;
        if (!cut && write(way->to, packet->data, packet->length) < 0 && errno != EAGAIN)
            perror("wan: write"); /* the packet is lost, as packets may be */
        free(packet->data);
        way->head++;
    }
    return UINT64_MAX;
}

static void wait_until(const struct link *link, uint64_t next) {
    struct pollfd fds[2] = {{link->ways[0].from, POLLIN, 0}, {link->ways[1].from, POLLIN, 0}};
    struct timespec pause = {1, 0};
    if (next != UINT64_MAX) {
        uint64_t now = now_ns(), left = next > now ? next - now : 0;
        pause.tv_sec = (time_t)(left / SECOND_NS);
        pause.tv_nsec = (long)(left % SECOND_NS);
    }
    ppoll(fds, 2, &pause, NULL);
}

static void run(struct link *link) {
    for (;;) {
        uint64_t next = UINT64_MAX;
        for (int i = 0; i < 2; i++) {
            way_take(link, &link->ways[i], now_ns());
            uint64_t due = way_deliver(&link->ways[i]);
            next = due < next ? due : next;
        }
        wait_until(link, next);
    }
}

/* A link does not wait for the programs at its ends: here they share its cores. */
static void hurry(void) {
    const struct sched_param first = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_FIFO, &first) != 0)
        (void)setpriority(PRIO_PROCESS, 0, -20);
    prctl(PR_SET_TIMERSLACK, 1);
}

static void ways_start(struct link *link, unsigned short seed) {
    for (unsigned short i = 0; i < 2; i++) {
        struct way *way = &link->ways[i];
        way->ring = calloc(QUEUE, sizeof *way->ring);
        if (!way->ring)
            die("calloc");
        way->random[1] = i;
        way->random[2] = seed; /* the high bits: neighbouring seeds begin far apart */
        if (link->loss > 0)
            way_draw_loss(link, way);
    }
}

int main(int argc, char **argv) {
    if (argc < 6) {
        fprintf(stderr, "usage: wan NS_A ADDR_A NS_B ADDR_B DELAY_MS [LOSS_PERCENT [RATE_MBIT [SEED]]]\n");
        return 2;
    }
    struct link link = {.delay_ns = (uint64_t)(strtod(argv[5], NULL) * 1e6)};
    link.loss = argc > 6 ? strtod(argv[6], NULL) / 100 : 0;
    link.mbit = argc > 7 ? strtod(argv[7], NULL) : 0;
    link.ways[0].from = link.ways[1].to = open_tun(argv[1], argv[2]);
    link.ways[0].to = link.ways[1].from = open_tun(argv[3], argv[4]);
    ways_start(&link, argc > 8 ? (unsigned short)strtoul(argv[8], NULL, 10) : 1);
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    hurry();
    puts("ready");
    fflush(stdout);
    run(&link);
}
