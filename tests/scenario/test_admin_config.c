/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_admin_config: services are added, changed, moved and removed over the administration under clients, a reload
 * goes back by itself, and what is refused, by the server or by the disk, changes nothing.
 */
#include "config.h"

#include "harness/background_load.h"
#include "harness/deadline.h"
#include "harness/http.h"
#include "harness/live_relay.h"
#include "harness/netns.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_MS = 10000, ASK_MS = 10000, BACK_MS = 30000, ANSWER_MOST = 1 << 16 };
enum { ROUNDS = 8, CLIENTS = 60, PAUSE_MS = 1000, CONFIRM_S = 5 };

struct site {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct destination *exchange, *echo;
    uint16_t stay, extra[2], mover[2];
    const char *address; /* of admin.socket */
    char answer[ANSWER_MOST], version[64];
};

/* ---- asking ---- */

static unsigned ask(struct site *site, const char *method, const char *path, const char *headers, const char *body) {
    const char *request =
        sandbox_text(site->sandbox,
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s%sContent-Length: "
                     "%zu\r\n\r\n%s",
                     method, path, headers, *body ? "Content-Type: application/json\r\n" : "", strlen(body), body);

    return http_converse(socket_connect(site->address, 0), request, site->answer, sizeof site->answer, ASK_MS);
}

static const char *version_of(struct site *site) {
    ck_assert_uint_eq(ask(site, "GET", "/v1/config", "", ""), 200);
    text_in(site->answer, "version", site->version, sizeof site->version);
    return site->version;
}

static unsigned change(struct site *site, const char *method, const char *path, const char *body) {
    const char *headers = sandbox_text(site->sandbox, "If-Match: \"%s\"\r\n", version_of(site));

    return ask(site, method, path, headers, body);
}

static const char *body_for(struct site *site, uint16_t port, const char *more) {
    return sandbox_text(site->sandbox, "{%s\"listen\":\"127.0.0.1:%u\",\"connect\":\"127.0.0.1:%u\"}", more, port,
                        destination_port(site->echo));
}

static bool has_file(struct site *site, const char *name) {
    return access(sandbox_path(site->sandbox, "services.d/%s", name), F_OK) == 0;
}

static unsigned files(struct site *site) {
    const char *list = sandbox_path(site->sandbox, "list");
    char name[256];
    unsigned count = 0;

    ck_assert_int_eq(
        sandbox_do(site->sandbox, "list", "sh", "-c",
                   sandbox_text(site->sandbox, "ls -A %s >%s", sandbox_path(site->sandbox, "services.d"), list), NULL),
        0);
    FILE *file = fopen(list, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(name, sizeof name, file))
        count++;
    fclose(file);
    return count;
}

/* ---- the programs ---- */

static void write_mover(struct site *site, unsigned which) {
    sandbox_write(site->sandbox, "mover.json",
                  service_to(site->sandbox, "mover", site->mover[which], destination_port(site->echo), NULL), true);
}

/* Without its agent. `mover`: the first of its two ports; `more`: members of the file, each with a comma behind it. */
static void site_make(struct site *site, struct sandbox *sandbox, uint16_t mover, const char *more, bool may_fail) {
    *site = (struct site){.sandbox = sandbox,
                          .exchange = destination_start(handle_exchange, NULL),
                          .echo = destination_start(handle_echo, NULL),
                          .stay = port_take(),
                          .extra = {port_take(), port_take()},
                          .mover = {mover, port_take()}};
    ck_assert(mkdir(sandbox_path(site->sandbox, "services.d"), 0750) == 0 || errno == EEXIST);
    site->address = sandbox_text(site->sandbox, "unix:%s", sandbox_path(site->sandbox, "admin.sock"));
    write_mover(site, 0);
    site->server = server_start(
        site->sandbox,
        (struct server_plan){
            .services = service_to(site->sandbox, "stay", site->stay, destination_port(site->exchange), NULL),
            .more = sandbox_text(site->sandbox,
                                 "'include': ['mover.json', 'services.d/*.json'], 'admin': {'socket': 'admin.sock'},%s",
                                 more),
            .may_fail = may_fail});
}

static void site_start(struct site *site, struct sandbox *sandbox) {
    site_make(site, sandbox, port_take(), "", false);
    site->agent = agent_join_warm(&site->server, "alpha", NULL);
}

