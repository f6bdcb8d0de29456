/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_config: what runs is shown, files are compared with it and reloaded, also for a time only; by reload.c,
 * config_compare.c and transaction.c (transaction_prepare_return). Administration itself moves by admin_prepare() and
 * admin_apply().
 */
#include "config.h"

#include "server/admin/config_site.h"

#include "lib/tls/tls.h"
#include "server/admin/admin_priv.h"
#include "server/reload.h"
#include "server/server.h"
#include "server/trust_files.h"
#include "unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct config_site site;

static struct config_outcome last;

static void on_done(void *context, struct config_outcome *outcome) {
    bool *is_done = context;

    json_decref(outcome->difference);
    last = *outcome;
    *is_done = true;
}

static void reload_with(unsigned confirm_s, enum config_result result) {
    bool is_done = false;
    const struct config_order order = {.confirm_s = confirm_s, .done = on_done, .context = &is_done};

    reload_change(site.fixture.server->reload, &order);
    config_site_settle(&site);
    ck_assert(is_done);
    ck_assert_msg(last.result == result, "%s", last.error.text);
}

static void write_second(void) {
    char more[600];

    snprintf(more, sizeof more, "{\"services\": [%s]}", config_site_service(&site, "second", 1, ""));
    unit_text_file("more.json", more);
    config_site_write(&site, "\"include\": \"more.json\",\n");
}

START_TEST(status_tells_what_runs_and_whether_the_files_differ) {
    config_site_begin(&site, "");
    config_site_expect(&site, "GET", "/v1/status", 200);
    config_site_expect_text(&site, "configuration/file", "munnel.json");
    ck_assert(json_is_false(config_site_at(&site, "configuration/is_changed")));
    ck_assert(json_is_null(config_site_at(&site, "configuration/error")));
    config_site_check(&site);
    write_second();
    config_site_check(&site);
    config_site_expect(&site, "GET", "/v1/status", 200);
    ck_assert(json_is_true(config_site_at(&site, "configuration/is_changed")));
    config_site_write(&site, "// only a comment\n");
    config_site_check(&site);
    config_site_expect(&site, "GET", "/v1/status", 200);
    ck_assert(json_is_false(config_site_at(&site, "configuration/is_changed")));
    config_site_end(&site);
}
END_TEST

START_TEST(what_came_from_a_variable_or_a_file_is_shown_as_it_is_written) {
    unit_text_file("secret", "hidden\n");
    setenv("LEVEL", "debug", 1);
    config_site_begin(&site,
                      "\"log\": {\"level\": \"${LEVEL}\", \"to\": \"stdout\"}, \"state\": \"${file:secret}\",\n");
    config_site_expect(&site, "GET", "/v1/config", 200);
    config_site_expect_text(&site, "running/log/level", "${LEVEL}");
    config_site_expect_text(&site, "running/log/to", "stdout");
    config_site_expect_text(&site, "running/state", "${file:secret}");
    config_site_expect_text(&site, "running/services/0/name", "main");
    config_site_expect_text(&site, "running/agents/auth/require", "token");
    ck_assert(json_is_null(config_site_at(&site, "difference")));
    ck_assert_ptr_null(strstr(site.reply.text, "hidden"));
    setenv("LEVEL", "info", 1);
    config_site_expect(&site, "POST", "/v1/reload?dry_run", 200);
    config_site_expect_text(&site, "difference/options/0/name", "log.level");
    config_site_expect_text(&site, "difference/options/0/from", "${LEVEL}");
    config_site_end(&site);
}
END_TEST

