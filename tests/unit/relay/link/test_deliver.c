/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_deliver: the last bytes of a complete stream arrive, whatever becomes of their link; and an agent's record
 * does not say done before (deliver.c, events.c); and which silence of a data link is one (idle.c).
 *
 * A server and an agent over a network in memory (memory_net.h). The clock and what the kernel would say of a socket
 * are the test's. Records and ends of links are those of the control plane's events (events.c).
 */
#include "config.h"

#include "relay/two_planes.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"
#include "relay/stream/relay.h"

#include <stdlib.h>
#include <string.h>

enum { NARROW = 30000, ANSWER = 60000, SOON_MS = 3000, A_WHILE_MS = 500, LONG_S = 130 };

static uint64_t skipped_us;
static size_t unacknowledged; /* in every socket */
static unsigned stalled_ms;   /* on every socket */

uint64_t __real_clock_us(void);
uint64_t __wrap_clock_us(void);
uint64_t __wrap_clock_us(void) {
    return __real_clock_us() + skipped_us;
}

size_t __wrap_sock_unsent(int fd);
size_t __wrap_sock_unsent(int fd) {
    (void)fd;
    return unacknowledged;
}

unsigned __wrap_sock_stalled_ms(int fd, struct sock_stall *stall);
unsigned __wrap_sock_stalled_ms(int fd, struct sock_stall *stall) {
    (void)fd, (void)stall;
    return stalled_ms;
}

static struct {
    int count;
    enum relay_reason last;
    uint64_t still_counted; /* what the agent still had to finish, as a program that stops sees it */
} agents_records;

static uint64_t delivering_when_back; /* the server's links, when its client came back */

static uint64_t unfinished(const struct plane *plane) {
    struct plane_counts counts;
    plane_count(plane, &counts);
    return counts.relays + counts.lingering + counts.delivering;
}

static struct world {
    struct two_planes planes;
    struct link_ref idle;
    int idle_count;
    int client, far; /* the test's ends of client and destination */
    size_t received;
    char bytes[2 * ANSWER];
    enum client_outcome outcome; /* of the last client that came back */
    enum refusal refusal;
} world;

void __wrap_record_log(struct log *log, const struct record *record, uint64_t now_us);
void __wrap_record_log(struct log *log, const struct record *record, uint64_t now_us) {
    (void)log, (void)now_us;
    if (record->agent)
        return;
    agents_records.count++;
    agents_records.still_counted = unfinished(world.planes.agent);
    agents_records.last = record->reason;
}

void __real_plane_event_client_back(struct relay_thread *thread, struct client *client, struct link_ref link,
                                    uint64_t tag);
void __wrap_plane_event_client_back(struct relay_thread *thread, struct client *client, struct link_ref link,
                                    uint64_t tag);
void __wrap_plane_event_client_back(struct relay_thread *thread, struct client *client, struct link_ref link,
                                    uint64_t tag) {
    struct plane_counts counts;
    plane_count(thread->plane, &counts);
    delivering_when_back = counts.delivering;
    __real_plane_event_client_back(thread, client, link, tag);
}

static void on_idle(void *context, struct link_ref link, uint64_t tag) {
    (void)context, (void)tag;
    world.idle = link;
    world.idle_count++;
}

static void on_client_back(void *context, struct client *client, struct link_ref link, uint64_t tag) {
    (void)context, (void)link, (void)tag;
    world.outcome = client->outcome;
    world.refusal = client->refusal;
    memory_close(client->fd); /* if it was to be served by another */
    if (client->early)
        evbuffer_free(client->early);
    service_terms_release(client->terms);
    free(client);
}

static const struct plane_events server_events = {.on_greeting = two_planes_on_greeting,
                                                  .on_idle = on_idle,
                                                  .on_client_back = on_client_back};
static const struct plane_events agent_events = {.on_greeting = NULL};

static struct link *only_link(const struct plane *plane) {
    return plane->threads[0]->slots[0];
}

static void settle(void) {
    two_planes_settle(&world.planes);
}

/* To the planes from outside, and over the link; what they send out waits. */
static void carry_in(void) {
    memory_carry(memory_peer(world.client), MUCH);
    memory_carry(memory_peer(world.far), MUCH);
    settle();
    two_planes_carry_all(&world.planes);
}

/* Reads what has come to that end. */
static void receive(int end) {
    memory_carry(end, MUCH);
    world.received += memory_receive(end, world.bytes + world.received, sizeof world.bytes - world.received);
    settle();
}