static void site_end(struct site *site) {
    sandbox_free(site->sandbox);
    destination_free(site->exchange);
    destination_free(site->echo);
}

/* ---- under clients ---- */

static const char *add_and_move(struct site *site, int *relay) {
    if (change(site, "PUT", "/v1/services/extra", body_for(site, site->extra[0], "")) != 201)
        return "a service was not added";
    if (!HOLDS_WITHIN(ASK_MS, socket_echoes(site->extra[0], ASK_MS)))
        return "a service that was added does not serve";
    *relay = socket_client(site->extra[0]);
    if (!socket_converse(*relay, "before", ASK_MS))
        return "no relay by the service that was added";
    if (change(site, "PUT", "/v1/services/extra", body_for(site, site->extra[1], "\"max_clients\":9,")) != 200)
        return "a service was not changed";
    if (!socket_echoes(site->extra[1], ASK_MS) || !HOLDS_WITHIN(ASK_MS, socket_is_refused(site->extra[0])))
        return "a service that was moved does not serve there, or still does where it was";
    return socket_converse(*relay, "moved", ASK_MS) ? NULL : "a relay of a service that was moved was cut";
}

static const char *remove_it(struct site *site, int relay) {
    if (change(site, "DELETE", "/v1/services/extra", "") != 200)
        return "a service was not removed";
    if (!HOLDS_WITHIN(ASK_MS, socket_is_refused(site->extra[1])) || has_file(site, "extra.json"))
        return "a service that was removed still listens, or has its file";
    bool goes_on = socket_converse(relay, "removed", ASK_MS);
    close(relay);
    return goes_on ? NULL : "a relay of a service that was removed was cut";
}

static const char *change_often(void *context) {
    struct site *site = context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        int relay = -1;
        const char *wrong = add_and_move(site, &relay);
        wrong = wrong ? wrong : remove_it(site, relay);
        write_mover(site, !(i % 2));
        if (!wrong && change(site, "POST", "/v1/reload", "") != 200)
            wrong = "a file that was changed was not reloaded";
        if (!wrong && !socket_echoes(site->mover[!(i % 2)], ASK_MS))
            wrong = "a service of a file that was changed does not serve";
        if (wrong)
            return wrong;
    }
    return NULL;
}

static struct site site;

START_TEST(changes_lose_nothing_of_clients_of_other_services) {
    site_start(&site, sandbox_new(__func__));
    struct background_load load = {&site.server, "stay", site.stay, site.exchange, CLIENTS, PAUSE_MS};
    background_load_run(&load, change_often, &site);
    ck_assert_uint_eq(files(&site), 0);
    site_end(&site);
}
END_TEST

START_TEST(added_service_is_there_after_a_restart) {
    site_start(&site, sandbox_new(__func__));
    ck_assert_uint_eq(change(&site, "PUT", "/v1/services/extra", body_for(&site, site.extra[0], "")), 201);
    sandbox_kill(site.sandbox, site.server.process);
    server_start_again(&site.server);
    ck_assert(HOLDS_WITHIN(BACK_MS, socket_echoes(site.extra[0], ASK_MS)));
    site_end(&site);
}
END_TEST

/* ---- back by itself ---- */

START_TEST(unconfirmed_reload_goes_back_with_the_way_that_it_has_closed) {
    site_start(&site, sandbox_new(__func__));
    int relay = socket_client(site.mover[0]);
    ck_assert(socket_converse(relay, "before", ASK_MS));
    write_mover(&site, 1);
    ck_assert_uint_eq(change(&site, "POST", "/v1/reload?dry_run", ""), 200);
    ck_assert_ptr_nonnull(strstr(site.answer, "\"is_applied\":false"));
    ck_assert(socket_echoes(site.mover[0], ASK_MS) && socket_is_refused(site.mover[1]));
    ck_assert_uint_eq(change(&site, "POST", sandbox_text(site.sandbox, "/v1/reload?confirm=%d", CONFIRM_S), ""), 200);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(site.mover[1], ASK_MS)));
    size_t mark = process_mark(site.server.process);
    process_signal(site.server.process, SIGHUP);
    process_await(site.server.process, mark, LOG_MS, "not reloaded", "waits for its confirmation", NULL);
    ck_assert_uint_eq(change(&site, "PUT", "/v1/services/extra", body_for(&site, site.extra[0], "")), 409);
    process_await(site.server.process, mark, BACK_MS, "the reload was not confirmed", NULL);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(site.mover[0], ASK_MS) && socket_is_refused(site.mover[1])));
    ck_assert(socket_converse(relay, "after", ASK_MS));
    ck_assert_uint_eq(ask(&site, "GET", "/v1/status", "", ""), 200);
    ck_assert_ptr_nonnull(strstr(site.answer, "\"must_confirm_until\":null"));
    ck_assert_uint_eq(ask(&site, "POST", "/v1/reload/confirm", "", ""), 409);
    close(relay);
    site_end(&site);
}
END_TEST

