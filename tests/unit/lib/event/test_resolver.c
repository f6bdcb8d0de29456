/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_resolver: questions and threads, most of them with a look-up that waits until the test lets it go.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/event/resolver_priv.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PATIENCE_MS = 5000, LONG_MS = 60000 };

/* ---- a look-up under the test's control ---- */

static struct gate { /* names that begin with "slow" wait here */
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_open;
    int asked, waiting;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, 0};

static void open_gate(void) {
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
}

static void close_gate(void) {
    pthread_mutex_lock(&gate.lock);
    gate.is_open = false;
    pthread_mutex_unlock(&gate.lock);
}

static int asked(void) {
    pthread_mutex_lock(&gate.lock);
    int count = gate.asked;
    pthread_mutex_unlock(&gate.lock);
    return count;
}

static bool so_many_wait(void *context) {
    pthread_mutex_lock(&gate.lock);
    bool waits = gate.waiting >= *(const int *)context;
    pthread_mutex_unlock(&gate.lock);
    return waits;
}

static bool none_waits(void *context) {
    (void)context;
    pthread_mutex_lock(&gate.lock);
    bool waits = gate.waiting > 0;
    pthread_mutex_unlock(&gate.lock);
    return !waits;
}

/* Answers 10.0.0.NUMBER, NUMBER counting the look-ups; fails for names with "bad" in them. */
static void controlled(const char *host, struct resolver_answer *answer) {
    pthread_mutex_lock(&gate.lock);
    int number = ++gate.asked;
    gate.waiting++;
    while (strncasecmp(host, "slow", 4) == 0 && !gate.is_open)
        pthread_cond_wait(&gate.opened, &gate.lock);
    gate.waiting--;
    pthread_mutex_unlock(&gate.lock);

    struct endpoint endpoint = {.port = 0};
    snprintf(endpoint.host, sizeof endpoint.host, "10.0.0.%d", number);
    answer->count = !strstr(host, "bad") && addr_from_endpoint(&answer->addresses[0], &endpoint);
    answer->detail = answer->count ? "" : "no such name";
}

static struct endpoint named(const char *host, uint16_t port) {
    struct endpoint endpoint = {.port = port};
    snprintf(endpoint.host, sizeof endpoint.host, "%s", host);
    return endpoint;
}

struct asker {
    struct resolver_question *question;
    int answers, count, order;
    char address[ADDR_TEXT], detail[64];
    int *next_order;
};

static void on_answer(void *context, const struct resolver_answer *answer) {
    struct asker *asker = context;
    asker->answers++;
    asker->count = answer->count;
    snprintf(asker->detail, sizeof asker->detail, "%s", answer->detail);
    if (answer->count > 0)
        addr_format(&answer->addresses[0], asker->address, sizeof asker->address);
    asker->order = asker->next_order ? ++*asker->next_order : 0;
}

struct fixture {
    struct loop *loop;
    struct resolver *resolver;
};

/* Where tests share a process: an earlier one has counted, and left the gate open. */
static void begin_anew(void) {
    open_gate();
    ck_assert(unit_wait_until(none_waits, NULL, PATIENCE_MS));
    close_gate();
    pthread_mutex_lock(&gate.lock);
    gate.asked = 0;
    pthread_mutex_unlock(&gate.lock);
}

static struct fixture set_up_with(struct resolver_limits limits) {
    begin_anew();
    limits.lookup = limits.lookup ? limits.lookup : controlled;
    struct fixture fixture = {loop_new("asking"), resolver_new_with(&limits)};
    ck_assert(fixture.loop && fixture.resolver);
    return fixture;
}

/* So many threads, for any name. */
static struct fixture set_up(int threads) {
    return set_up_with((struct resolver_limits){
        .kept = threads, .most = threads, .slow = threads, .slow_ms = LONG_MS, .idle_ms = LONG_MS});
}

static void tear_down(struct fixture *fixture) {
    resolver_free(fixture->resolver);
    loop_free(fixture->loop);
}

