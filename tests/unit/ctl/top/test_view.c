/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_view: view.c and its parts, view_head.c, view_problems.c, view_service.c, view_agent.c, view_relay.c,
 * view_event.c, view_of_agent.c, view_facts.c and view_help.c: pictures as text.
 */
#include "config.h"

#include "ctl/top/feed.h"
#include "ctl/top/fixture.h"
#include "ctl/top/keys.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct top top;

static void set_up(void) {
    fixture_begin(&top);
}

static void tear_down(void) {
    fixture_end(&top);
}

static void show(enum table_kind kind) {
    top_show(&top, kind);
    fixture_answer(&top);
}

/* Opens the row `index`. */
static void open_row(unsigned index) {
    for (unsigned i = 0; i <= index; i++)
        (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    (void)keys_press(&top, TOP_KEY_OPEN);
}

/* ---- pages ---- */

START_TEST(service_with_both_keys) {
    open_row(1);
    json_decref(top.detail);
    top.detail = json_deep_copy(top.tabs[0].rows.items[1].item);
    json_object_set_new(
        top.detail, "keys",
        fixture_json("[{'agent': 'web3', 'server': 'web', 'answer': 'permits', 'result': 'serves', 'because': null}, "
                     "{'agent': 'web4', 'server': 'web', 'answer': 'permits', 'result': 'draining', 'because': null}, "
                     "{'agent': 'büro-東京', 'server': 'web', 'answer': 'refuses', 'result': 'refused', 'because': "
                     "'127.0.0.1:8443 is not in its allow list'}]"));
    fixture_expect(&top, 80, 24,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "\n"
                   "web  ▲ limited since 09:02\n"
                   "clients       18.4 new/s, 0 waiting, 0 refused\n"
                   "→ port        0.0.0.0:443: 402 relays, most 688\n"
                   "→ group       web\n"
                   "→ agents      2 of 3 can serve; in 61.2, out 291.4 Mbit/s, means of 10 s\n"
                   "→ destination 127.0.0.1:8443\n"
                   "p50 / p99, ms wait 0.1 / 0.4, dial 0.4 / 3.1, first byte 24.6 / 71.3\n"
                   "written in    /etc/munnel.json\n"
                   "\n"
                   "Both keys: an agent serves where the server and the agent permit it\n"
                   "Agent      Server says  Agent says   Result           Because\n"
                   "web3       web          permits      ● serves         -\n"
                   "web4       web          permits      ◐ draining       -\n"
                   "büro-東京  web          refuses      ▲ refuses        127.0.0.1:8443 is not in\n"
                   "                                                      its allow list\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "Esc back  ? keys  q quit\n");
}
END_TEST

START_TEST(agent_in_full) {
    show(TABLE_AGENTS);
    open_row(2);
    fixture_expect(&top, 80, 20,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "\n"
                   "web4  ◐ draining, 14 left\n"
                   "since         10:58:03\n"
                   "from          192.0.2.14:40000\n"
                   "version       0.3.0\n"
                   "links         1 shared, 1 exclusive; round trip 10.8 ms\n"
                   "relays        14 now; 0 dials failed\n"
                   "in            0, 0, 0 Mbit/s: means of 1, 10 and 60 s\n"
                   "out           0, 0, 0 Mbit/s: means of 1, 10 and 60 s\n"
                   "groups        web, db\n"
                   "services      web\n"
                   "credential    web4, expires in 5d 12h\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "Esc back  ? keys  q quit\n");
}
END_TEST

START_TEST(relay_that_lives) {
    show(TABLE_RELAYS);
    open_row(0);
    fixture_expect(&top, 80, 24,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "\n"
                   "8c41f2aa-1  ● shared\n"
                   "198.51.100.2:50001 came to web at 10:49:31, and was joined with 127.0.0.1:8443\n"
                   "by web3.\n"
                   "\n"
                   "How it opened: 33.4 ms from accept to first byte\n"
                   "wait          │                               0.2 ms  for an agent\n"
                   "dial          █████████                      11.2 ms  way to the agent, its dial\n"
                   "first byte             ██████████████████    22.0 ms  the destination, way back\n"
                   "\n"
                   "How it goes\n"
                   "age           14m 49s\n"
                   "in            18.4 MB, 0.1 Mbit/s\n"
                   "out           1.92 GB, 41.8 Mbit/s\n"
                   "idle          1s\n"
                   "reached       127.0.0.1:8443\n"
                   "end           not yet\n"
                   "\n"
                   "\n"
                   "\n"
                   "Esc back  ? keys  q quit\n");
}
END_TEST

START_TEST(relay_that_has_ended) {
    show(TABLE_RELAYS);
    open_row(2);
    json_object_update_new(top.detail,
                           fixture_json("{'state': 'ended', 'suspended': null, 'ended': '2026-11-29T11:04:10.208Z', "
                                        "'reason': 'client_reset', 'by': 'client', 'detail': 'connection reset', "
                                        "'progress': null}"));
    fixture_expect(
        &top, 100, 24,
        "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents · up 12d\n"
        "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting  means of 10 s\n"
        " 1 Services 4   2 Agents 4   3 Relays 411   4 Events                                 ● Live 11:04:20\n"
        "\n"
        "8c41f2aa-3  · ended 10s ago\n"
        "198.51.100.4:50003 came to web at 10:49:31, and was joined with 127.0.0.1:8443 by web3.\n"
        "\n"
        "How it opened: 33.4 ms from accept to first byte\n"
        "wait          │                                                   0.2 ms  for an agent\n"
        "dial          ████████████████                                   11.2 ms  way to the agent, its dial\n"
        "first byte                    ████████████████████████████████   22.0 ms  the destination, way back\n"
        "\n"
        "How it went\n"
        "lasted        14m 39s\n"
        "in            18.4 MB\n"
        "out           640 MB\n"
        "reached       127.0.0.1:8443\n"
        "end           at 11:04:10 by client: client_reset: connection reset\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "Esc back  ? keys  q quit\n");
}
END_TEST

START_TEST(relay_that_the_server_does_not_know_any_more) {
    show(TABLE_RELAYS);
    open_row(0);
    error_set(&top.detail_fault, "there is no relay 8c41f2aa-1, or it is over");
    char *picture = fixture_draw(&top, 80, 24);
    ck_assert(strstr(picture, "end           there is no relay 8c41f2aa-1, or it is over\n"));
    free(picture);
}
END_TEST

START_TEST(service_that_is_gone_is_told) {
    open_row(0);
    error_set(&top.detail_fault, "there is no service ssh");
    char *picture = fixture_draw(&top, 80, 24);
    ck_assert_ptr_nonnull(strstr(picture, "\nthere is no service ssh\nssh  ◆ unreachable"));
    free(picture);
}
END_TEST

START_TEST(agent_with_its_servers) {
    fixture_end(&top);
    fixture_begin_agent(&top);
    show(TABLE_AGENTS);
    fixture_expect(&top, 80, 12,
                   "◆ b.example:10001 is not connected since 10:42 · 1 of 2 servers connected\n"
                   "12 relays  in 62.1 Mbit/s  out 291.5 Mbit/s  2.0 new/s  2+4 data links\n"
                   " 1 Services 3   2 Servers 2   3 Relays 12   4 Events             ● Live 11:04:20\n"
                   "                                       Round      Links   Services  Services\n"
                   "Server           State▾       Since  trip ms shared+own  permitted   refused\n"
                   "b.example:10001  ◆ lost       10:42        -        0+0          0         0\n"
                   "a.example:10001  ● connected  09:02     10.7        2+4          2         1\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "↑↓ row  Enter open  s sort  / filter  p pause  ? keys  q quit\n");
    open_row(0);
    fixture_expect(&top, 80, 18,
                   "◆ b.example:10001 is not connected since 10:42 · 1 of 2 servers connected\n"
                   "12 relays  in 62.1 Mbit/s  out 291.5 Mbit/s  2.0 new/s  2+4 data links\n"
                   " 1 Services 3   2 Servers 2   3 Relays 12   4 Events             ● Live 11:04:20\n"
                   "\n"
                   "a.example:10001  ● connected\n"
                   "since         09:02:11, 2h 2m ago\n"
                   "reached at    192.0.2.1:10001\n"
                   "links         2 shared, 4 exclusive; round trip 10.7 ms\n"
                   "services      2 permitted, 1 refused\n"
                   "credential    web3\n"
                   "verified by   1 pinned key\n"
                   "instance      8c41f2aa\n"
                   "last failure  none\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "Esc back  ? keys  q quit\n");
}
END_TEST

START_TEST(agent_with_its_services) {
    fixture_end(&top);
    fixture_begin_agent(&top);
    fixture_expect(&top, 80, 12,
                   "◆ b.example:10001 is not connected since 10:42 · 1 of 2 servers connected\n"
                   "12 relays  in 62.1 Mbit/s  out 291.5 Mbit/s  2.0 new/s  2+4 data links\n"
                   " 1 Services 3   2 Servers 2   3 Relays 12   4 Events             ● Live 11:04:20\n"
                   "                                                             Last     Last\n"
                   "Service   State▾         Server           Destination     reached   failed\n"
                   "web       ◆ unreachable  c.example:10001  127.0.0.1:9           -    1m 2s\n"
                   "ssh       ▲ refuses      a.example:10001  localhost:22          -        -\n"
                   "web       ● permitted    a.example:10001  127.0.0.1:8443       2s        -\n"
                   "\n"
                   "\n"
                   "\n"
                   "↑↓ row  Enter open  s sort  / filter  p pause  ? keys  q quit\n");
    fixture_expect(&top, 160, 12,
                   "◆ b.example:10001 is not connected since 10:42 · 1 of 2 servers connected · 2 of 3 services "
                   "permitted · munnel-agent 0.3.0 on gate · up 12d\n"
                   "12 relays  in 64.0, 62.1, 60.0 Mbit/s  out 320.0, 291.5, 280.0 Mbit/s  2.0 new/s  2+4 data links  "
                   "means of 1, 10 and 60 s; new: of 10 s\n"
                   " 1 Services 3   2 Servers 2   3 Relays 12   4 Events                                               "
                   "                                              ● Live 11:04:20\n"
                   "                                                             Last     Last\n"
                   "Service   State▾         Server           Destination     reached   failed  Because\n"
                   "web       ◆ unreachable  c.example:10001  127.0.0.1:9           -    1m 2s  -\n"
                   "ssh       ▲ refuses      a.example:10001  localhost:22          -        -  localhost:22 is not in "
                   "its allow list\n"
                   "web       ● permitted    a.example:10001  127.0.0.1:8443       2s        -  -\n"
                   "\n"
                   "\n"
                   "\n"
                   "↑↓ row  Enter open  s sort  / filter  p pause  ? keys  q quit\n");
    open_row(1);
    fixture_expect(&top, 80, 16,
                   "◆ b.example:10001 is not connected since 10:42 · 1 of 2 servers connected\n"
                   "12 relays  in 62.1 Mbit/s  out 291.5 Mbit/s  2.0 new/s  2+4 data links\n"
                   " 1 Services 3   2 Servers 2   3 Relays 12   4 Events             ● Live 11:04:20\n"
                   "\n"
                   "ssh  ▲ refuses\n"
                   "server        a.example:10001\n"
                   "destination   localhost:22\n"
                   "this agent    refuses\n"
                   "because       localhost:22 is not in its allow list\n"
                   "last reached  -\n"
                   "last failed   -\n"
                   "failed by     -\n"
                   "\n"
                   "\n"
                   "\n"
                   "Esc back  ? keys  q quit\n");
}
END_TEST

START_TEST(own_service_names_the_header_that_its_destination_gets) {
    fixture_end(&top);
    fixture_begin_agent(&top);
    open_row(2);
    char *text = fixture_draw(&top, 80, 16);
    ck_assert_ptr_nonnull(strstr(text, "\nPROXY header  v2\n"));
    free(text);
}
END_TEST

START_TEST(relays_of_an_agent) {
    fixture_end(&top);
    fixture_begin_agent(&top);
    show(TABLE_RELAYS);
    fixture_expect(&top, 80, 8,
                   "◆ b.example:10001 is not connected since 10:42 · 1 of 2 servers connected\n"
                   "12 relays  in 62.1 Mbit/s  out 291.5 Mbit/s  2.0 new/s  2+4 data links\n"
                   " 1 Services 3   2 Servers 2   3 Relays 12   4 Events             ● Live 11:04:20\n"
                   "                                                             Mbit/s  Mbit/s\n"
                   "Client                 Service  State           Age    Idle     ▾in    ▾out\n"
                   "198.51.100.2:50001     web      ● shared    14m 49s      1s     0.1    41.8\n"
                   "1 to 1 of 411\n"
                   "↑↓ row  Enter story  s sort  / filter  e end relay  p pause  ? keys  q quit\n");
}
END_TEST

START_TEST(event_in_full) {
    show(TABLE_EVENTS);
    open_row(1);
    fixture_expect(&top, 80, 12,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "\n"
                   "▲ could not reach 127.0.0.1:8443: connection refused\n"
                   "\n"
                   "at            11:03:52\n"
                   "kind          agent\n"
                   "about         web5\n"
                   "times         38\n"
                   "\n"
                   "Esc back  ? keys  q quit\n");
}
END_TEST

START_TEST(help_fits_80_by_24) {
    (void)keys_press(&top, '?');
    fixture_expect(&top, 80, 24,
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "1 2 3 4 Tab ← →     services, agents (of an agent: servers), relays, events\n"
                   "↑ ↓ PgUp PgDn j k   choose a row: from then on all rows keep their places\n"
                   "Esc                 back; sort anew; forget the filter\n"
                   "Enter               open: a service with both keys, an agent, a relay's story\n"
                   "s S                 sort by the next column, by the one before\n"
                   "t                   rates over 1, 10 or 60 s; a wide terminal shows all\n"
                   "/                   filter: words that a row has; for relays also service:web\n"
                   "                    agent:web1 client:192.0.2.1 state:suspended state:ended\n"
                   "l                   relays of the chosen service or agent\n"
                   "p Space             pause: what is shown stays; again: go on\n"
                   "!                   all problems, and what to do\n"
                   "e                   end the chosen relay *\n"
                   "d u                 drain, undrain the chosen agent *\n"
                   "x                   disconnect the chosen agent: its relays end *\n"
                   "P                   pause or resume the chosen service *\n"
                   "? q                 this page; quit\n"
                   "* asks first, and needs the role operate\n"
                   "● well  ▲ limited, unhealthy, suspended  ◆ unreachable, offline  ◐ draining  ○\n"
                   "opening  ‖ paused\n"
                   "\n"
                   "\n"
                   "\n"
                   "Esc back  ? keys  q quit\n");
}
END_TEST

START_TEST(all_problems_on_a_page) {
    (void)keys_press(&top, '!');
    fixture_expect(&top, 60, 20,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events\n"
                   "\n"
                   "◆ ssh is unreachable since 10:42: no agent of its groups is\n"
                   "connected and takes clients; 1 is known\n"
                   "  → On the agent's machine: systemctl status munnel-agent;\n"
                   "  it has to reach this server's agent port\n"
                   "▲ agent web5 does not answer: its connection is there, but\n"
                   "its process does not respond; clients go to other agents\n"
                   "first\n"
                   "  → Look at its machine: load, memory, and the log of\n"
                   "  munnel-agent\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "Esc back  ? keys  q quit\n");
}
END_TEST

START_TEST(page_that_is_longer_than_its_place_is_scrolled) {
    (void)keys_press(&top, '!');
    free(fixture_draw(&top, 60, 8));
    for (unsigned i = 0; i < 100; i++)
        (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    fixture_expect(&top, 60, 8,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events\n"
                   "\n"
                   "first\n"
                   "  → Look at its machine: load, memory, and the log of\n"
                   "  munnel-agent\n"
                   "Esc back  ↑↓ scroll  ? keys  q quit\n");
}
END_TEST

/* ---- what is asked, what is wrong ---- */

START_TEST(question_names_what_ends) {
    show(TABLE_AGENTS);
    (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    (void)keys_press(&top, 'x');
    fixture_expect(&top, 80, 14,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   "  2 problems: ! shows all\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "rows held: Esc sorts anew           Round                     Mbit/s    Mbit/s\n"
                   "Agent      State▾                 trip ms  Relays  Failures  in 10 s  out 10 s\n"
                   "bastion-1  ◆ offline since 10:42        -       0         0        -         -\n"
                   "web5       ▲ unhealthy               11.2       3        38        0         0\n"
                   "web4       ◐ draining, 14 left       10.8      14         0        0         0\n"
                   "web3       ● connected               10.7     385         0     61.2     291.4\n"
                   "\n"
                   "Disconnect agent web5? Its links close and its 3 relays end now; it may connect\n"
                   "again.\n"
                   "y: do it   any other key: leave it\n");
}
END_TEST

START_TEST(pause_is_seen) {
    (void)keys_press(&top, 'p');
    fixture_expect(&top, 90, 10,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents · up 12d\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events      ‖ PAUSED at 11:04:20, p goes on\n"
                   "                                             New/s            Mbit/s    Mbit/s    First\n"
                   "Service      State▾           Able  Relays    10 s  Waiting  in 10 s  out 10 s  byte ms\n"
                   "ssh          ◆ unreachable     0/1       0       0        2        0         0        -\n"
                   "web          ▲ limited         2/3     402    18.4        0     61.2     291.4     24.6\n"
                   "build-cache  ‖ paused by mira  2/3       0       0        0        0         0        -\n"
                   "vnc-東京     ● reachable       2/2       9    <0.1        0      0.9       0.1     38.2\n"
                   "↑↓ row  Enter open  s sort  / filter  t rates  P pause it  ? keys  q quit\n");
}
END_TEST

START_TEST(pause_is_seen_on_a_narrow_terminal) {
    (void)keys_press(&top, 'p');
    char *picture = fixture_draw(&top, 44, 10);
    ck_assert_ptr_nonnull(strstr(picture, "‖ 11:04:20\n"));
    free(picture);
}
END_TEST

START_TEST(server_that_does_not_answer) {
    struct ask_round round = feed_wanted(&top, 0);
    error_set(&round.asks[0].error, "cannot connect to unix:/run/munnel/munneld.sock: Connection refused; no program "
                                    "listens there: is it running, and is this its socket?");
    feed_apply(&top, &round, 1796000011);
    fixture_expect(
        &top, 100, 10,
        "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents · up 12d\n"
        "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting  means of 10 s\n"
        " 1 Services 4   2 Agents 4   3 Relays 411   4 Events        ▲ No answer since 00:53:20, trying again\n"
        "                                                          New/s            Mbit/s    Mbit/s    First\n"
        "Service      State▾            Group Able  Relays  Most    10 s  Waiting  in 10 s  out 10 s  byte ms\n"
        "ssh          ◆ unreachable     ops    0/1       0    14       0        2        0         0        -\n"
        "web          ▲ limited         web    2/3     402   688    18.4        0     61.2     291.4     24.6\n"
        "build-cache  ‖ paused by mira  web    2/3       0    40       0        0        0         0        -\n"
        "vnc-東京     ● reachable       desk   2/2       9    12    <0.1        0      0.9       0.1     38.2\n"
        "No answer since 00:53:20, trying again: cannot connect to unix:/run/munnel/munneld.sock: Connection…\n");
}
END_TEST

START_TEST(ascii_where_the_locale_has_no_utf8) {
    top.is_ascii = true;
    fixture_expect(&top, 80, 14,
                   "X ssh is unreachable since 10:42 | 2 of 4 services reachable | 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   "  2 problems: ! shows all\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             * Live 11:04:20\n"
                   "                                             New/s            Mbit/s    Mbit/s\n"
                   "Service      Statev           Able  Relays    10 s  Waiting  in 10 s  out 10 s\n"
                   "ssh          X unreachable     0/1       0       0        2        0         0\n"
                   "web          ! limited         2/3     402    18.4        0     61.2     291.4\n"
                   "build-cache  = paused by mira  2/3       0       0        0        0         0\n"
                   "vnc-??       * reachable       2/2       9    <0.1        0      0.9       0.1\n"
                   "\n"
                   "\n"
                   "\n"
                   "^v row  Enter open  s sort  / filter  t rates  P pause it  ? keys  q quit\n");
}
END_TEST

START_TEST(any_size_is_drawn) {
    for (enum table_kind kind = 0; kind < TABLE_COUNT; kind++) {
        show(kind);
        for (unsigned width = 1; width < 120; width += 7)
            for (unsigned height = 1; height < 30; height += 3)
                free(fixture_draw(&top, width, height));
        open_row(0);
        free(fixture_draw(&top, 3, 3));
        free(fixture_draw(&top, 20, 5));
    }
    fixture_press(&top, "?");
    free(fixture_draw(&top, 1, 1));
    fixture_press(&top, "?!");
    free(fixture_draw(&top, 5, 4));
}
END_TEST

START_TEST(nothing_known_yet_is_drawn) {
    struct top empty;
    top_begin(&empty, false);
    fixture_expect(&empty, 80, 8,
                   "○ No answer yet\n"
                   "\n"
                   " 1 Services   2 Agents   3 Relays   4 Events\n"
                   "                                     New/s            Mbit/s    Mbit/s    First\n"
                   "Service   State▾      Able  Relays    10 s  Waiting  in 10 s  out 10 s  byte ms\n"
                   "-\n"
                   "\n"
                   "↑↓ row  Enter open  s sort  / filter  t rates  P pause it  ? keys  q quit\n");
    top_done(&empty);
}
END_TEST

static TCase *pages(void) {
    TCase *group = tcase_create("pages");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, service_with_both_keys);
    tcase_add_test(group, agent_in_full);
    tcase_add_test(group, relay_that_lives);
    tcase_add_test(group, relay_that_has_ended);
    tcase_add_test(group, relay_that_the_server_does_not_know_any_more);
    tcase_add_test(group, service_that_is_gone_is_told);
    tcase_add_test(group, agent_with_its_servers);
    tcase_add_test(group, agent_with_its_services);
    tcase_add_test(group, own_service_names_the_header_that_its_destination_gets);
    tcase_add_test(group, relays_of_an_agent);
    tcase_add_test(group, event_in_full);
    tcase_add_test(group, help_fits_80_by_24);
    tcase_add_test(group, all_problems_on_a_page);
    tcase_add_test(group, page_that_is_longer_than_its_place_is_scrolled);
    return group;
}

static TCase *lines(void) {
    TCase *group = tcase_create("lines");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, question_names_what_ends);
    tcase_add_test(group, pause_is_seen);
    tcase_add_test(group, pause_is_seen_on_a_narrow_terminal);
    tcase_add_test(group, server_that_does_not_answer);
    tcase_add_test(group, ascii_where_the_locale_has_no_utf8);
    tcase_add_test(group, any_size_is_drawn);
    tcase_add_test(group, nothing_known_yet_is_drawn);
    return group;
}

UNIT_MAIN("ctl/top/view", pages, lines)