static void add_client(void) {
    struct service_terms_plan plan = {.half_close_timeout_s = 1000};
    struct client *client = two_planes_client(&plan, "127.0.0.1:1000", &world.client);
    plane_serve(world.planes.server, world.idle, client);
    settle();
    two_planes_carry_all(&world.planes);
    world.far = two_planes_accepted();
    carry_in();
    world.received = 0;
}

static void begin(size_t capacity) {
    world = (struct world){.idle_count = 0};
    two_planes_begin(&world.planes, &world, capacity, &server_events, &agent_events);
    two_planes_add_link(&world.planes);
    ck_assert_int_eq(world.idle_count, 1);
    add_client();
}

static void close_ends(void) {
    memory_close(world.client);
    memory_close(world.far);
}

static void finish(void) {
    close_ends();
    two_planes_finish(&world.planes);
}

/* `from` sends all at once, and ends its stream. */
static void send_all(int from, size_t size) {
    char *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    memory_send(from, bytes, size);
    memory_finish(from);
    memory_carry(memory_peer(from), MUCH);
    settle();
    free(bytes);
}

static bool is_whole(void *context) {
    int end = *(int *)context;
    carry_in();
    receive(end);
    return memory_got_end(end) || memory_got_reset(end);
}

static void assert_whole(int end, size_t size) {
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_whole, &end, SOON_MS));
    ck_assert(memory_got_end(end) && !memory_got_reset(end));
    ck_assert_uint_eq(world.received, size);
    for (size_t i = 0; i < size; i++)
        ck_assert_int_eq(world.bytes[i], (char)(i * 7 + i / 256));
}

static void pass(unsigned seconds) {
    skipped_us += seconds * 1000000ull;
    struct plane *planes[] = {world.planes.server, world.planes.agent};
    for (int i = 0; i < 2; i++)
        if (only_link(planes[i]))
            link_sweep(only_link(planes[i]), clock_us());
    settle();
}

static bool links_are_gone(void *context) {
    (void)context;
    two_planes_carry_all(&world.planes);
    return !only_link(world.planes.server) && !only_link(world.planes.agent);
}

/* ---- a link that is ended politely ---- */

/* Both streams are complete as far as the server knows, and half of the client's waits for room on the wire. */
START_TEST(a_complete_stream_outlives_the_polite_end_of_its_link) {
    bool when_idle = _i == 1;
    begin(NARROW);
    memory_finish(world.far);
    carry_in();
    if (when_idle)
        plane_close(world.planes.server, world.idle, "enough", true);
    settle();
    send_all(world.client, ANSWER);
    if (!when_idle)
        plane_close(world.planes.server, world.idle, "enough", false);
    settle();
    assert_whole(world.far, ANSWER);
    ck_assert(unit_run_until(loop_base(world.planes.loop), links_are_gone, NULL, SOON_MS));
    finish();
}
END_TEST

/* An upload of more than 64 KiB: the server waits for IDLE. */
START_TEST(a_complete_stream_outlives_a_link_that_waits_for_IDLE) {
    begin(NARROW);
    memory_finish(world.far);
    carry_in();
    send_all(world.client, 2 * ANSWER);
    for (int i = 0; i < 8 && only_link(world.planes.server)->state != LINK_WAITING; i++) {
        memory_carry(world.planes.wires[0].agent, MUCH);
        settle();
    }
    ck_assert_int_eq(only_link(world.planes.server)->state, LINK_WAITING);
    ck_assert_uint_gt(link_bio_parked(only_link(world.planes.server)->bio), 0);
    plane_close(world.planes.server, world.idle, "enough", false);
    settle();
    assert_whole(world.far, 2 * ANSWER);
    ck_assert(unit_run_until(loop_base(world.planes.loop), links_are_gone, NULL, SOON_MS));
    finish();
}
END_TEST

static bool never(void *context) {
    (void)context;
    return false;
}

/* What the kernel has is not yet with the peer, either. */
START_TEST(a_link_lingers_until_its_last_bytes_are_acknowledged) {
    struct plane_counts counts;
    begin(MUCH);
    memory_finish(world.far);
    carry_in();
    send_all(world.client, 1000);
    unacknowledged = 1000;
    plane_close(world.planes.server, world.idle, "enough", false);
    unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
    ck_assert_ptr_nonnull(only_link(world.planes.server));
    plane_count(world.planes.server, &counts);
    ck_assert_uint_eq(counts.delivering, 1);
    unacknowledged = 0;
    assert_whole(world.far, 1000);
    ck_assert(unit_run_until(loop_base(world.planes.loop), links_are_gone, NULL, SOON_MS));
    plane_count(world.planes.server, &counts);
    ck_assert_uint_eq(counts.delivering, 0);
    finish();
}
END_TEST

