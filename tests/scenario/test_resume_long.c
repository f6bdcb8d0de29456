/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_resume_long: fifty relays, an SSH session and a database under cuts each two seconds for three minutes, in
 * the state that the last cut has left, and lose nothing. Runs only with MUNNEL_SLOW_TESTS=1.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/netns.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/ssh.h"
#include "harness/wide_area.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SLOW_MS = 180000,
    EACH_MS = 2000,
    LONG_STOP_MS = 20000,
    LONG_STOP_AT = 40,
    RELAYS = 50,
    SSH_PORT = 8003,
    DATABASE_PORT = 8004,
    END_MS = 60000,
    LINES = 1500 /* of the SSH session, ten in a second */
};

struct programs { /* NULL: not installed */
    struct process *ssh, *pgbench;
    uint16_t sshd, postgres; /* their ports on the agent's machine */
};

/* As a user of its own: it does not run as root. */
static void start_postgres(struct sandbox *sandbox, struct programs *programs) {
    if (!sandbox_peer(sandbox, "initdb") || !sandbox_peer(sandbox, "postgres") || !sandbox_peer(sandbox, "pgbench"))
        return;
    const char *folder = sandbox_path(sandbox, "database"),
               *as_nobody = "setpriv --reuid=nobody --regid=nogroup --clear-groups";
    programs->postgres = port_take();
    ck_assert_int_eq(sandbox_do(sandbox, "initdb", "sh", "-c",
                                sandbox_text(sandbox,
                                             "chmod 755 %s %s && mkdir %s && chown nobody %s && cd / &&"
                                             " %s initdb -D %s -A trust -U bench",
                                             scenario_folder(), sandbox_folder(sandbox), folder, folder, as_nobody,
                                             folder),
                                NULL),
                     0);
    sandbox_run(sandbox, "postgres", "sh", "-c",
                sandbox_text(sandbox, "cd / && exec %s postgres -D %s -k %s -h 127.0.0.1 -p %u", as_nobody, folder,
                             folder, programs->postgres),
                NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(programs->postgres)));
}

static void start_daemons(struct wide_area *area, struct programs *programs) {
    struct sandbox *sandbox = area->machines.sandbox;
    const char *sshd = sandbox_peer(sandbox, "sshd");
    netns_enter(area->machines.agent_netns);
    if (sshd && sandbox_peer(sandbox, "ssh"))
        programs->sshd = ssh_start_daemon(sandbox, sshd);
    start_postgres(sandbox, programs);
}

static const char *service_if(struct sandbox *sandbox, const char *name, uint16_t port, uint16_t to) {
    return to > 0 ? sandbox_text(sandbox, "%s,", service_to(sandbox, name, port, to, NULL)) : "";
}

static const char *services_of(struct sandbox *sandbox, const struct programs *programs) {
    return sandbox_text(sandbox, "%s %s", service_if(sandbox, "ssh", SSH_PORT, programs->sshd),
                        service_if(sandbox, "database", DATABASE_PORT, programs->postgres));
}

static void start_clients(struct wide_area *area, struct programs *programs) {
    struct sandbox *sandbox = area->machines.sandbox;
    const char *pgbench = sandbox_text(sandbox, "pgbench -h 127.0.0.1 -p %d -U bench", DATABASE_PORT);
    if (programs->sshd)
        programs->ssh =
            sandbox_run(sandbox, "ssh", "ssh", "-F", ssh_configure(sandbox, SSH_PORT), "127.0.0.1",
                        sandbox_text(sandbox,
                                     "i=0; while [ $i -lt %d ]; do i=$((i + 1)); echo line $i; sleep 0.1; done", LINES),
                        NULL);
    if (!programs->postgres)
        return;
    ck_assert_int_eq(sandbox_do(sandbox, "pgbench-i", "sh", "-c", sandbox_text(sandbox, "%s -i -q postgres", pgbench),
                                NULL),
                     0);
    programs->pgbench =
        sandbox_run(sandbox, "pgbench", "sh", "-c",
                    sandbox_text(sandbox, "exec %s -n -c 4 -T %d postgres", pgbench, SLOW_MS / 1000 - 10), NULL);
}

static void end_clients(const struct programs *programs) {
    if (programs->ssh) {
        ck_assert_int_eq(process_wait(programs->ssh, END_MS), 0);
        ck_assert_uint_eq(process_count(programs->ssh, 0, "line ", NULL), LINES);
    }
    if (programs->pgbench) {
        ck_assert_int_eq(process_wait(programs->pgbench, END_MS), 0);
        process_await(programs->pgbench, 0, END_MS, "number of failed transactions: 0 ", NULL);
    }
}

static void cut_for(struct wide_area *area, unsigned ms) {
    struct source random;
    uint64_t end_ms = now_ms() + ms, next_ms = now_ms();
    source_begin(&random, 1);
    for (unsigned number = 0; next_ms < end_ms; number++) {
        if (number == LONG_STOP_AT)
            wide_area_stop_agent(area, LONG_STOP_MS);
        else
            wide_area_cuts[source_number(&random, WIDE_AREA_CUTS)].make(area);
        for (next_ms += EACH_MS; now_ms() < next_ms;)
            (void)deadline_nap(next_ms);
    }
}

START_TEST(nothing_is_lost_in_minutes_of_cuts) {
    static struct wide_area area;
    struct programs programs = {0};
    if (!scenario_runs_slow()) {
        printf("# skipped: it takes minutes; MUNNEL_SLOW_TESTS=1 runs it\n");
        return;
    }
    if (!wide_area_make(&area, __func__))
        return;
    start_daemons(&area, &programs);
    wide_area_start(&area, "", services_of(area.machines.sandbox, &programs));
    start_clients(&area, &programs);
    for (unsigned i = 0; i < RELAYS; i++)
        wide_area_add_relay(&area, i % WIDE_AREA_KINDS);
    ck_assert(HOLDS_WITHIN(WIDE_AREA_ANSWER_MS, wide_area_all_answered(&area, 1)));
    cut_for(&area, SLOW_MS);
    wide_area_end_relays(&area);
    end_clients(&programs);
    wide_area_free(&area);
}
END_TEST

SCENARIO_MAIN("resume_long", SCENARIO(nothing_is_lost_in_minutes_of_cuts, 600))