static void ask(struct fixture *fixture, struct asker *asker, const char *host, uint16_t port, unsigned timeout_ms) {
    struct endpoint endpoint = named(host, port);
    asker->question = resolver_ask(fixture->resolver, fixture->loop, &endpoint, timeout_ms, on_answer, asker);
    ck_assert_ptr_nonnull(asker->question);
    ck_assert_int_eq(asker->answers, 0);
}

static bool is_answered(void *context) {
    return ((struct asker *)context)->answers > 0;
}

static void await_answer(struct fixture *fixture, struct asker *asker) {
    ck_assert(unit_run_until(loop_base(fixture->loop), is_answered, asker, PATIENCE_MS));
}

static void await_waiting(int count) {
    ck_assert(unit_wait_until(so_many_wait, &count, PATIENCE_MS));
}

/* ---- tests ---- */

START_TEST(an_answer_has_address_and_port) {
    struct fixture fixture = set_up(4);
    struct asker asker = {.answers = 0}, failing = {.answers = 0};
    ask(&fixture, &asker, "name", 5432, LONG_MS);
    ask(&fixture, &failing, "bad", 80, LONG_MS);
    await_answer(&fixture, &asker);
    await_answer(&fixture, &failing);
    ck_assert_int_eq(asker.count, 1);
    ck_assert_ptr_nonnull(strstr(asker.address, ":5432"));
    ck_assert_int_eq(failing.count, 0);
    ck_assert_str_eq(failing.detail, "no such name");
    tear_down(&fixture);
}
END_TEST

enum { ASKERS = 50 };
START_TEST(equal_questions_are_one_look_up) {
    struct fixture fixture = set_up(4);
    static struct asker askers[ASKERS];
    int order = 0;
    for (int i = 0; i < ASKERS; i++) {
        askers[i].next_order = &order;
        ask(&fixture, &askers[i], i % 2 ? "slow.example" : "SLOW.Example", (uint16_t)(1000 + i), LONG_MS);
    }
    await_waiting(1);
    open_gate();
    for (int i = 0; i < ASKERS; i++) {
        char expected[ADDR_TEXT];
        await_answer(&fixture, &askers[i]);
        snprintf(expected, sizeof expected, "10.0.0.1:%d", 1000 + i);
        ck_assert_str_eq(askers[i].address, expected);
        ck_assert_int_eq(askers[i].order, i + 1);
    }
    ck_assert_int_eq(asked(), 1);
    tear_down(&fixture);
}
END_TEST

START_TEST(an_answer_is_kept_for_a_while) {
    struct fixture fixture = set_up(1);
    struct asker first = {.answers = 0}, second = {.answers = 0}, bad = {.answers = 0}, again = {.answers = 0};
    ask(&fixture, &first, "name", 1, LONG_MS);
    await_answer(&fixture, &first);
    ask(&fixture, &second, "name", 2, LONG_MS); /* ask() has checked that it is not answered from within */
    await_answer(&fixture, &second);
    ck_assert_str_eq(second.address, "10.0.0.1:2");
    uint64_t start = clock_ms();
    ask(&fixture, &bad, "bad", 1, LONG_MS);
    await_answer(&fixture, &bad);
    ask(&fixture, &again, "bad", 1, LONG_MS);
    await_answer(&fixture, &again);
    ck_assert(asked() == 2 || clock_ms() - start >= 1000); /* a failure is kept for a second only */
    tear_down(&fixture);
}
END_TEST

static bool is_past(void *context) {
    return clock_ms() > *(const uint64_t *)context;
}

START_TEST(a_failure_is_forgotten_after_a_second) {
    struct fixture fixture = set_up(1);
    struct asker bad = {.answers = 0}, again = {.answers = 0};
    ask(&fixture, &bad, "bad", 1, LONG_MS);
    await_answer(&fixture, &bad);
    uint64_t later = clock_ms() + 1100;
    ck_assert(unit_wait_until(is_past, &later, PATIENCE_MS));
    ask(&fixture, &again, "bad", 1, LONG_MS);
    await_answer(&fixture, &again);
    ck_assert_int_eq(asked(), 2);
    tear_down(&fixture);
}
END_TEST