static bool servers_link_is_gone(void *context) {
    (void)context;
    return !only_link(world.planes.server);
}

/* Nothing is acknowledged: the agent takes no more before its destination has taken what it has, and reports that. */
START_TEST(a_link_lingers_while_the_agent_reports_progress) {
    begin(NARROW);
    memory_finish(world.far);
    carry_in();
    send_all(world.client, ANSWER);
    plane_close(world.planes.server, world.idle, "enough", false);
    unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
    for (int i = 0; i < 3; i++) {
        skipped_us += 2 * LONG_S * 1000000ull;
        link_report_progress(only_link(world.planes.agent));
        memory_carry(world.planes.wires[0].server, MUCH);
        settle();
        unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
        ck_assert_ptr_nonnull(only_link(world.planes.server));
    }
    skipped_us += 3 * LONG_S * 1000000ull; /* and then none */
    ck_assert(unit_run_until(loop_base(world.planes.loop), servers_link_is_gone, NULL, SOON_MS));
    finish();
}
END_TEST

START_TEST(a_link_does_not_linger_for_a_peer_that_is_gone) {
    begin(NARROW);
    memory_finish(world.far);
    carry_in();
    send_all(world.client, ANSWER);
    plane_close(world.planes.server, world.idle, "enough", false);
    settle();
    ck_assert_ptr_nonnull(only_link(world.planes.server));
    stalled_ms = 31000;
    ck_assert(unit_run_until(loop_base(world.planes.loop), servers_link_is_gone, NULL, SOON_MS));
    finish();
}
END_TEST

static bool servers_link_lingers(void *context) {
    (void)context;
    return only_link(world.planes.server)->state == LINK_LINGERING;
}

/* close_notify came, and then the RST of a process that has ended: no read is there to meet it. */
START_TEST(a_link_does_not_linger_for_a_peer_that_resets_behind_its_end) {
    begin(MUCH);
    memory_finish(world.far);
    carry_in();
    send_all(world.client, 1000);
    unacknowledged = 1000;
    struct link *link = only_link(world.planes.server);
    link->peer_is_done = true;
    plane_close(world.planes.server, world.idle, "enough", false);
    ck_assert(unit_run_until(loop_base(world.planes.loop), servers_link_lingers, NULL, SOON_MS));
    memory_cut(link->fd);
    ck_assert(unit_run_until(loop_base(world.planes.loop), servers_link_is_gone, NULL, SOON_MS));
    finish();
}
END_TEST

/* The half-close met the RST, and no later call did: the link stayed for 300 s. */
START_TEST(a_link_does_not_linger_for_a_reset_that_its_half_close_met) {
    begin(MUCH);
    memory_finish(world.far);
    carry_in();
    send_all(world.client, 1000);
    unacknowledged = 1000;
    struct link *link = only_link(world.planes.server);
    link->peer_is_done = true;
    memory_cut(link->fd);
    plane_close(world.planes.server, world.idle, "enough", false);
    ck_assert(unit_run_until(loop_base(world.planes.loop), servers_link_is_gone, NULL, SOON_MS));
    finish();
}
END_TEST

/* ---- what a program that stops waits for ---- */

static bool is_recorded(void *context) {
    (void)context;
    two_planes_carry_all(&world.planes);
    return agents_records.count > 0;
}

START_TEST(a_server_that_stops_sees_the_last_bytes_of_a_client_that_came_back) {
    begin(MUCH);
    memory_finish(world.far);
    carry_in();
    send_all(world.client, 1000);
    ck_assert_int_eq(world.outcome, CLIENT_ENDED);
    ck_assert_uint_eq(delivering_when_back, 1);
    finish();
}
END_TEST

/* 0: the server has all when the relay ends; 1: the record waits for that; 2: the destination was reset. */
START_TEST(an_agent_that_stops_sees_a_relay_until_its_record_is_written) {
    begin(MUCH);
    unacknowledged = _i == 1 ? 1000 : 0;
    memory_finish(world.client);
    carry_in();
    if (_i == 2)
        memory_reset(world.far);
    else
        send_all(world.far, 1000);
    settle();
    if (_i == 1)
        unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
    unacknowledged = 0;
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_recorded, NULL, SOON_MS));
    ck_assert_uint_gt(agents_records.still_counted, 0);
    world.far = _i == 2 ? -1 : world.far;
    finish();
}
END_TEST

