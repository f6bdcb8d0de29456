/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * screen_curses: by ncurses in its wide form, which knows the terminals, sends only what has changed, and puts the
 * terminal back at Ctrl-Z.
 *
 * Signals are blocked and waited for by a thread, which writes their numbers to a pipe: so they come as other events
 * do, and no handler needs a variable of its own.
 * Runs on: the main thread, and the one that waits for signals. Owns: see screen.h.
 */
#include "config.h"

#include "ctl/top/screen.h"

#include "ctl/top/keys.h"
#include "lib/base/error.h"
#include "lib/os/thread.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

enum { ESCAPE_MS = 50, RUN_TEXT = 4096, CONTROL_L = 'L' & 31 };

struct screen {
    SCREEN *curses;
    pthread_t thread;
    sigset_t watched, before;
    int pipe[2];
    int signal;
    bool has_color;
};

/* ---- signals ---- */

static void fill_watched(sigset_t *watched) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGUSR1 /* ends the thread */};

    sigemptyset(watched);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(watched, numbers[i]);
}

static void *wait_for_signals(void *context) {
    struct screen *screen = context;
    int number = 0;

    while (sigwait(&screen->watched, &number) == 0 && number != SIGUSR1) {
        unsigned char byte = (unsigned char)number;
        if (write(screen->pipe[1], &byte, 1) < 0 && errno != EAGAIN)
            break;
    }
    return NULL;
}

static int watch_signals(struct screen *screen, struct error *error) {
    fill_watched(&screen->watched);
    if (pipe(screen->pipe))
        return error_set(error, "cannot make a pipe: %s", error_text(errno));
    for (unsigned i = 0; i < 2; i++)
        (void)fcntl(screen->pipe[i], F_SETFL, O_NONBLOCK);
    pthread_sigmask(SIG_BLOCK, &screen->watched, &screen->before);
    if (!thread_start(&screen->thread, "signals", wait_for_signals, screen))
        return 0;
    pthread_sigmask(SIG_SETMASK, &screen->before, NULL);
    close(screen->pipe[0]);
    close(screen->pipe[1]);
    return error_set(error, "cannot start a thread");
}

static void unwatch_signals(struct screen *screen) {
    pthread_kill(screen->thread, SIGUSR1);
    pthread_join(screen->thread, NULL);
    close(screen->pipe[0]);
    close(screen->pipe[1]);
    pthread_sigmask(SIG_SETMASK, &screen->before, NULL);
}

/* ---- the terminal ---- */

bool screen_is_possible(struct error *error) {
    const char *name = getenv("TERM");
    int result;

    if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
        error_set(error, "input and output are not both a terminal");
        return false;
    }
    if (!name || !*name || setupterm(NULL, STDOUT_FILENO, &result) != OK) {
        error_set(error, "this terminal is not known: TERM is %s", name ? name : "not set");
        return false;
    }
    bool is_possible = cursor_address && *cursor_address;
    del_curterm(cur_term);
    if (!is_possible)
        error_set(error, "a terminal of the kind %s cannot be drawn on", name);
    return is_possible;
}

/* The terminal knows better than LINES and COLUMNS of the environment, which the library takes first. */
static void resize(void) {
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        (void)resizeterm(size.ws_row, size.ws_col);
}

static void begin_colors(struct screen *screen) {
    static const struct {
        enum style style;
        short color;
    } colors[] = {{STYLE_BAD, COLOR_RED}, {STYLE_WARN, COLOR_YELLOW}, {STYLE_OK, COLOR_GREEN}, {STYLE_IN, COLOR_BLUE}};
    const char *refused = getenv("NO_COLOR");

    screen->has_color = !(refused && *refused) && has_colors() && start_color() == OK;
    if (!screen->has_color)
        return;
    short ground = use_default_colors() == OK ? -1 : COLOR_BLACK;
    for (size_t i = 0; i < sizeof colors / sizeof *colors; i++)
        (void)init_pair((short)colors[i].style, colors[i].color, ground);
}

struct screen *screen_open(struct error *error) {
    struct screen *screen = calloc(1, sizeof *screen);

    if (!screen || watch_signals(screen, error)) {
        if (!screen)
            error_set(error, "out of memory");
        free(screen);
        return NULL;
    }
    screen->curses = newterm(NULL, stdout, stdin);
    if (!screen->curses) {
        error_set(error, "the terminal cannot be set up");
        unwatch_signals(screen);
        free(screen);
        return NULL;
    }
    set_escdelay(ESCAPE_MS);
    (void)cbreak(), (void)noecho(), (void)nonl();
    (void)keypad(stdscr, TRUE), (void)nodelay(stdscr, TRUE), (void)curs_set(0);
    begin_colors(screen);
    resize();
    return screen;
}