START_TEST(a_deadline_holds_though_the_thread_is_stuck) {
    struct fixture fixture = set_up(1);
    struct asker hasty = {.answers = 0}, behind = {.answers = 0}, patient = {.answers = 0};
    ask(&fixture, &hasty, "slow", 1, 50);
    ask(&fixture, &patient, "slow", 2, LONG_MS);
    ask(&fixture, &behind, "quick", 3, 50); /* waits for the one thread */
    await_answer(&fixture, &hasty);
    await_answer(&fixture, &behind);
    ck_assert_str_eq(hasty.detail, "timed out");
    ck_assert_str_eq(behind.detail, "timed out");
    ck_assert_int_eq(patient.answers, 0);
    open_gate();
    await_answer(&fixture, &patient);
    ck_assert_str_eq(patient.address, "10.0.0.1:2");
    ck_assert_int_eq(hasty.answers, 1);
    ck_assert_int_eq(asked(), 1); /* "quick" was not wanted any more */
    tear_down(&fixture);
}
END_TEST

START_TEST(one_stuck_name_does_not_hold_up_others) {
    struct fixture fixture = set_up(2);
    struct asker stuck = {.answers = 0}, other = {.answers = 0};
    ask(&fixture, &stuck, "slow", 1, LONG_MS);
    await_waiting(1);
    ask(&fixture, &other, "quick", 2, LONG_MS);
    await_answer(&fixture, &other);
    ck_assert_int_eq(stuck.answers, 0);
    open_gate();
    await_answer(&fixture, &stuck);
    tear_down(&fixture);
}
END_TEST

START_TEST(a_cancelled_question_is_never_answered) {
    struct fixture fixture = set_up(2);
    struct asker queued[3] = {{.answers = 0}}, kept = {.answers = 0}, last = {.answers = 0};
    for (int i = 0; i < 3; i++)
        ask(&fixture, &queued[i], "slow", 1, LONG_MS);
    resolver_cancel(queued[1].question);
    resolver_cancel(NULL);
    await_waiting(1);
    open_gate();
    await_answer(&fixture, &queued[0]);
    await_answer(&fixture, &queued[2]);
    ask(&fixture, &kept, "slow", 1, LONG_MS); /* its answer is in the mailbox at once ... */
    resolver_cancel(kept.question);           /* ... and cancelled there */
    ask(&fixture, &last, "slow", 1, LONG_MS);
    await_answer(&fixture, &last);
    ck_assert_int_eq(queued[1].answers, 0);
    ck_assert_int_eq(kept.answers, 0);
    tear_down(&fixture);
}
END_TEST

/* Fired before the message is delivered, it would look at a resolver that may be gone. */
START_TEST(a_cancelled_question_leaves_no_timer) {
    struct fixture fixture = set_up(1);
    struct asker first = {.answers = 0}, kept = {.answers = 0};
    ask(&fixture, &first, "quick", 1, LONG_MS);
    await_answer(&fixture, &first);
    int events = event_base_get_num_events(loop_base(fixture.loop), EVENT_BASE_COUNT_ADDED);
    ask(&fixture, &kept, "quick", 1, LONG_MS); /* its answer is in the mailbox at once */
    resolver_cancel(kept.question);
    ck_assert_int_eq(event_base_get_num_events(loop_base(fixture.loop), EVENT_BASE_COUNT_ADDED), events);
    tear_down(&fixture);
    ck_assert_int_eq(kept.answers, 0);
}
END_TEST

static void on_answer_cancel(void *context, const struct resolver_answer *answer) {
    struct asker *asker = context;
    on_answer(context, answer);
    resolver_cancel(asker->question);
}