static TCase *stops(void) {
    TCase *group = tcase_create("stops");
    tcase_add_test(group, a_server_that_stops_sees_the_last_bytes_of_a_client_that_came_back);
    tcase_add_loop_test(group, an_agent_that_stops_sees_a_relay_until_its_record_is_written, 0, 3);
    return group;
}

static TCase *polite_ends(void) {
    TCase *group = tcase_create("polite ends");
    tcase_add_loop_test(group, a_complete_stream_outlives_the_polite_end_of_its_link, 0, 2);
    tcase_add_test(group, a_complete_stream_outlives_a_link_that_waits_for_IDLE);
    tcase_add_test(group, a_link_lingers_until_its_last_bytes_are_acknowledged);
    tcase_add_test(group, a_link_lingers_while_the_agent_reports_progress);
    tcase_add_test(group, a_link_does_not_linger_for_a_peer_that_is_gone);
    tcase_add_test(group, a_link_does_not_linger_for_a_peer_that_resets_behind_its_end);
    tcase_add_test(group, a_link_does_not_linger_for_a_reset_that_its_half_close_met);
    return group;
}

/* ---- silence ---- */

/* The client's stream has been over for long when the destination answers; half of that waits for room on the wire. */
START_TEST(a_late_answer_is_not_lost_to_silence) {
    begin(NARROW);
    memory_finish(world.client);
    carry_in();
    pass(LONG_S);
    send_all(world.far, ANSWER);
    ck_assert_int_eq(only_link(world.planes.agent)->state, LINK_IDLE);
    pass(1);
    assert_whole(world.client, ANSWER);
    finish();
}
END_TEST

/* Everything is with the server, which neither reads nor pings as long as its client does not take it. */
START_TEST(a_server_that_is_busy_with_a_slow_client_is_not_silent) {
    begin(NARROW);
    memory_finish(world.client);
    carry_in();
    send_all(world.far, ANSWER);
    for (int i = 0; i < 4; i++)
        carry_in();
    ck_assert_int_eq(only_link(world.planes.server)->state, LINK_BUSY);
    for (int i = 0; i < 5; i++)
        pass(LONG_S);
    assert_whole(world.client, ANSWER);
    finish();
}
END_TEST

START_TEST(a_server_that_pings_no_more_is_silent) {
    begin(MUCH);
    send_all(world.far, 1);
    send_all(world.client, 1);
    for (int i = 0; i < 3; i++)
        carry_in();
    unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS); /* all is acknowledged */
    pass(31);
    two_planes_carry_all(&world.planes);
    ck_assert_int_eq(only_link(world.planes.server)->state, LINK_IDLE);
    ck_assert_uint_eq(only_link(world.planes.server)->pinged_us, 0); /* and PONG has come */
    memory_cut(world.planes.wires[0].server);
    skipped_us += LONG_S * 1000000ull;
    if (only_link(world.planes.agent))
        link_sweep(only_link(world.planes.agent), clock_us());
    ck_assert_ptr_null(only_link(world.planes.agent));
    finish();
}
END_TEST

/* PING would come behind them, and PONG late. */
START_TEST(a_link_with_last_bytes_under_way_is_not_pinged) {
    begin(MUCH);
    memory_finish(world.far);
    carry_in();
    unacknowledged = 1000;
    send_all(world.client, 1000);
    ck_assert_int_eq(only_link(world.planes.server)->state, LINK_IDLE);
    pass(40);
    ck_assert_uint_eq(only_link(world.planes.server)->pinged_us, 0);
    unacknowledged = 0;
    unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
    pass(1);
    ck_assert_uint_gt(only_link(world.planes.server)->pinged_us, 0);
    finish();
}
END_TEST

static TCase *silence(void) {
    TCase *group = tcase_create("silence");
    tcase_add_test(group, a_late_answer_is_not_lost_to_silence);
    tcase_add_test(group, a_server_that_is_busy_with_a_slow_client_is_not_silent);
    tcase_add_test(group, a_server_that_pings_no_more_is_silent);
    tcase_add_test(group, a_link_with_last_bytes_under_way_is_not_pinged);
    return group;
}

/* ---- the agent's record ---- */

static void end_both(void) {
    memory_finish(world.client);
    carry_in();
    send_all(world.far, 1000);
}

