/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_view_table: the four tables as text. */
#include "config.h"

#include "ctl/top/fixture.h"
#include "ctl/top/keys.h"
#include "unit.h"

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

START_TEST(services_at_80_columns) {
    fixture_expect(&top, 80, 24,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   "◆ ssh is unreachable since 10:42: no agent of its groups is connected and takes\n"
                   "clients; 1 is known\n"
                   "  → On the agent's machine: systemctl status munnel-agent; it has to reach this\n"
                   "  server's agent port\n"
                   "  and 1 more problem: ! shows it\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "                                             New/s            Mbit/s    Mbit/s\n"
                   "Service      State▾           Able  Relays    10 s  Waiting  in 10 s  out 10 s\n"
                   "ssh          ◆ unreachable     0/1       0       0        2        0         0\n"
                   "web          ▲ limited         2/3     402    18.4        0     61.2     291.4\n"
                   "build-cache  ‖ paused by mira  2/3       0       0        0        0         0\n"
                   "vnc-東京     ● reachable       2/2       9    <0.1        0      0.9       0.1\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "↑↓ row  Enter open  s sort  / filter  t rates  P pause it  ? keys  q quit\n");
}
END_TEST

START_TEST(services_at_200_columns_have_all_rates) {
    fixture_expect(
        &top, 200, 12,
        "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents · munneld 0.3.0 on relay1 · up "
        "12d\n"
        "411 relays, most 688  in 64.0, 62.1, 60.0 Mbit/s  out 320.0, 291.5, 280.0 Mbit/s  18.4 new/s  2 waiting  "
        "means of 1, 10 and 60 s; new: of 10 s\n"
        " 1 Services 4   2 Agents 4   3 Relays 411   4 Events                                                          "
        "                                                                           ● Live 11:04:20\n"
        "                                                                                                          "
        "New/s           Mbit/s   Mbit/s   Mbit/s   Mbit/s    Mbit/s    Mbit/s Refused    First\n"
        "Service      State▾            Since             Listens on    Group  Destination    Able  Relays  Most    10 "
        "s  Waiting  in 1 s  in 10 s  in 60 s  out 1 s  out 10 s  out 60 s clients  byte ms    p99\n"
        "ssh          ◆ unreachable     10:42             0.0.0.0:2222  ops    localhost:22    0/1       0    14       "
        "0        2       0        0        0        0         0         0      13        -      -\n"
        "web          ▲ limited         09:02             0.0.0.0:443   web    127.0.0.1:8443  2/3     402   688    "
        "18.4        0    63.2     61.2     59.2    312.0     291.4     272.0       0     24.6   71.3\n"
        "build-cache  ‖ paused by mira  08:00             0.0.0.0:9000  web    cache:9000      2/3       0    40       "
        "0        0       0        0        0        0         0         0       3        -      -\n"
        "vnc-東京     ● reachable       2026-11-28 09:02  0.0.0.0:5900  desk   localhost:5900  2/2       9    12    "
        "<0.1        0     0.8      0.9      0.8      8.0       0.1       8.0       0     38.2    152\n"
        "\n"
        "\n"
        "↑↓ row  Enter open  s sort  / filter  t rates  P pause it  ? keys  q quit\n");
}
END_TEST

START_TEST(agents_at_80_columns) {
    show(TABLE_AGENTS);
    fixture_expect(&top, 80, 13,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "                                    Round                     Mbit/s    Mbit/s\n"
                   "Agent      State▾                 trip ms  Relays  Failures  in 10 s  out 10 s\n"
                   "bastion-1  ◆ offline since 10:42        -       0         0        -         -\n"
                   "web5       ▲ unhealthy               11.2       3        38        0         0\n"
                   "web4       ◐ draining, 14 left       10.8      14         0        0         0\n"
                   "web3       ● connected               10.7     385         0     61.2     291.4\n"
                   "\n"
                   "\n"
                   "\n"
                   "↑↓ row  Enter open  s sort  / filter  d drain  x disconnect  ? keys  q quit\n");
}
END_TEST

START_TEST(agents_at_200_columns) {
    show(TABLE_AGENTS);
    fixture_expect(
        &top, 200, 13,
        "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents · munneld 0.3.0 on relay1 · up "
        "12d\n"
        "411 relays, most 688  in 64.0, 62.1, 60.0 Mbit/s  out 320.0, 291.5, 280.0 Mbit/s  18.4 new/s  2 waiting  "
        "means of 1, 10 and 60 s; new: of 10 s\n"
        " 1 Services 4   2 Agents 4   3 Relays 411   4 Events                                                          "
        "                                                                           ● Live 11:04:20\n"
        "                                                                               Round      Links               "
        "     Mbit/s   Mbit/s   Mbit/s   Mbit/s    Mbit/s    Mbit/s  Credential\n"
        "Agent      State▾                 Since  Groups   From              Version  trip ms shared+own  Relays  "
        "Failures  in 1 s  in 10 s  in 60 s  out 1 s  out 10 s  out 60 s  expires in\n"
        "bastion-1  ◆ offline since 10:42  10:42  ops      -                 0.3.0          -        0+0       0       "
        "  0       -        -        -        -         -         -    211d 12h\n"
        "web5       ▲ unhealthy            09:02  web      192.0.2.15:40000  0.3.0       11.2        1+0       3       "
        " 38       0        0        0        0         0         0    317d 12h\n"
        "web4       ◐ draining, 14 left    10:58  web, db  192.0.2.14:40000  0.3.0       10.8        1+1      14       "
        "  0       0        0        0        0         0         0      5d 12h\n"
        "web3       ● connected            09:02  web      192.0.2.13:40000  0.3.0       10.7        2+4     385       "
        "  0    56.0     61.2     59.2    312.0     291.4     272.0       never\n"
        "\n"
        "\n"
        "\n"
        "↑↓ row  Enter open  s sort  / filter  d drain  x disconnect  ? keys  q quit\n");
}
END_TEST

START_TEST(relays_beyond_the_screen_are_counted) {
    show(TABLE_RELAYS);
    fixture_expect(&top, 80, 12,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "                                                               Mbit/s  Mbit/s\n"
                   "Client                 Service  Agent  State              Age     ▾in    ▾out\n"
                   "198.51.100.2:50001     web      web3   ● shared       14m 49s     0.1    41.8\n"
                   "198.51.100.3:50002     web      web3   ● shared       14m 49s     0.1    20.9\n"
                   "198.51.100.4:50003     web      web3   ▲ suspended 3s 14m 49s     0.1    13.9\n"
                   "198.51.100.5:50004     web      web3   ● shared       14m 49s     0.1    10.4\n"
                   "198.51.100.6:50005     web      web3   ● shared       14m 49s     0.1     8.4\n"
                   "1 to 5 of 411\n"
                   "↑↓ row  Enter story  s sort  / filter  e end relay  p pause  ? keys  q quit\n");
}
END_TEST

START_TEST(relays_at_200_columns) {
    show(TABLE_RELAYS);
    fixture_expect(
        &top, 200, 10,
        "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents · munneld 0.3.0 on relay1 · up "
        "12d\n"
        "411 relays, most 688  in 64.0, 62.1, 60.0 Mbit/s  out 320.0, 291.5, 280.0 Mbit/s  18.4 new/s  2 waiting  "
        "means of 1, 10 and 60 s; new: of 10 s\n"
        " 1 Services 4   2 Agents 4   3 Relays 411   4 Events                                                          "
        "                                                                           ● Live 11:04:20\n"
        "                                                                                       Mbit/s  Mbit/s    "
        "Bytes    Bytes    Wait    Dial    First\n"
        "Client                 Service  Agent  Destination     State              Age    Idle     ▾in    ▾out       "
        "in      out      ms      ms  byte ms  Id\n"
        "198.51.100.2:50001     web      web3   127.0.0.1:8443  ● shared       14m 49s      1s     0.1    41.8  18.4 "
        "MB  1.92 GB     0.2    11.2     33.4  8c41f2aa-1\n"
        "198.51.100.3:50002     web      web3   127.0.0.1:8443  ● shared       14m 49s      1s     0.1    20.9  18.4 "
        "MB   960 MB     0.2    11.2     33.4  8c41f2aa-2\n"
        "198.51.100.4:50003     web      web3   127.0.0.1:8443  ▲ suspended 3s 14m 49s      1s     0.1    13.9  18.4 "
        "MB   640 MB     0.2    11.2     33.4  8c41f2aa-3\n"
        "1 to 3 of 411\n"
        "↑↓ row  Enter story  s sort  / filter  e end relay  p pause  ? keys  q quit\n");
}
END_TEST

/* What came from outside cannot reach the terminal as a control character, or turn the direction of the line. */
START_TEST(events_are_clean) {
    show(TABLE_EVENTS);
    fixture_expect(&top, 80, 13,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "\n"
                   "Time▾        About      Event\n"
                   "11:04:01  ·  server     ?[31mred?\n"
                   "11:03:52  ▲  web5       could not reach 127.0.0.1:8443: connection ref… 38 times\n"
                   "10:42:17  ◆  bastion-1  offline: no answer for 30 s\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "↑↓ row  Enter open  s sort  / filter  p pause  ? keys  q quit\n");
}
END_TEST

START_TEST(filter_and_held_rows_are_noted) {
    (void)keys_press(&top, '/');
    fixture_press(&top, "web");
    fixture_answer(&top);
    fixture_expect(&top, 80, 12,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "/web: 2 of 4                                 New/s            Mbit/s    Mbit/s\n"
                   "Service      State▾           Able  Relays    10 s  Waiting  in 10 s  out 10 s\n"
                   "web          ▲ limited         2/3     402    18.4        0     61.2     291.4\n"
                   "build-cache  ‖ paused by mira  2/3       0       0        0        0         0\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "/web  Enter keeps it, Esc forgets it\n");
    (void)keys_press(&top, TOP_KEY_OPEN);
    (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    fixture_expect(&top, 80, 12,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "/web: 2 of 4 · rows held: Esc sorts anew     New/s            Mbit/s    Mbit/s\n"
                   "Service      State▾           Able  Relays    10 s  Waiting  in 10 s  out 10 s\n"
                   "web          ▲ limited         2/3     402    18.4        0     61.2     291.4\n"
                   "build-cache  ‖ paused by mira  2/3       0       0        0        0         0\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "↑↓ row  Enter open  s sort  / filter  t rates  P pause it  ? keys  q quit\n");
    (void)keys_press(&top, TOP_KEY_ESCAPE);
    (void)keys_press(&top, TOP_KEY_ESCAPE);
    fixture_press(&top, "/zzz");
    fixture_answer(&top);
    (void)keys_press(&top, TOP_KEY_OPEN);
    fixture_expect(&top, 80, 12,
                   "◆ ssh is unreachable since 10:42 · 2 of 4 services reachable · 3 of 4 agents\n"
                   "411 relays, most 688  in 62.1 Mbit/s  out 291.5 Mbit/s  18.4 new/s  2 waiting\n"
                   " 1 Services 4   2 Agents 4   3 Relays 411   4 Events             ● Live 11:04:20\n"
                   "/zzz: 0 of 4                         New/s            Mbit/s    Mbit/s    First\n"
                   "Service   State▾      Able  Relays    10 s  Waiting  in 10 s  out 10 s  byte ms\n"
                   "No service matches zzz.\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "\n"
                   "↑↓ row  Enter open  s sort  / filter  t rates  P pause it  ? keys  q quit\n");
}
END_TEST

static TCase *pictures(void) {
    TCase *group = tcase_create("tables");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, services_at_80_columns);
    tcase_add_test(group, services_at_200_columns_have_all_rates);
    tcase_add_test(group, agents_at_80_columns);
    tcase_add_test(group, agents_at_200_columns);
    tcase_add_test(group, relays_beyond_the_screen_are_counted);
    tcase_add_test(group, relays_at_200_columns);
    tcase_add_test(group, events_are_clean);
    tcase_add_test(group, filter_and_held_rows_are_noted);
    return group;
}

UNIT_MAIN("ctl/top/view_table", pictures)