START_TEST(dry_run_shows_the_difference_and_changes_nothing) {
    char version[64];

    config_site_begin(&site, "");
    snprintf(version, sizeof version, "%s", config_site_version(&site));
    write_second();
    config_site_expect(&site, "POST", "/v1/reload?dry_run=true", 200);
    config_site_expect_text(&site, "difference/added/0", "second");
    ck_assert(json_is_false(config_site_at(&site, "is_applied")));
    ck_assert_str_ne(json_string_value(config_site_at(&site, "version")), version);
    ck_assert_str_eq(config_site_version(&site), version);
    ck_assert(!config_site_listens(&site, 1));
    config_site_expect(&site, "GET", "/v1/config", 200);
    config_site_expect_text(&site, "difference/added/0", "second");
    config_site_expect(&site, "POST", "/v1/reload?dryrun=true", 400);
    config_site_end(&site);
}
END_TEST

START_TEST(reload_is_applied_for_the_version_that_it_was_made_for) {
    char version[64];

    config_site_begin(&site, "\"threads\": 1,");
    snprintf(version, sizeof version, "%s", config_site_version(&site));
    write_second();
    ck_assert_uint_eq(config_site_ask(&site, "POST", "/v1/reload", NULL, "another"), 412);
    ck_assert(!config_site_listens(&site, 1));
    ck_assert_uint_eq(config_site_ask(&site, "POST", "/v1/reload", NULL, version), 200);
    ck_assert(json_is_true(config_site_at(&site, "is_applied")));
    config_site_expect_text(&site, "difference/needs_restart/0", "threads");
    ck_assert(json_is_null(config_site_at(&site, "must_confirm_until")));
    ck_assert_str_ne(config_site_version(&site), version);
    ck_assert_str_eq(config_site_version(&site), reload_state(site.fixture.server->reload)->version);
    ck_assert_int_eq(json_integer_value(config_site_at(&site, "running/threads")), 1); /* until it is started again */
    config_site_expect(&site, "GET", "/v1/services/second", 200);
    config_site_end(&site);
}
END_TEST

START_TEST(administration_moves_and_takes_other_tokens) {
    char admin[200];

    config_site_begin(&site, "");
    snprintf(admin, sizeof admin, "\"socket\": \"other.sock\", \"http\": \"127.0.0.1:%u\", \"tokens\": \"tokens\"",
             site.ports[3]);
    site.admin = admin;
    config_site_write(&site, "");
    config_site_expect(&site, "POST", "/v1/reload", 422);
    config_site_expect_text(&site, "pointer", "/admin/tokens");
    ck_assert_int_eq(access(unit_path("other.sock"), F_OK), -1); /* what was bound already is gone */
    unit_text_file("tokens", "view one 0123456789abcdef0123456789abcdef\n");
    config_site_expect(&site, "POST", "/v1/reload?dry_run", 200);
    config_site_expect_text(&site, "difference/options/0/name", "admin.socket");
    ck_assert(!config_site_listens(&site, 3));
    config_site_expect(&site, "POST", "/v1/reload", 200);
    ck_assert(config_site_listens(&site, 3));
    ck_assert_int_eq(access(unit_path("admin.sock"), F_OK), -1);
    site.socket = "other.sock";
    config_site_expect(&site, "GET", "/v1/status", 200);
    unit_text_file("tokens", "nobody\n"); /* the same options, and the file is read */
    config_site_expect(&site, "POST", "/v1/reload", 422);
    config_site_expect_text(&site, "detail", "tokens:1");
    site.admin = "\"socket\": \"other.sock\"";
    config_site_write(&site, "");
    config_site_expect(&site, "POST", "/v1/reload", 200);
    ck_assert(!config_site_listens(&site, 3));
    config_site_end(&site);
    ck_assert_int_eq(access(unit_path("other.sock"), F_OK), -1);
}
END_TEST

