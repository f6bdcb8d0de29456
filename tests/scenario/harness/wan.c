/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wan: see wan.h.
 *
 * A RST counts only if its sequence number is the next one that its receiver expects (RFC 5961), so the link notes that
 * of each connection. It never reorders packets.
 */
#include "config.h"

#include "harness/wan.h"

#include "harness/deadline.h"
#include "harness/netns.h"

#include <check.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MTU = 1500, QUEUE = 8192, CONNECTIONS = 512, IP_HEADER = 20, TCP_HEADER = 20, TCP = 6 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

struct packet {
    uint64_t due_ms;
    size_t length;
    uint8_t bytes[MTU];
};

struct way { /* from end i to the other; a ring */
    struct packet *ring;
    unsigned head, tail;
};

struct connection_state { /* of each end: */
    uint8_t address[2][4], port[2][2];
    uint32_t next[2]; /* its next sequence number */
    bool is_lost[2];  /* what it sends is dropped */
    uint64_t used;    /* order of the last packet; 0: unused */
};

struct wan {
    int ends[2];
    unsigned delay_ms;
    pthread_t thread;
    atomic_bool is_over;
    pthread_mutex_t lock; /* guards the rest */
    int dropped;
    struct way ways[2];
    struct connection_state connections[CONNECTIONS];
    uint64_t packets;
};

/* ---- packets of TCP ---- */

static uint32_t get(const uint8_t *at, size_t size) {
    uint32_t number = 0;
    while (size-- > 0)
        number = number << 8 | *at++;
    return number;
}

static void put(uint8_t *at, uint32_t number, size_t size) {
    for (; size > 0; number >>= 8)
        at[--size] = (uint8_t)number;
}

static uint32_t sum(const uint8_t *bytes, size_t length) {
    uint32_t total = 0;
    for (size_t i = 0; i < length; i += 2)
        total += get(bytes + i, 2);
    return total;
}

