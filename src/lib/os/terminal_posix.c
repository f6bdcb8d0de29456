/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * terminal_posix: how wide the terminal is; and it asks the person there for something that must not be seen.
 * Runs on: start. Owns: nothing.
 * Signals wait while the echo is off, and are looked for instead: else Ctrl-C would leave a terminal that shows
 * nothing.
 */
#include "config.h"

#include "lib/os/terminal.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { LOOK_MS = 100, USUAL_WIDTH = 80 };

bool terminal_is_there(void) {
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

unsigned terminal_width(int fd) {
    struct winsize size = {0};

    if (isatty(fd) != 1)
        return 0;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : USUAL_WIDTH; /* a serial line has none */
}

static bool is_interrupted(const sigset_t *watched) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t pending;

    if (sigpending(&pending) != 0)
        return false;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (sigismember(watched, numbers[i]) == 1 && sigismember(&pending, numbers[i]) == 1)
            return true;
    return false;
}

/* The terminal hands over whole lines; what is longer than `size` comes in pieces, of which the first is kept. */
static bool read_line(char *text, size_t size, const sigset_t *watched) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t got;

    while (poll(&input, 1, LOOK_MS) == 0)
        if (is_interrupted(watched))
            return false;
    got = read(STDIN_FILENO, text, size - 1);
    if (got <= 0)
        return false;
    text[got] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return true;
}

bool terminal_ask_secret(const char *question, char *text, size_t size) {
    struct termios before, silent;
    sigset_t watched, mask_before;
    bool answered;

    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    sigaddset(&watched, SIGQUIT);
    sigaddset(&watched, SIGTSTP); /* not looked for: the program stops when the question is over */
    sigprocmask(SIG_BLOCK, &watched, &mask_before);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    answered = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) ==
               0; /* before the question, so that a quick answer is not echoed either */
    fputs(question, stderr);
    answered = answered && read_line(text, size, &watched);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    sigprocmask(SIG_SETMASK, &mask_before, NULL); /* a signal that came ends the program here */
    return answered;
}