START_TEST(wrong_file_is_named_with_its_place_and_changes_nothing) {
    config_site_begin(&site, "");
    write_second();
    unit_text_file("more.json", "{\"services\": [\n {\"name\": \"x\", \"listen\": \"80\", \"connect\": \"h:1\"}]}");
    config_site_expect(&site, "POST", "/v1/reload", 422);
    config_site_expect_text(&site, "file", "more.json");
    config_site_expect_text(&site, "pointer", "/services/0/listen");
    config_site_expect_text(&site, "remedy", "write \"0.0.0.0:80\"");
    ck_assert_int_eq(json_integer_value(config_site_at(&site, "line")), 2);
    config_site_expect(&site, "GET", "/v1/status", 200);
    config_site_expect_text(&site, "configuration/error", "more.json");
    ck_assert_ptr_nonnull(strstr(site.reply.text, "the last reload was refused"));
    config_site_expect(&site, "GET", "/v1/config", 200);
    config_site_expect_text(&site, "error/pointer", "/services/0/listen");
    config_site_write(&site, "");
    config_site_expect(&site, "POST", "/v1/reload", 200);
    config_site_expect(&site, "GET", "/v1/status", 200);
    ck_assert(json_is_null(config_site_at(&site, "configuration/error")));
    config_site_end(&site);
}
END_TEST

static bool has_refused(void) {
    config_site_expect(&site, "GET", "/v1/status", 200);
    bool has_error = !json_is_null(config_site_at(&site, "configuration/error"));
    ck_assert(!strstr(site.reply.text, "the last reload was refused") == !has_error);
    return has_error;
}

START_TEST(refused_reload_is_no_problem_once_the_files_are_as_they_run) {
    config_site_begin(&site, "");
    config_site_write(&site, "\"no such option\": 1,\n");
    config_site_expect(&site, "POST", "/v1/reload", 422);
    config_site_check(&site);
    ck_assert(has_refused());
    config_site_write(&site, "");
    config_site_check(&site);
    ck_assert(!has_refused());
    config_site_write(&site, "\"no such option\": 1,\n");
    config_site_expect(&site, "POST", "/v1/reload", 422);
    ck_assert(has_refused());
    config_site_write(&site, ""); /* nothing has looked meanwhile */
    config_site_check(&site);
    ck_assert(!has_refused());
    config_site_end(&site);
}
END_TEST

START_TEST(refused_reload_is_no_problem_once_the_certificate_is_right_again) {
    config_site_begin(&site, "");
    char *key = unit_read(unit_path("server.key"), NULL);
    unit_text_file("server.key", "no key");
    config_site_expect(&site, "POST", "/v1/reload", 422);
    for (unsigned i = 0; i < 3; i++) {
        config_site_check(&site);
        ck_assert(has_refused());
    }
    unit_text_file("server.key", key);
    config_site_check(&site);
    ck_assert(!has_refused());
    free(key);
    config_site_end(&site);
}
END_TEST

START_TEST(file_that_a_value_comes_from_is_watched_like_the_others) {
    unit_text_file("level", "debug\n");
    config_site_begin(&site, "\"log\": {\"level\": \"${file:level}\"},\n");
    config_site_check(&site);
    unit_text_file("level", "warning\n");
    config_site_check(&site);
    config_site_expect(&site, "GET", "/v1/status", 200);
    ck_assert(json_is_true(config_site_at(&site, "configuration/is_changed")));
    config_site_expect(&site, "GET", "/v1/config", 200);
    config_site_expect_text(&site, "difference/options/0/name", "log.level");
    ck_assert_int_eq(unlink(unit_path("level")), 0);
    config_site_expect(&site, "GET", "/v1/config", 200);
    config_site_expect_text(&site, "error/pointer", "/log/level");
    unit_text_file("level", "debug\n");
    config_site_expect(&site, "GET", "/v1/config", 200);
    ck_assert(json_is_null(config_site_at(&site, "difference")) && json_is_null(config_site_at(&site, "error")));
    config_site_end(&site);
}
END_TEST

/* ---- a disk that does not answer ---- */

enum { STUCK_MS = 5000 };
static atomic_bool may_read, gave_up;

