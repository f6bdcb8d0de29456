/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * live: one loop, which waits for a key, an answer or the time, and draws after each.
 *
 * A round is asked at each interval, and at once for what a key has opened; never two at a time.
 * Runs on: the main thread. Owns: the screen and the asker, while it runs.
 */
#include "config.h"

#include "ctl/top/live.h"

#include "ctl/top/asker.h"
#include "ctl/top/feed.h"
#include "ctl/top/grid.h"
#include "ctl/top/keys.h"
#include "ctl/top/screen.h"
#include "ctl/top/view.h"
#include "lib/base/clock.h"

#include <signal.h>
#include <time.h>

enum { SILENCE_MS = 3000, IDLE_MS = 60000 };

struct live {
    struct top *top;
    struct screen *screen;
    struct asker *asker;
    uint64_t next_ms;  /* when the next round is due */
    uint64_t asked_ms; /* when the one that is under way was asked; 0: none is */
    unsigned interval_ms;
};

static double local_time(void) {
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- asking ---- */

static void ask_if_due(struct live *live, uint64_t now_ms) {
    struct top *top = live->top;

    if (live->asked_ms || (!top->must_ask && (top->is_paused || now_ms < live->next_ms)))
        return;
    struct ask_round round = feed_wanted(top, 0);
    if (!asker_post(live->asker, &round))
        return;
    live->asked_ms = now_ms;
    live->next_ms = now_ms + live->interval_ms;
    top->must_ask = false;
}

static void take_answers(struct live *live) {
    struct ask_round round;

    while (asker_take(live->asker, &round)) {
        if (round.asks[0].kind != ASK_DEED)
            live->asked_ms = 0;
        feed_apply(live->top, &round, local_time());
    }
}

static void ask_deed(struct live *live) {
    struct top *top = live->top;
    struct ask_round round = {.generation = top->generation};

    ask_add(&round, ASK_DEED, top->doing.method, top->doing.target);
    if (asker_post(live->asker, &round))
        return;
    top->doing = (struct top_deed){.method = ""};
    top_say(top, true, "The server has not answered yet: nothing was changed");
}

/* ---- drawing ---- */

static void draw(struct live *live) {
    struct top *top = live->top;
    struct grid grid;

    screen_size(live->screen, &top->width, &top->height);
    if (!grid_make(&grid, top->width, top->height, top->is_ascii))
        return;
    view_draw(top, &grid);
    screen_draw(live->screen, &grid);
    grid_done(&grid);
}

/* ---- the loop ---- */

static unsigned wait_ms(const struct live *live, uint64_t now_ms) {
    uint64_t until = live->asked_ms         ? live->asked_ms + SILENCE_MS
                     : live->top->is_paused ? now_ms + IDLE_MS
                                            : live->next_ms;

    if (live->asked_ms && now_ms >= until) /* it is noted already */
        until = now_ms + SILENCE_MS;
    return until > now_ms ? (unsigned)(until - now_ms) : 0;
}

static void note_silence(struct live *live, uint64_t now_ms) {
    if (live->asked_ms && now_ms - live->asked_ms >= SILENCE_MS)
        feed_note_silence(live->top, local_time());
}

/* False: it is to end. */
static bool step(struct live *live, struct error *error) {
    uint64_t now_ms = clock_ms();
    int key = TOP_KEY_NONE;

    ask_if_due(live, now_ms);
    note_silence(live, now_ms);
    draw(live);
    switch (screen_wait(live->screen, asker_fd(live->asker), wait_ms(live, now_ms), &key)) {
    case SCREEN_KEY: {
        enum keys_result result = keys_press(live->top, key);
        if (result == KEYS_DEED)
            ask_deed(live);
        return result != KEYS_QUIT;
    }
    case SCREEN_FD:
        take_answers(live);
        return true;
    case SCREEN_SIGNAL:
        return false;
    case SCREEN_GONE:
        error_set(error, "the terminal is gone");
        return false;
    case SCREEN_RESIZED:
        live->top->must_ask = true; /* there may be room for more relays */
        return true;
    default:
        return true;
    }
}

/* The process ends by the signal as it would have without a screen. */
static void end_by(int number) {
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

int live_run(struct top *top, struct http_client *client, unsigned interval_ms, struct error *error) {
    struct live live = {.top = top, .interval_ms = interval_ms};

    live.asker = asker_new(client, error);
    live.screen = live.asker ? screen_open(error) : NULL;
    if (!live.screen) {
        asker_free(live.asker);
        return -1;
    }
    while (step(&live, error)) {
    }
    int number = screen_signal(live.screen);
    screen_close(live.screen);
    asker_free(live.asker);
    if (number)
        end_by(number);
    return *error->text ? -1 : 0;
}
