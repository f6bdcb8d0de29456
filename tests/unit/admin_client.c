/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_client: see admin_client.h.
 */
#include "config.h"

#include "admin_client.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ROUNDS = 2000 };

char answer[ANSWER_MOST];
json_t *body;
static const char *socket_path;
static void (*run_program)(void);

void admin_client_begin(const char *socket, void (*run)(void)) {
    socket_path = socket;
    run_program = run;
}

void admin_client_end(void) {
    json_decref(body);
    body = NULL;
}

int connect_socket(void) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    ck_assert_uint_lt(strlen(socket_path), sizeof place.sun_path);
    snprintf(place.sun_path, sizeof place.sun_path, "%s", socket_path);
    ck_assert_msg(connect(fd, (struct sockaddr *)&place, sizeof place) == 0, "%s", strerror(errno));
    return fd;
}

size_t read_until(int fd, const char *end) {
    size_t used = 0;
    ssize_t got = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        run_program();
        got = recv(fd, answer + used, sizeof answer - 1 - used, 0);
        used += got > 0 ? (size_t)got : 0;
        answer[used] = '\0';
        if (got == 0 || (end && strstr(answer, end)))
            break;
        if (got < 0)
            poll(NULL, 0, 1);
    }
    return used;
}

int send_request(const char *method, const char *path, const char *content) {
    char request[2048];
    int fd = connect_socket();
    int length = snprintf(request, sizeof request,
                          "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
                          method, path, *content ? "Content-Type: application/json\r\n" : "", strlen(content), content);

    ck_assert_int_eq(send(fd, request, (size_t)length, 0), length);
    return fd;
}

unsigned take_answer(int fd) {
    read_until(fd, NULL);
    close(fd);
    const char *content = strstr(answer, "\r\n\r\n");
    ck_assert_msg(content && strncmp(answer, "HTTP/1.1 ", 9) == 0, "%s", answer);
    json_decref(body);
    body = json_loads(content + 4, 0, NULL);
    return (unsigned)strtoul(answer + 9, NULL, 10);
}

unsigned ask_with(const char *method, const char *path, const char *content) {
    return take_answer(send_request(method, path, content));
}

void expect_status(const char *method, const char *path, unsigned status) {
    unsigned got = ask_with(method, path, "");

    ck_assert_msg(got == status, "%s %s: %s", method, path, answer);
}

void get(const char *path) {
    expect_status("GET", path, 200);
    ck_assert_msg(body, "%s: no JSON: %s", path, answer);
}

const json_t *at(const char *path) {
    const json_t *json = body;
    char copy[200], *rest = copy;

    snprintf(copy, sizeof copy, "%s", path);
    for (const char *key = strsep(&rest, "/"); key; key = strsep(&rest, "/"))
        json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10)) : json_object_get(json, key);
    ck_assert_msg(json, "no %s in %s", path, answer);
    return json;
}

void expect_text(const char *path, const char *text) {
    const char *got = json_string_value(at(path));

    ck_assert_msg(got && strcmp(got, text) == 0, "%s: %s in %s", path, got ? got : "no text", answer);
}

void expect_number(const char *path, json_int_t number) {
    json_int_t got = json_integer_value(at(path));

    ck_assert_msg(json_is_integer(at(path)) && got == number, "%s: %lld in %s", path, (long long)got, answer);
}
