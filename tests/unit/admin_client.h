/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_client: asks the administration of a program that lives in the test's own loop, over its Unix socket, and looks
 * at the answers.
 */
#ifndef MUNNEL_TESTS_ADMIN_CLIENT_H
#define MUNNEL_TESTS_ADMIN_CLIENT_H

#include <jansson.h>
#include <stddef.h>

enum { ANSWER_MOST = 1 << 20 };
extern char answer[ANSWER_MOST]; /* the last one, with its head */
extern json_t *body;             /* of the last answer; NULL: it was no JSON */

/* run: serves what is due in the program's loop. socket: outlives the client. */
void admin_client_begin(const char *socket, void (*run)(void));
void admin_client_end(void);

int connect_socket(void);
size_t read_until(int fd, const char *end); /* what comes until `end` is in it, or the program has closed */
int send_request(const char *method, const char *path, const char *content);
unsigned take_answer(int fd); /* its status; closes */
unsigned ask_with(const char *method, const char *path, const char *content);
void expect_status(const char *method, const char *path, unsigned status);
void get(const char *path); /* 200, with JSON */

const json_t *at(const char *path); /* "services/0/name" of the last answer */
void expect_text(const char *path, const char *text);
void expect_number(const char *path, json_int_t number);

#endif