/* As if it waited for the disk. */
static struct server_config *read_when_allowed(void *context, const struct config_edit *edit,
                                               struct option_fault *fault, struct error *error) {
    (void)context;
    for (unsigned ms = 0; !atomic_load(&may_read) && ms < STUCK_MS; ms++)
        poll(NULL, 0, 1);
    atomic_store(&gave_up, !atomic_load(&may_read));
    return server_config_load_edited(unit_path("munnel.json"), edit, fault, error);
}

START_TEST(slow_disk_under_the_configuration_holds_up_nothing_else) {
    bool is_done[2] = {false, false};

    config_site_begin(&site, "");
    server_set_reader(site.fixture.server, read_when_allowed, NULL);
    for (unsigned i = 0; i < 2; i++)
        reload_change(site.fixture.server->reload,
                      &(struct config_order){.is_dry_run = !i, .done = on_done, .context = &is_done[i]});
    config_site_write(&site, "// touched\n");
    reload_check(site.fixture.server->reload);
    config_site_expect(&site, "GET", "/v1/status", 200);
    config_site_expect(&site, "GET", "/v1/services", 200);
    ck_assert(!is_done[0] && !is_done[1] && !atomic_load(&gave_up));
    atomic_store(&may_read, true);
    config_site_settle(&site);
    ck_assert(is_done[0] && is_done[1] && last.result == CONFIG_DONE);
    atomic_store(&may_read, false);
    is_done[0] = is_done[1] = false;
    for (unsigned i = 0; i < 2; i++) /* at the end of the server each gets its answer */
        reload_change(site.fixture.server->reload, &(struct config_order){.done = on_done, .context = &is_done[i]});
    atomic_store(&may_read, true);
    config_site_end(&site);
    ck_assert(is_done[0] && is_done[1] && last.result == CONFIG_STOPPING);
}
END_TEST

static pthread_t loop_thread;
static atomic_uint read_by_loop, read_elsewhere;

SSL_CTX *__real_tls_service_context(const struct tls_service_options *options, struct error *error);
SSL_CTX *__wrap_tls_service_context(const struct tls_service_options *options, struct error *error);
SSL_CTX *__wrap_tls_service_context(const struct tls_service_options *options, struct error *error) {
    atomic_fetch_add(pthread_equal(pthread_self(), loop_thread) ? &read_by_loop : &read_elsewhere, 1);
    return __real_tls_service_context(options, error);
}

static void write_with_tls(const char *key, const char *more) {
    const struct server_config *conf = site.fixture.conf;
    char tls[400], text[600];

    snprintf(tls, sizeof tls, "%s \"tls\": {\"cert\": \"%s\", \"key\": \"%s\"}, ", more, conf->agents.certificate, key);
    snprintf(text, sizeof text, "{\"services\": [%s]}", config_site_service(&site, "second", 1, tls));
    unit_text_file("more.json", text);
    config_site_write(&site, "\"include\": \"more.json\",\n");
}

START_TEST(certificates_of_services_are_read_beside_the_loop) {
    loop_thread = pthread_self();
    config_site_begin(&site, "");
    write_with_tls(site.fixture.conf->agents.key, "");
    reload_with(0, CONFIG_DONE);
    ck_assert_uint_eq(atomic_load(&read_elsewhere), 1);
    write_with_tls(site.fixture.conf->agents.key, "\"idle_timeout\": 77,");
    reload_with(0, CONFIG_DONE);
    ck_assert_uint_eq(atomic_load(&read_elsewhere), 1); /* they are the same */
    write_with_tls(site.fixture.conf->agents.certificate, "");
    reload_with(0, CONFIG_WRONG);
    ck_assert_str_eq(last.fault.pointer, "/services/0/tls/key");
    ck_assert_ptr_nonnull(strstr(last.error.text, site.fixture.conf->agents.certificate));
    ck_assert_uint_eq(atomic_load(&read_elsewhere), 2);
    ck_assert_uint_eq(atomic_load(&read_by_loop), 0);
    config_site_end(&site);
}
END_TEST

static uint64_t requests_before;