/* ---- by a user without rights ---- */

enum { WEB = 80 }; /* below 1024: only root may bind it */

static void share(const char *path, gid_t group, mode_t mode) {
    ck_assert_msg(chown(path, 0, group) == 0 && chmod(path, mode) == 0, "%s: %s", path, strerror(errno));
}

/* The folders above let everybody through; what the server reads is for its group. */
static void share_all(const struct site *shared, gid_t group) {
    share(scenario_folder(), 0, 0711);
    share(sandbox_folder(shared->sandbox), 0, 0711);
    share(shared->server.pki, group, 0750);
    share(server_pki_file(&shared->server, "server.key"), group, 0640);
    share(server_pki_file(&shared->server, "agents.json"), group, 0640);
    share(shared->server.file, group, 0640);
    share(sandbox_path(shared->sandbox, "mover.json"), group, 0640);
}

START_TEST(user_without_rights_goes_back_to_the_port_of_root) {
    const struct passwd *nobody = getpwnam("nobody");

    if (!nobody || !netns_may_be_made()) {
        fprintf(stderr, "skipped: a port below 1024 of its own needs root\n");
        return;
    }
    close(netns_new());
    ck_assert(netns_run("ip link set lo up"));
    site_make(&site, sandbox_new(__func__), WEB, "'user': 'nobody',", true); /* it cannot read its keys yet */
    ck_assert(process_wait(site.server.process, START_MS));
    share_all(&site, nobody->pw_gid);
    server_start_again(&site.server);
    site.agent = agent_join_warm(&site.server, "alpha", NULL);
    ck_assert(socket_echoes(WEB, ASK_MS));

    ck_assert_uint_eq(change(&site, "PUT", "/v1/services/extra", body_for(&site, site.extra[0], "")), 409);
    ck_assert_msg(strstr(site.answer, "install -d -o nobody"), "%s", site.answer);
    ck_assert_int_eq(chown(sandbox_path(site.sandbox, "services.d"), nobody->pw_uid, nobody->pw_gid), 0);
    ck_assert_uint_eq(change(&site, "PUT", "/v1/services/extra", body_for(&site, site.extra[0], "")), 201);

    write_mover(&site, 1);
    share_all(&site, nobody->pw_gid);
    size_t mark = process_mark(site.server.process);
    ck_assert_uint_eq(change(&site, "POST", sandbox_text(site.sandbox, "/v1/reload?confirm=%d", CONFIRM_S), ""), 200);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_is_refused(WEB)));
    process_await(site.server.process, mark, BACK_MS, "the reload was not confirmed", NULL);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(WEB, ASK_MS)));
    site_end(&site);
}
END_TEST

/* ---- refused ---- */