void screen_close(struct screen *screen) {
    if (!screen)
        return;
    (void)endwin();
    delscreen(screen->curses);
    unwatch_signals(screen);
    free(screen);
}

int screen_signal(const struct screen *screen) {
    return screen->signal;
}

void screen_size(const struct screen *screen, unsigned *width, unsigned *height) {
    (void)screen;
    *width = (unsigned)COLS;
    *height = (unsigned)LINES;
}

/* ---- drawing ---- */

static attr_t attributes_of(const struct screen *screen, unsigned style) {
    unsigned color = style & STYLE_COLOR_MASK;
    attr_t attributes = A_NORMAL;

    if (color == STYLE_FAINT)
        attributes |= A_DIM;
    else if (color && screen->has_color)
        attributes |= (attr_t)COLOR_PAIR((int)color);
    if (style & STYLE_BOLD || (color == STYLE_BAD && !screen->has_color))
        attributes |= A_BOLD;
    if (style & STYLE_REVERSE)
        attributes |= A_REVERSE;
    if (style & STYLE_UNDERLINE)
        attributes |= A_UNDERLINE;
    return attributes;
}

/* Cells of one style in one call. Returns the cell behind them. */
static unsigned draw_run(const struct screen *screen, const struct grid *grid, unsigned x, unsigned y) {
    const struct cell *cells = &grid->cells[(size_t)y * grid->width];
    char text[RUN_TEXT];
    size_t used = 0;
    unsigned first = x;

    for (; x < grid->width && cells[x].style == cells[first].style && used + GRID_CELL < sizeof text; x++) {
        size_t length = strlen(cells[x].text);
        memcpy(text + used, cells[x].text, length);
        used += length;
    }
    (void)attrset((int)attributes_of(screen, cells[first].style));
    (void)mvaddnstr((int)y, (int)first, text, (int)used);
    return x;
}

void screen_draw(struct screen *screen, const struct grid *grid) {
    (void)erase();
    for (unsigned y = 0; y < grid->height; y++)
        for (unsigned x = 0; x < grid->width;)
            x = draw_run(screen, grid, x, y);
    (void)attrset(A_NORMAL);
    (void)refresh();
}

/* ---- waiting ---- */

static int key_of(int code) {
    static const struct {
        int code, key;
    } keys[] = {{KEY_UP, TOP_KEY_CURSOR_UP},
                {KEY_DOWN, TOP_KEY_CURSOR_DOWN},
                {KEY_LEFT, TOP_KEY_CURSOR_LEFT},
                {KEY_RIGHT, TOP_KEY_CURSOR_RIGHT},
                {KEY_PPAGE, TOP_KEY_PAGE_BACK},
                {KEY_NPAGE, TOP_KEY_PAGE_ON},
                {KEY_HOME, TOP_KEY_FIRST},
                {KEY_END, TOP_KEY_LAST},
                {KEY_ENTER, TOP_KEY_OPEN},
                {'\r', TOP_KEY_OPEN},
                {'\n', TOP_KEY_OPEN},
                {27, TOP_KEY_ESCAPE},
                {'\t', TOP_KEY_NEXT_TAB},
                {KEY_BTAB, TOP_KEY_TAB_BEFORE},
                {KEY_BACKSPACE, TOP_KEY_ERASE},
                {127, TOP_KEY_ERASE},
                {8, TOP_KEY_ERASE}};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].code == code)
            return keys[i].key;
    return code < 256 ? code : TOP_KEY_OTHER;
}

static bool take_key(int *key) {
    int code = getch();

    if (code == ERR)
        return false;
    if (code == CONTROL_L)
        (void)clearok(curscr, TRUE);
    *key = key_of(code);
    return true;
}

static enum screen_event take_signal(struct screen *screen) {
    unsigned char number;

    if (read(screen->pipe[0], &number, 1) != 1)
        return SCREEN_TIME;
    if (number == SIGWINCH) {
        resize();
        return SCREEN_RESIZED;
    }
    screen->signal = number;
    return SCREEN_SIGNAL;
}

enum screen_event screen_wait(struct screen *screen, evutil_socket_t fd, unsigned ms, int *key) {
    struct pollfd polled[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = screen->pipe[0], .events = POLLIN},
                              {.fd = fd, .events = POLLIN}};

    if (take_key(key)) /* the library may hold one that it has read already */
        return SCREEN_KEY;
    if (poll(polled, 3, (int)ms) <= 0)
        return SCREEN_TIME;
    if (polled[1].revents)
        return take_signal(screen);
    if (polled[0].revents & POLLIN && take_key(key))
        return SCREEN_KEY;
    if (polled[0].revents & (POLLHUP | POLLERR | POLLNVAL))
        return SCREEN_GONE;
    return polled[2].revents ? SCREEN_FD : SCREEN_TIME;
}