static uint64_t count_requests(void) {
    return http_server_counts(site.fixture.server->admin->shared.http).requests;
}

/* Once the next request waits for the files, too. */
static void on_tick(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    if (count_requests() > requests_before)
        atomic_store(&may_read, true);
}

START_TEST(reload_is_refused_if_another_change_is_made_while_it_waits) {
    static const struct timeval tick = {0, 1000};
    bool is_done = false;
    char version[64];

    config_site_begin(&site, "");
    snprintf(version, sizeof version, "%s", config_site_version(&site));
    write_second();
    server_set_reader(site.fixture.server, read_when_allowed, NULL);
    struct event *timer = event_new(loop_base(site.fixture.server->loop), -1, EV_PERSIST, on_tick, NULL);
    ck_assert_int_eq(event_add(timer, &tick), 0);
    requests_before = count_requests();
    reload_change(site.fixture.server->reload, &(struct config_order){.done = on_done, .context = &is_done});
    ck_assert_uint_eq(config_site_ask(&site, "POST", "/v1/reload?confirm=600", NULL, version), 412);
    ck_assert(is_done && last.result == CONFIG_DONE && !atomic_load(&gave_up));
    event_free(timer);
    config_site_end(&site);
}
END_TEST

static bool is_back(void *context) {
    const struct reload *reload = context;

    return !reload_state(reload)->confirm_until_ms;
}

static bool is_bound(uint16_t port) {
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool is_free = bind(fd, (struct sockaddr *)&place, sizeof place) == 0;

    close(fd);
    return !is_free;
}

START_TEST(without_a_confirmation_the_configuration_and_its_ports_come_back) {
    char version[64];

    config_site_begin(&site, "");
    snprintf(version, sizeof version, "%s", config_site_version(&site));
    uint16_t port = site.ports[0];
    site.ports[0] = site.ports[2]; /* "main" moves, "second" comes */
    write_second();
    site.ports[0] = port;
    reload_with(1, CONFIG_DONE);
    ck_assert(!config_site_listens(&site, 0) && is_bound(port)); /* no one else can take it meanwhile */
    ck_assert(!is_back(site.fixture.server->reload));
    reload_with(0, CONFIG_WAITING);
    config_site_expect(&site, "POST", "/v1/reload?dry_run", 200);
    config_site_expect(&site, "GET", "/v1/status", 200);
    ck_assert(json_is_string(config_site_at(&site, "configuration/must_confirm_until")));
    ck_assert(unit_run_until(loop_base(site.fixture.server->loop), is_back, site.fixture.server->reload, 5000));
    ck_assert_str_eq(config_site_version(&site), version);
    ck_assert_ptr_null(site.fixture.server->reserve);
    ck_assert(!config_site_listens(&site, 1) && !config_site_listens(&site, 2));
    config_site_expect(&site, "POST", "/v1/reload/confirm", 409);
    config_site_end(&site);
}
END_TEST

START_TEST(a_paused_service_that_comes_back_without_a_confirmation_is_paused) {
    config_site_begin(&site, "");
    write_second();
    reload_with(0, CONFIG_DONE);
    config_site_expect(&site, "POST", "/v1/services/second/pause", 204);
    config_site_write(&site, "");
    reload_with(1, CONFIG_DONE);
    config_site_expect(&site, "GET", "/v1/services/second", 404);
    ck_assert(unit_run_until(loop_base(site.fixture.server->loop), is_back, site.fixture.server->reload, 5000));
    config_site_expect(&site, "GET", "/v1/services/second", 200);
    config_site_expect_text(&site, "state", "paused");
    config_site_expect_text(&site, "paused_by", geteuid() == 0 ? "root" : "user ");
    ck_assert(!config_site_listens(&site, 1));
    config_site_expect(&site, "POST", "/v1/services/second/resume", 204);
    ck_assert(config_site_listens(&site, 1));
    config_site_end(&site);
}
END_TEST