START_TEST(wrong_requests_change_nothing) {
    static const struct {
        const char *body;
        unsigned status;
        const char *says;
    } wrong[] = {{"", 400, "there is no content"},
                 {"[]", 400, "object"},
                 {"{\"listen\":\":1\",\"listen\":\":2\"}", 400, "duplicate"},
                 {"{\"listen\":\"80\",\"connect\":\"h:1\"}", 422, "\"pointer\":\"/listen\""},
                 {"{\"listen\":\":80\",\"connect\":7}", 422, "\"pointer\":\"/connect\""},
                 {"{\"listen\":\":80\",\"connect\":\"${file:/etc/passwd}\"}", 422, "\"pointer\":\"/connect\""}};

    site_start(&site, sandbox_new(__func__));
    const char *version = sandbox_text(site.sandbox, "%s", version_of(&site));
    const char *good = body_for(&site, site.extra[0], "");
    ck_assert_uint_eq(ask(&site, "PUT", "/v1/services/extra", "", good), 428);
    ck_assert_uint_eq(ask(&site, "PUT", "/v1/services/extra", "If-Match: \"0123456789abcdef\"\r\n", good), 412);
    ck_assert_uint_eq(ask(&site, "DELETE", "/v1/services/stay", "If-Match: *\r\n", ""), 409);
    ck_assert_uint_eq(ask(&site, "PUT", "/v1/services/extra?dry_run=1", "", good), 200);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        unsigned status = change(&site, "PUT", "/v1/services/extra", wrong[i].body);
        ck_assert_msg(status == wrong[i].status && strstr(site.answer, wrong[i].says), "%s: %s", wrong[i].body,
                      site.answer);
    }
    ck_assert_str_eq(version_of(&site), version);
    ck_assert_uint_eq(files(&site), 0);
    ck_assert(socket_is_refused(site.extra[0]) && socket_echoes(site.mover[0], ASK_MS));
    site_end(&site);
}
END_TEST

/* services.d is a small file system from here on, for the programs that start; false: that needs root. */
static bool mount_small(struct sandbox *sandbox) {
    const char *folder = sandbox_path(sandbox, "services.d");

    return mkdir(folder, 0750) == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", folder, "tmpfs", 0, "size=64k,mode=0750") == 0;
}

static void fill_disk(const struct site *full) {
    static const char zeros[4096];
    int fd = open(sandbox_path(full->sandbox, "services.d/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    while (write(fd, zeros, sizeof zeros) > 0)
        ;
    ck_assert_int_eq(errno, ENOSPC);
    close(fd);
}

static void expect_refused(unsigned status, const char *remedy) {
    const char *version = sandbox_text(site.sandbox, "%s", version_of(&site));
    unsigned got = change(&site, "PUT", "/v1/services/extra", body_for(&site, site.extra[1], ""));

    ck_assert_msg(got == status && strstr(site.answer, remedy), "%s", site.answer);
    ck_assert_str_eq(version_of(&site), version);
    ck_assert(socket_echoes(site.extra[0], ASK_MS) && socket_is_refused(site.extra[1]));
    ck_assert_uint_eq(files(&site), 2); /* extra.json and the filler */
}

START_TEST(full_or_read_only_disk_changes_nothing) {
    struct sandbox *sandbox = sandbox_new(__func__);

    if (!mount_small(sandbox)) {
        fprintf(stderr, "skipped: a file system of its own needs root\n");
        sandbox_free(sandbox);
        return;
    }
    site_start(&site, sandbox);
    const char *folder = sandbox_path(site.sandbox, "services.d");
    ck_assert_uint_eq(change(&site, "PUT", "/v1/services/extra", body_for(&site, site.extra[0], "")), 201);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(site.extra[0], ASK_MS)));
    fill_disk(&site);
    expect_refused(507, "make room");
    ck_assert_int_eq(mount("none", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64k"), 0);
    expect_refused(409, "ReadWritePaths");
    ck_assert_uint_eq(change(&site, "DELETE", "/v1/services/extra", ""), 409);
    ck_assert_int_eq(mount("none", folder, "tmpfs", MS_REMOUNT, "size=128k"), 0);
    ck_assert_uint_eq(change(&site, "PUT", "/v1/services/extra", body_for(&site, site.extra[1], "")), 200);
    ck_assert_int_eq(unlink(sandbox_path(site.sandbox, "services.d/filler")), 0);
    ck_assert_uint_eq(change(&site, "DELETE", "/v1/services/extra", ""), 200);
    ck_assert_uint_eq(files(&site), 0);
    sandbox_end(site.sandbox, site.server.process);
    ck_assert_int_eq(umount2(folder, MNT_DETACH), 0);
    site_end(&site);
}
END_TEST

SCENARIO_MAIN("admin_config", SCENARIO(changes_lose_nothing_of_clients_of_other_services, 240),
              SCENARIO(added_service_is_there_after_a_restart, 60),
              SCENARIO(unconfirmed_reload_goes_back_with_the_way_that_it_has_closed, 90),
              SCENARIO(user_without_rights_goes_back_to_the_port_of_root, 90),
              SCENARIO(wrong_requests_change_nothing, 60), SCENARIO(full_or_read_only_disk_changes_nothing, 60))
