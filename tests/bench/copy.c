/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * copy: a relay without TLS that moves bytes in three ways, to find out what each costs on this machine.
 *
 *   copy read|splice|zerocopy LISTEN_PORT DEST_PORT        on 127.0.0.1
 *
 * read: read and write of 64 KiB. splice: from socket to socket through a pipe, the bytes stay in the kernel.
 * zerocopy: read, and send with MSG_ZEROCOPY, each buffer used again when the kernel has reported that it is done with
 * it. Two processes a connection, one for each direction; nothing is robust here. Ends with its parent.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, PIPE = 1024 * 1024, BUFFERS = 32 };

typedef void copy_way(int from, int to);

static void die(const char *what) {
    perror(what);
    exit(1);
}

static bool send_all(int to, const char *bytes, size_t length, int flags) {
    while (length > 0) {
        ssize_t sent = send(to, bytes, length, flags);
        if (sent < 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static void copy_by_read(int from, int to) {
    static char buffer[PIECE];
    ssize_t length;
    while ((length = read(from, buffer, sizeof buffer)) > 0 && send_all(to, buffer, (size_t)length, 0)) {
    }
}

static void copy_by_splice(int from, int to) {
    int ends[2];
    ssize_t length;
    if (pipe(ends))
        die("pipe");
    fcntl(ends[1], F_SETPIPE_SZ, PIPE);
    while ((length = splice(from, NULL, ends[1], NULL, PIPE, SPLICE_F_MOVE)) > 0) {
        while (length > 0) {
            ssize_t moved = splice(ends[0], NULL, to, NULL, (size_t)length, SPLICE_F_MOVE);
            if (moved <= 0)
                return;
            length -= moved;
        }
    }
}

struct notices {
    uint32_t done; /* sends whose buffers are ours again */
    unsigned taken, copied;
};

/* Takes one message of the error queue: the sends from `ee_info` to `ee_data` are done. */
static void take_notice(int fd, struct notices *notices) {
    char control[256];
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(fd, &message, MSG_ERRQUEUE) < 0) {
        struct pollfd errors = {fd, 0, 0};
        poll(&errors, 1, 1000); /* POLLERR is always waited for */
        return;
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header)
        return;
    struct sock_extended_err notice;
    memcpy(&notice, CMSG_DATA(header), sizeof notice);
    notices->done = notice.ee_data + 1;
    notices->taken++;
    notices->copied += notice.ee_code & SO_EE_CODE_ZEROCOPY_COPIED;
}

static void copy_by_zerocopy(int from, int to) {
    static char buffers[BUFFERS][PIECE];
    struct notices notices = {0};
    uint32_t sends = 0, upto[BUFFERS] = {0};
    int turn = 0, yes = 1;
    ssize_t length, sent = 0;
    if (setsockopt(to, SOL_SOCKET, SO_ZEROCOPY, &yes, sizeof yes))
        die("SO_ZEROCOPY");
    for (; sent >= 0; turn = (turn + 1) % BUFFERS) {
        while ((int32_t)(upto[turn] - notices.done) > 0)
            take_notice(to, &notices);
        if ((length = read(from, buffers[turn], PIECE)) <= 0)
            break;
        for (ssize_t at = 0; at < length && sent >= 0; at += sent, sends++)
            sent = send(to, buffers[turn] + at, (size_t)(length - at), MSG_ZEROCOPY);
        upto[turn] = sends;
    }
    fprintf(stderr, "copy: %u sends, %u notices, %u of them for what the kernel had copied after all\n", sends,
            notices.taken, notices.copied);
}

static int on_loopback(const char *port, bool listening) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (listening ? bind(fd, (struct sockaddr *)&to, sizeof to) || listen(fd, 16)
                  : connect(fd, (struct sockaddr *)&to, sizeof to)) {
        die(port);
    }
    return fd;
}

static void carry(copy_way *way, int from, int to) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    way(from, to);
    shutdown(to, SHUT_WR);
    exit(0);
}

int main(int argc, char **argv) {
    copy_way *way = argc != 4                          ? NULL
                    : strcmp(argv[1], "read") == 0     ? copy_by_read
                    : strcmp(argv[1], "splice") == 0   ? copy_by_splice
                    : strcmp(argv[1], "zerocopy") == 0 ? copy_by_zerocopy
                                                       : NULL;
    if (!way) {
        fprintf(stderr, "usage: copy read|splice|zerocopy LISTEN_PORT DEST_PORT\n");
        return 2;
    }
    signal(SIGCHLD, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int listener = on_loopback(argv[2], true), client;
    while ((client = accept(listener, NULL, NULL)) >= 0) {
        int destination = on_loopback(argv[3], false);
        if (fork() == 0)
            carry(way, client, destination);
        if (fork() == 0)
            carry(way, destination, client);
        close(client);
        close(destination);
    }
    return 0;
}