START_TEST(cancelling_from_within_the_callback_is_harmless) {
    struct fixture fixture = set_up(1);
    struct asker answered = {.answers = 0}, late = {.answers = 0};
    struct endpoint quick = named("quick", 1), slow = named("slow", 1);
    answered.question = resolver_ask(fixture.resolver, fixture.loop, &quick, LONG_MS, on_answer_cancel, &answered);
    await_answer(&fixture, &answered);
    late.question = resolver_ask(fixture.resolver, fixture.loop, &slow, 20, on_answer_cancel, &late);
    await_answer(&fixture, &late);
    ck_assert_str_eq(late.detail, "timed out");
    open_gate();
    tear_down(&fixture);
}
END_TEST

START_TEST(freeing_does_not_wait_for_a_stuck_look_up) {
    struct fixture fixture = set_up(2);
    struct asker stuck = {.answers = 0}, queued[3] = {{.answers = 0}};
    ask(&fixture, &stuck, "slow.1", 1, LONG_MS);
    ask(&fixture, &queued[0], "slow.2", 1, LONG_MS);
    ask(&fixture, &queued[1], "slow.3", 1, LONG_MS);
    ask(&fixture, &queued[2], "slow.3", 2, LONG_MS);
    await_waiting(2);
    tear_down(&fixture);
    open_gate(); /* the threads end by themselves, and touch nothing that is gone */
    int none = 0;
    ck_assert(unit_wait_until(so_many_wait, &none, PATIENCE_MS));
    ck_assert_int_eq(stuck.answers + queued[0].answers + queued[1].answers + queued[2].answers, 0);
}
END_TEST

/* ---- names that hang ---- */

enum { HANGING = 32, FLOOD = 200, SLOW_MS = 300 };

/* As in use, but for what counts as slow. */
static const struct resolver_limits as_in_use = {
    .kept = 4, .most = RESOLVER_THREADS_MOST, .reserved = 8, .slow = 8, .slow_ms = SLOW_MS, .idle_ms = LONG_MS};

static void ask_hanging(struct fixture *fixture, struct asker *askers, int count, const char *form) {
    for (int i = 0; i < count; i++) {
        char host[32];
        snprintf(host, sizeof host, "%s.%d", form, i);
        askers[i] = (struct asker){.answers = 0};
        ask(fixture, &askers[i], host, 1, LONG_MS);
    }
}

START_TEST(hanging_names_do_not_hold_up_healthy_ones) {
    struct fixture fixture = set_up_with(as_in_use);
    static struct asker hanging[HANGING];
    struct asker healthy = {.answers = 0}, local = {.answers = 0};
    ask_hanging(&fixture, hanging, HANGING, "slow");
    await_waiting(HANGING);
    ask(&fixture, &healthy, "quick", 2, LONG_MS);
    ask(&fixture, &local, "localhost", 3, LONG_MS);
    await_answer(&fixture, &healthy);
    await_answer(&fixture, &local);
    tear_down(&fixture);
    open_gate();
}
END_TEST

START_TEST(a_name_known_to_be_prompt_has_a_thread_whatever_hangs) {
    struct fixture fixture = set_up_with(as_in_use);
    static struct asker hanging[FLOOD];
    struct asker first = {.answers = 0}, again = {.answers = 0}, local = {.answers = 0};
    ask(&fixture, &first, "quickbad", 1, LONG_MS); /* what failed is kept for a second only */
    await_answer(&fixture, &first);
    ask_hanging(&fixture, hanging, FLOOD, "slow");
    await_waiting(as_in_use.most - as_in_use.reserved);
    uint64_t later = clock_ms() + 1100;
    ck_assert(unit_wait_until(is_past, &later, PATIENCE_MS));
    ck_assert_int_eq(asked(), 1 + as_in_use.most - as_in_use.reserved);
    ask(&fixture, &again, "quickbad", 2, LONG_MS);
    ask(&fixture, &local, "localhost", 3, LONG_MS);
    await_answer(&fixture, &again);
    await_answer(&fixture, &local);
    tear_down(&fixture);
    open_gate();
}
END_TEST