START_TEST(confirmed_configuration_stays) {
    config_site_begin(&site, "");
    write_second();
    config_site_expect(&site, "POST", "/v1/reload?confirm=4", 400);
    config_site_expect(&site, "POST", "/v1/reload?confirm=600", 200);
    ck_assert(json_is_string(config_site_at(&site, "must_confirm_until")));
    config_site_expect(&site, "POST", "/v1/reload", 409);
    config_site_expect(&site, "POST", "/v1/reload/confirm", 204);
    config_site_expect(&site, "POST", "/v1/reload/confirm", 409);
    config_site_expect(&site, "POST", "/v1/reload", 200);
    config_site_expect(&site, "GET", "/v1/services/second", 200);
    config_site_end(&site);
}
END_TEST

/* The agents file may have lost an agent since; the one that is in force has not come back with the configuration. */
START_TEST(files_of_the_configuration_that_comes_back_are_read_again) {
    config_site_begin(&site, "");
    ck_assert_uint_eq(credentials_count(site.fixture.server->policy.credentials), 1);
    write_second();
    reload_with(1, CONFIG_DONE);
    unit_text_file("agents.json", "{\"agents\":[]}");
    config_site_check(&site);
    unit_text_file("agents.json", "no JSON");
    char *key = unit_read(unit_path("server.key"), NULL);
    unit_text_file("server.key", "no key");
    ck_assert(unit_run_until(loop_base(site.fixture.server->loop), is_back, site.fixture.server->reload, 5000));
    ck_assert_uint_eq(credentials_count(site.fixture.server->policy.credentials), 0);
    ck_assert_ptr_nonnull(site.fixture.server->policy.tls);
    ck_assert_ptr_nonnull(trust_files_refusal(site.fixture.server->trust, TRUST_AGENTS));
    ck_assert_ptr_nonnull(trust_files_refusal(site.fixture.server->trust, TRUST_CERTIFICATES));
    config_site_expect(&site, "GET", "/v1/services/main", 200);
    config_site_expect(&site, "GET", "/v1/services/second", 404);
    free(key);
    config_site_end(&site);
}
END_TEST

static TCase *shown(void) {
    TCase *group = tcase_create("shown");

    tcase_add_test(group, status_tells_what_runs_and_whether_the_files_differ);
    tcase_add_test(group, what_came_from_a_variable_or_a_file_is_shown_as_it_is_written);
    tcase_add_test(group, dry_run_shows_the_difference_and_changes_nothing);
    tcase_add_test(group, file_that_a_value_comes_from_is_watched_like_the_others);
    return group;
}

static TCase *reloaded(void) {
    TCase *group = tcase_create("reloaded");

    tcase_add_test(group, reload_is_applied_for_the_version_that_it_was_made_for);
    tcase_add_test(group, administration_moves_and_takes_other_tokens);
    tcase_add_test(group, wrong_file_is_named_with_its_place_and_changes_nothing);
    tcase_add_test(group, refused_reload_is_no_problem_once_the_files_are_as_they_run);
    tcase_add_test(group, refused_reload_is_no_problem_once_the_certificate_is_right_again);
    tcase_add_test(group, slow_disk_under_the_configuration_holds_up_nothing_else);
    tcase_add_test(group, certificates_of_services_are_read_beside_the_loop);
    tcase_add_test(group, reload_is_refused_if_another_change_is_made_while_it_waits);
    return group;
}

static TCase *confirmed(void) {
    TCase *group = tcase_create("confirmed");

    tcase_add_test(group, without_a_confirmation_the_configuration_and_its_ports_come_back);
    tcase_add_test(group, a_paused_service_that_comes_back_without_a_confirmation_is_paused);
    tcase_add_test(group, confirmed_configuration_stays);
    tcase_add_test(group, files_of_the_configuration_that_comes_back_are_read_again);
    return group;
}

UNIT_MAIN("server/admin/config", shown, reloaded, confirmed)
