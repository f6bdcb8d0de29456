/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tool: see tool.h.
 */
#include "config.h"

#include "harness/tool.h"

#include "harness/destination.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { WORDS = 12, ASK_MS = 10000 };

struct tooled tooled_start(const char *name) {
    struct tooled tooled = {.sandbox = sandbox_new(name), .port = port_take(), .more_port = port_take()};

    tooled.echo = destination_start(handle_echo, NULL);
    setenv("MUNNEL_SOCKET", sandbox_path(tooled.sandbox, "admin.sock"), 1);
    ck_assert_int_eq(mkdir(sandbox_path(tooled.sandbox, "services.d"), 0700), 0);
    tooled.server =
        server_start(tooled.sandbox,
                     (struct server_plan){.services = service_to(tooled.sandbox, "echo", tooled.port,
                                                                 destination_port(tooled.echo), ""),
                                          .more =
                                              "'include': 'services.d/*.json', 'admin': {'socket': 'admin.sock'},"});
    tooled.agent = agent_join_warm(&tooled.server, "alpha", NULL);
    return tooled;
}

void tooled_end(struct tooled *tooled) {
    unsetenv("MUNNEL_SOCKET");
    sandbox_free(tooled->sandbox);
    destination_free(tooled->echo);
}

int tooled_run(struct tooled *tooled, ...) {
    const char *words[WORDS + 1] = {NULL}, *name = sandbox_text(tooled->sandbox, "tool-%u", tooled->runs++);
    va_list list;

    va_start(list, tooled);
    for (size_t i = 0; i < WORDS && (words[i] = va_arg(list, const char *)); i++)
        ;
    va_end(list);
    int code = sandbox_do(tooled->sandbox, name, sandbox_program(tooled->sandbox, "munnel"), words[0], words[1],
                          words[2], words[3], words[4], words[5], words[6], words[7], NULL);
    tooled->output = sandbox_output(tooled->sandbox, name);
    return code;
}

void prints(const struct tooled *tooled, const char *text) {
    ck_assert_msg(strstr(tooled->output, text), "no \"%s\" in: %s", text, tooled->output);
}

void prints_not(const struct tooled *tooled, const char *text) {
    ck_assert_msg(!strstr(tooled->output, text), "\"%s\" in: %s", text, tooled->output);
}

int tooled_converse(const struct tooled *tooled, const char *text) {
    int fd = socket_client(tooled->port);

    ck_assert_msg(socket_converse(fd, text, ASK_MS), "the service does not serve");
    return fd;
}