static bool are_answered(void *context) {
    const struct asker *askers = context;
    for (int i = 0; i < HANGING; i++) {
        if (askers[i].answers == 0)
            return false;
    }
    return true;
}

START_TEST(names_that_were_slow_share_few_threads_in_turn) {
    struct fixture fixture = set_up_with(as_in_use);
    static struct asker before[HANGING], hanging[HANGING];
    struct asker healthy = {.answers = 0};
    ask_hanging(&fixture, before, HANGING, "slowbad");
    await_waiting(HANGING);
    uint64_t later = clock_ms() + SLOW_MS + 50;
    ck_assert(unit_wait_until(is_past, &later, PATIENCE_MS));
    open_gate();
    ck_assert(unit_run_until(loop_base(fixture.loop), are_answered, before, PATIENCE_MS));
    later = clock_ms() + 1100; /* till the failures are forgotten */
    ck_assert(unit_wait_until(is_past, &later, PATIENCE_MS));
    close_gate();
    ask_hanging(&fixture, hanging, HANGING, "slowbad");
    await_waiting(as_in_use.slow);
    ask(&fixture, &healthy, "quick", 2, LONG_MS);
    await_answer(&fixture, &healthy);
    ck_assert_int_eq(asked(), HANGING + as_in_use.slow + 1);
    open_gate();
    ck_assert(unit_run_until(loop_base(fixture.loop), are_answered, hanging, PATIENCE_MS));
    tear_down(&fixture);
}
END_TEST

static bool has_one_thread(void *context) {
    return resolver_threads(context) == 1;
}

START_TEST(threads_without_work_end) {
    struct resolver_limits limits = as_in_use;
    limits.kept = 1;
    limits.idle_ms = 20;
    struct fixture fixture = set_up_with(limits);
    static struct asker hanging[HANGING];
    struct asker healthy = {.answers = 0};
    ask_hanging(&fixture, hanging, HANGING, "slow");
    await_waiting(HANGING);
    ck_assert_int_ge(resolver_threads(fixture.resolver), HANGING);
    open_gate();
    ck_assert(unit_run_until(loop_base(fixture.loop), are_answered, hanging, PATIENCE_MS));
    ck_assert(unit_wait_until(has_one_thread, fixture.resolver, PATIENCE_MS));
    ask(&fixture, &healthy, "quick", 2, LONG_MS);
    await_answer(&fixture, &healthy);
    tear_down(&fixture);
}
END_TEST

START_TEST(freeing_waits_for_no_hanging_name) {
    struct fixture fixture = set_up_with(as_in_use);
    static struct asker hanging[FLOOD];
    ask_hanging(&fixture, hanging, FLOOD, "slow");
    await_waiting(as_in_use.most - as_in_use.reserved);
    tear_down(&fixture);
    open_gate();
    int none = 0;
    ck_assert(unit_wait_until(none_waits, &none, PATIENCE_MS)); /* a sanitizer sees what they touch */
    for (int i = 0; i < FLOOD; i++)
        ck_assert_int_eq(hanging[i].answers, 0);
}
END_TEST

/* Askers and cancellers race the answers; a sanitizer looks on. */
START_TEST(many_questions_and_cancellations_end_well) {
    struct fixture fixture = set_up(4);
    static struct asker askers[2000];
    open_gate();
    for (int i = 0; i < 2000; i++) {
        char host[32];
        snprintf(host, sizeof host, "host%d", i / 3);
        ask(&fixture, &askers[i], host, 1, i % 7 ? LONG_MS : 1);
        if (i % 5 == 4 && !askers[i - 2].answers) {
            resolver_cancel(askers[i - 2].question);
            askers[i - 2].answers = -1;
        }
        if (i % 100 == 0)
            unit_run_rounds(loop_base(fixture.loop), 1);
    }
    for (int i = 0; i < 2000; i++) {
        if (askers[i].answers != -1)
            await_answer(&fixture, &askers[i]);
    }
    unit_run_rounds(loop_base(fixture.loop), 3);
    for (int i = 0; i < 2000; i++)
        ck_assert(askers[i].answers == -1 || askers[i].answers == 1);
    tear_down(&fixture);
}
END_TEST