START_TEST(an_agents_record_does_not_say_done_of_bytes_that_were_lost) {
    begin(_i == 0 ? MUCH : NARROW);
    unacknowledged = _i == 0 ? 1000 : 0;
    memory_finish(world.client);
    carry_in();
    send_all(world.far, _i == 0 ? 1000 : ANSWER);
    unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
    ck_assert_uint_eq(two_planes_relays(world.planes.agent), 0);
    ck_assert_int_eq(agents_records.count, 0);
    memory_cut(world.planes.wires[0].agent);
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_recorded, NULL, SOON_MS));
    ck_assert_int_eq(agents_records.last, REASON_LINK_LOST);
    finish();
    ck_assert_int_eq(agents_records.count, 1);
}
END_TEST

/* The link is cut, and the write of the last bytes is the first to notice it. */
START_TEST(an_agents_record_does_not_say_done_of_bytes_that_were_not_sent) {
    begin(MUCH);
    memory_finish(world.client);
    carry_in();
    memory_send(world.far, "answer", 6);
    memory_finish(world.far);
    memory_carry(memory_peer(world.far), MUCH);
    memory_cut(world.planes.wires[0].agent);
    settle();
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_recorded, NULL, SOON_MS));
    ck_assert_int_eq(agents_records.last, REASON_LINK_LOST);
    finish();
}
END_TEST

START_TEST(an_agents_record_says_done_when_the_server_has_acknowledged_all) {
    begin(MUCH);
    end_both();
    ck_assert_int_eq(agents_records.count, 0);
    ck_assert(unit_run_until(loop_base(world.planes.loop), is_recorded, NULL, SOON_MS));
    ck_assert_int_eq(agents_records.last, REASON_DONE);
    finish();
    ck_assert_int_eq(agents_records.count, 1);
}
END_TEST

START_TEST(the_next_OPEN_says_that_the_server_has_all) {
    begin(MUCH);
    unacknowledged = 1000; /* it would never be known otherwise */
    end_both();
    for (int i = 0; i < 3; i++)
        carry_in();
    ck_assert_int_eq(world.idle_count, 2);
    close_ends();
    add_client();
    ck_assert_int_eq(agents_records.count, 1);
    ck_assert_int_eq(agents_records.last, REASON_DONE);
    finish();
}
END_TEST

/* The program ends while the record waits. */
START_TEST(a_record_that_waits_is_written_when_the_program_ends) {
    begin(MUCH);
    unacknowledged = 1000;
    end_both();
    ck_assert_int_eq(agents_records.count, 0);
    finish();
    ck_assert_int_eq(agents_records.count, 1);
    ck_assert_int_ne(agents_records.last, REASON_DONE);
}
END_TEST

/* The client's bytes wait at the agent, and the program ends at once. */
START_TEST(a_client_goes_to_another_agent_when_one_ends_while_it_dials) {
    struct service_terms_plan plan = {.half_close_timeout_s = 1000};
    world = (struct world){.idle_count = 0};
    two_planes_begin(&world.planes, &world, MUCH, &server_events, &agent_events);
    two_planes_add_link(&world.planes);
    memory_connect_will(MEMORY_LATER);
    struct client *client = two_planes_client(&plan, "127.0.0.1:1000", &world.client);
    memory_send(world.client, "hello", 5);
    memory_carry(client->fd, MUCH);
    plane_serve(world.planes.server, world.idle, client);
    settle();
    two_planes_carry_all(&world.planes);
    world.far = two_planes_accepted();
    ck_assert_ptr_nonnull(world.planes.agent->threads[0]->opening);
    relay_stop(world.planes.agent->threads[0]->opening);
    settle();
    two_planes_carry_all(&world.planes);
    ck_assert_int_eq(world.outcome, CLIENT_REFUSED);
    ck_assert_int_eq(world.refusal, REFUSAL_DRAINING);
    finish();
}
END_TEST

static TCase *records(void) {
    TCase *group = tcase_create("records");
    tcase_add_loop_test(group, an_agents_record_does_not_say_done_of_bytes_that_were_lost, 0, 2);
    tcase_add_test(group, an_agents_record_does_not_say_done_of_bytes_that_were_not_sent);
    tcase_add_test(group, an_agents_record_says_done_when_the_server_has_acknowledged_all);
    tcase_add_test(group, the_next_OPEN_says_that_the_server_has_all);
    tcase_add_test(group, a_record_that_waits_is_written_when_the_program_ends);
    return group;
}

static TCase *stopping(void) {
    TCase *group = tcase_create("stopping");
    tcase_add_test(group, a_client_goes_to_another_agent_when_one_ends_while_it_dials);
    return group;
}

UNIT_MAIN("relay/link/deliver", stops, polite_ends, silence, records, stopping)