static uint32_t fold(uint32_t total) {
    while (total > 0xffff)
        total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

static const uint8_t *tcp_of(const struct packet *packet) {
    const uint8_t *ip = packet->bytes;
    size_t header = (size_t)(ip[0] & 15) * 4;
    bool is_tcp = packet->length >= header + TCP_HEADER && ip[0] >> 4 == 4 && ip[9] == TCP;
    return is_tcp ? ip + header : NULL;
}

static uint32_t next_sequence(const struct packet *packet, const uint8_t *tcp) {
    size_t payload = packet->length - (size_t)(tcp - packet->bytes) - (size_t)(tcp[12] >> 4) * 4;
    uint32_t ends = (tcp[13] & TCP_SYN ? 1u : 0) + (tcp[13] & TCP_FIN ? 1u : 0);
    return get(tcp + 4, 4) + (uint32_t)payload + ends;
}

static bool is_of(const struct connection_state *state, int from, const uint8_t *ip, const uint8_t *tcp) {
    int to = 1 - from;
    return state->used && memcmp(state->address[from], ip + 12, 4) == 0 &&
           memcmp(state->address[to], ip + 16, 4) == 0 && memcmp(state->port[from], tcp, 2) == 0 &&
           memcmp(state->port[to], tcp + 2, 2) == 0;
}

/* The one that a packet belongs to, or that takes the place of the one that was quiet for longest. */
static struct connection_state *find(struct wan *wan, int from, const uint8_t *ip, const uint8_t *tcp) {
    struct connection_state *oldest = wan->connections;
    for (struct connection_state *state = wan->connections; state < wan->connections + CONNECTIONS; state++) {
        if (is_of(state, from, ip, tcp))
            return state;
        if (state->used < oldest->used)
            oldest = state;
    }
    *oldest = (struct connection_state){0};
    memcpy(oldest->address[from], ip + 12, 4);
    memcpy(oldest->address[1 - from], ip + 16, 4);
    memcpy(oldest->port[from], tcp, 2);
    memcpy(oldest->port[1 - from], tcp + 2, 2);
    oldest->next[from] = get(tcp + 4, 4);
    oldest->next[1 - from] = get(tcp + 8, 4);
    return oldest;
}

/* False: the packet is lost. */
static bool note(struct wan *wan, int from, const struct packet *packet) {
    const uint8_t *tcp = tcp_of(packet);
    if (wan->dropped & 1 << from)
        return false;
    if (!tcp)
        return true;
    struct connection_state *state = find(wan, from, packet->bytes, tcp);
    state->used = ++wan->packets;
    if (state->is_lost[from])
        return false;
    uint32_t next = next_sequence(packet, tcp);
    if (tcp[13] & TCP_SYN || (int32_t)(next - state->next[from]) > 0) /* before it there is nothing to compare with */
        state->next[from] = next;
    return true;
}

static void make_reset(struct packet *packet, const struct connection_state *state, int from) {
    uint8_t *ip = packet->bytes, *tcp = ip + IP_HEADER;
    memset(ip, 0, IP_HEADER + TCP_HEADER);
    packet->length = IP_HEADER + TCP_HEADER;
    ip[0] = 0x45;
    put(ip + 2, IP_HEADER + TCP_HEADER, 2);
    ip[8] = 64;
    ip[9] = TCP;
    memcpy(ip + 12, state->address[from], 4);
    memcpy(ip + 16, state->address[1 - from], 4);
    put(ip + 10, fold(sum(ip, IP_HEADER)), 2);
    memcpy(tcp, state->port[from], 2);
    memcpy(tcp + 2, state->port[1 - from], 2);
    put(tcp + 4, state->next[from], 4);
    put(tcp + 8, state->next[1 - from], 4);
    tcp[12] = TCP_HEADER / 4 << 4;
    tcp[13] = TCP_RST | TCP_ACK;
    put(tcp + 16, fold(sum(ip + 12, 8) + TCP + TCP_HEADER + sum(tcp, TCP_HEADER)), 2);
}

/* ---- carrying ---- */

static struct packet *room(struct way *way) {
    return way->tail - way->head < QUEUE ? &way->ring[way->tail % QUEUE] : NULL;
}

static void commit(struct wan *wan, struct way *way, struct packet *packet) {
    packet->due_ms = now_ms() + wan->delay_ms;
    way->tail++;
}

static void take(struct wan *wan, int from) {
    struct way *way = &wan->ways[from];
    for (struct packet *packet; (packet = room(way));) {
        ssize_t length = read(wan->ends[from], packet->bytes, MTU);
        if (length <= 0)
            return;
        packet->length = (size_t)length;
        if (note(wan, from, packet))
            commit(wan, way, packet);
    }
}

/* How long until the next one is due, 20 ms at most. */
static int deliver(struct wan *wan, int from) {
    struct way *way = &wan->ways[from];
    for (uint64_t now = now_ms(); way->head != way->tail; way->head++) {
        const struct packet *packet = &way->ring[way->head % QUEUE];
        if (packet->due_ms > now)
            return packet->due_ms - now < 20 ? (int)(packet->due_ms - now) : 20;
        if (write(wan->ends[1 - from], packet->bytes, packet->length) < 0)
            continue; /* lost, as packets may be */
    }
    return 20;
}

static void *carry(void *context) {
    struct wan *wan = context;
    while (!wan->is_over) {
        struct pollfd ends[2] = {{.fd = wan->ends[0], .events = POLLIN}, {.fd = wan->ends[1], .events = POLLIN}};
        pthread_mutex_lock(&wan->lock);
        take(wan, 0);
        take(wan, 1);
        int first = deliver(wan, 0), second = deliver(wan, 1);
        pthread_mutex_unlock(&wan->lock);
        poll(ends, 2, first < second ? first : second);
    }
    return NULL;
}

/* ---- life ---- */

/* It stays what it is when the thread leaves the namespace. */
static int open_tun(const struct wan_end *end) {
    struct ifreq request = {.ifr_name = "wan0"};
    netns_enter(end->netns);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    ck_assert(netns_run("ip addr add %s/24 dev wan0 && ip link set wan0 mtu %d up", end->address, MTU));
    return fd;
}

struct wan *wan_new(struct wan_end first, struct wan_end second, unsigned delay_ms) {
    struct wan *wan = calloc(1, sizeof *wan);
    ck_assert_ptr_nonnull(wan);
    wan->delay_ms = delay_ms;
    wan->ends[0] = open_tun(&first);
    wan->ends[1] = open_tun(&second);
    if (wan->ends[0] < 0 || wan->ends[1] < 0) {
        free(wan);
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        wan->ways[i].ring = calloc(QUEUE, sizeof *wan->ways[i].ring);
        ck_assert_ptr_nonnull(wan->ways[i].ring);
    }
    pthread_mutex_init(&wan->lock, NULL);
    ck_assert_int_eq(pthread_create(&wan->thread, NULL, carry, wan), 0);
    return wan;
}

void wan_free(struct wan *wan) {
    if (!wan)
        return;
    wan->is_over = true;
    pthread_join(wan->thread, NULL);
    for (int i = 0; i < 2; i++) {
        close(wan->ends[i]);
        free(wan->ways[i].ring);
    }
    pthread_mutex_destroy(&wan->lock);
    free(wan);
}

/* ---- breaking ---- */

void wan_drop(struct wan *wan, int ways) {
    pthread_mutex_lock(&wan->lock);
    wan->dropped = ways;
    pthread_mutex_unlock(&wan->lock);
}

void wan_drop_connections(struct wan *wan, int ways) {
    pthread_mutex_lock(&wan->lock);
    for (int i = 0; i < CONNECTIONS; i++)
        for (int from = 0; from < 2; from++)
            wan->connections[i].is_lost[from] |= (ways & 1 << from) != 0;
    pthread_mutex_unlock(&wan->lock);
}

static void reset(struct wan *wan, struct connection_state *state) {
    for (int from = 0; from < 2; from++) {
        struct packet *packet = room(&wan->ways[from]);
        if (!packet || state->is_lost[from])
            continue;
        make_reset(packet, state, from);
        commit(wan, &wan->ways[from], packet);
    }
}

void wan_reset_connections(struct wan *wan) {
    pthread_mutex_lock(&wan->lock);
    for (int i = 0; i < CONNECTIONS; i++)
        if (wan->connections[i].used)
            reset(wan, &wan->connections[i]);
    pthread_mutex_unlock(&wan->lock);
}

void wan_reset_one_connection(struct wan *wan) {
    struct connection_state *latest = NULL;
    pthread_mutex_lock(&wan->lock);
    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection_state *state = &wan->connections[i];
        bool is_whole = state->used && !state->is_lost[0] && !state->is_lost[1];
        if (is_whole && (!latest || state->used > latest->used))
            latest = state;
    }
    if (latest)
        reset(wan, latest);
    pthread_mutex_unlock(&wan->lock);
}
