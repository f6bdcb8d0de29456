/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * terminal: see terminal.h.
 */
#include "config.h"

#include "harness/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { TMUX_MS = 10000 };

static int try(struct terminal *terminal, const char *command, const char *a, const char *b, const char *c,
               const char *d) {
    struct process *process = sandbox_run(terminal->sandbox, "tmux-command", terminal->tmux, "-S", terminal->socket,
                                          command, a, b, c, d, NULL);

    int code = process_wait(process, TMUX_MS);
    free(terminal->seen);
    terminal->seen = process_output(process, 0);
    sandbox_end(terminal->sandbox, process);
    return code;
}

void terminal_do(struct terminal *terminal, const char *command, const char *a, const char *b, const char *c,
                 const char *d) {
    int code = try(terminal, command, a, b, c, d);

    ck_assert_msg(code == 0, "tmux %s: %d: %s", command, code, terminal->seen);
}

void terminal_press(struct terminal *terminal, const char *key) {
    terminal_do(terminal, "send-keys", key, NULL, NULL, NULL);
}

void terminal_type(struct terminal *terminal, const char *line) {
    terminal_do(terminal, "send-keys", "-l", line, NULL, NULL);
    terminal_press(terminal, "Enter");
}

bool terminal_sees(struct terminal *terminal, const char *text) {
    terminal_do(terminal, "capture-pane", "-p", NULL, NULL, NULL);
    return strstr(terminal->seen, text);
}

bool terminal_is_raw(struct terminal *terminal) {
    struct termios state;

    terminal_do(terminal, "display-message", "-p", "#{pane_tty}", NULL, NULL);
    terminal->seen[strcspn(terminal->seen, "\n")] = '\0';
    int fd = open(terminal->seen, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    ck_assert_msg(fd >= 0 && tcgetattr(fd, &state) == 0, "cannot look at %s", terminal->seen);
    close(fd);
    return !(state.c_lflag & (ICANON | ECHO));
}

static bool has_session(struct terminal *terminal) {
    return try(terminal, "has-session", NULL, NULL, NULL, NULL) == 0;
}

bool terminal_open(struct terminal *terminal, struct sandbox *sandbox, unsigned columns, unsigned rows) {
    terminal->sandbox = sandbox;
    terminal->tmux = sandbox_peer(sandbox, "tmux");
    if (!terminal->tmux)
        return false;
    terminal->socket = sandbox_path(sandbox, "t");
    const char *text = sandbox_text(sandbox,
                                    "set -g default-terminal screen-256color\nset -g default-shell /bin/sh\n"
                                    "new-session -d -x %u -y %u \"PS1='$ ' exec sh\"\n",
                                    columns, rows);
    const char *file = sandbox_write(sandbox, "tmux.conf", text, false);
    sandbox_run(sandbox, "terminal", terminal->tmux, "-u", "-S", terminal->socket, "-D", "-f", file, NULL);
    ck_assert(HOLDS_WITHIN(TERMINAL_SOON_MS, has_session(terminal)));
    TERMINAL_EXPECT(terminal, "$");
    return true;
}

void terminal_close(struct terminal *terminal) {
    free(terminal->seen);
    terminal->seen = NULL;
}