/* ---- the system's answers ---- */

START_TEST(the_system_knows_localhost) {
    struct fixture fixture = {loop_new("asking"), resolver_new()};
    struct asker asker = {.answers = 0}, none = {.answers = 0};
    ask(&fixture, &asker, "localhost", 5900, LONG_MS);
    ask(&fixture, &none, "no-such-name.invalid", 5900, LONG_MS);
    await_answer(&fixture, &asker);
    ck_assert_int_gt(asker.count, 0);
    ck_assert_msg(strcmp(asker.address, "127.0.0.1:5900") == 0 || strcmp(asker.address, "[::1]:5900") == 0, "%s",
                  asker.address);
    resolver_cancel(none.answers ? NULL : none.question);
    tear_down(&fixture);
}
END_TEST

static const char *const own_names[] = {"localhost", "LocalHost", "localhost.", "db.localhost", "db.localhost."};

START_TEST(localhost_is_answered_without_asking) {
    struct fixture fixture = set_up(1);
    struct resolver_answer answer;
    struct asker asker = {.answers = 0};
    char second[ADDR_TEXT];
    ask(&fixture, &asker, own_names[_i], 80, LONG_MS);
    await_answer(&fixture, &asker);
    ck_assert_int_eq(asker.count, 2);
    ck_assert_str_eq(asker.address, "[::1]:80");
    ck_assert(resolver_answer_localhost(own_names[_i], &answer));
    ck_assert_str_eq(addr_format_host(&answer.addresses[1], second, sizeof second), "127.0.0.1");
    ck_assert_int_eq(asked(), 0);
    tear_down(&fixture);
}
END_TEST

static const char *const other_names[] = {"localhost.example", "mylocalhost", "localhos", "", ".", "local.host"};

START_TEST(names_like_localhost_are_asked_for) {
    struct resolver_answer answer;
    ck_assert(!resolver_answer_localhost(other_names[_i], &answer));
}
END_TEST

static TCase *questions(void) {
    TCase *group = tcase_create("questions");
    tcase_add_test(group, an_answer_has_address_and_port);
    tcase_add_test(group, equal_questions_are_one_look_up);
    tcase_add_test(group, an_answer_is_kept_for_a_while);
    tcase_add_test(group, a_failure_is_forgotten_after_a_second);
    tcase_add_test(group, a_deadline_holds_though_the_thread_is_stuck);
    tcase_add_test(group, one_stuck_name_does_not_hold_up_others);
    tcase_add_test(group, a_cancelled_question_is_never_answered);
    tcase_add_test(group, a_cancelled_question_leaves_no_timer);
    tcase_add_test(group, cancelling_from_within_the_callback_is_harmless);
    tcase_add_test(group, freeing_does_not_wait_for_a_stuck_look_up);
    tcase_add_test(group, many_questions_and_cancellations_end_well);
    return group;
}

static TCase *hanging_names(void) {
    TCase *group = tcase_create("hanging");
    tcase_add_test(group, hanging_names_do_not_hold_up_healthy_ones);
    tcase_add_test(group, a_name_known_to_be_prompt_has_a_thread_whatever_hangs);
    tcase_add_test(group, names_that_were_slow_share_few_threads_in_turn);
    tcase_add_test(group, threads_without_work_end);
    tcase_add_test(group, freeing_waits_for_no_hanging_name);
    return group;
}

static TCase *answers(void) {
    TCase *group = tcase_create("answers");
    tcase_add_test(group, the_system_knows_localhost);
    tcase_add_loop_test(group, localhost_is_answered_without_asking, 0, sizeof own_names / sizeof *own_names);
    tcase_add_loop_test(group, names_like_localhost_are_asked_for, 0, sizeof other_names / sizeof *other_names);
    return group;
}

UNIT_MAIN("lib/event/resolver", questions, hanging_names, answers)
