/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_log_socket: syslog and systemd's journal, by sockets of the test: what arrives, a reader that does not read, one
 * that goes and comes again, and a change between them and a file.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/log/log.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000, NOT_BLOCKED_MS = 3000, FLOOD = 40000 };

/* ---- a reader ---- */

struct reader {
    int fd;
    char to[160], text[65536]; /* text: the last datagram */
    const char *wanted;
    unsigned found, dropped;
};

static const char *path_of(const struct reader *reader) {
    return strchr(reader->to, ':') + 1;
}

static void start_reader(struct reader *reader) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strbuf_copy(address.sun_path, sizeof address.sun_path, path_of(reader));
    unlink(address.sun_path);
    reader->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(reader->fd, (struct sockaddr *)&address, sizeof address), 0);
}

static void stop_reader(struct reader *reader) {
    close(reader->fd);
    reader->fd = -1;
}

/* kind: "syslog" or "journal". */
static struct reader new_reader(const char *kind) {
    struct reader reader = {.fd = -1};
    snprintf(reader.to, sizeof reader.to, "%s:%s", kind, unit_path(kind));
    start_reader(&reader);
    return reader;
}

static bool receive(struct reader *reader) {
    ssize_t length = recv(reader->fd, reader->text, sizeof reader->text - 1, MSG_DONTWAIT);
    reader->text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* Reads on until `wanted` has come, and counts. */
static bool has_come(void *context) {
    struct reader *reader = context;
    while (receive(reader)) {
        const char *count = strstr(reader->text, "lines dropped");
        count = count ? strstr(count, "count=") : NULL;
        reader->dropped += count ? (unsigned)strtoul(count + strlen("count="), NULL, 10) : 0;
        reader->found += strstr(reader->text, "of many") ? 1 : 0;
        if (strstr(reader->text, reader->wanted))
            return true;
    }
    return false;
}

static bool comes(struct reader *reader, const char *wanted) {
    reader->wanted = wanted;
    return unit_wait_until(has_come, reader, PATIENCE_MS);
}

static struct log *new_log(enum log_format format, const char *to) {
    struct error error = {""};
    struct log *log = log_new("munneld", format, LOG_LEVEL_INFO, to, &error);
    ck_assert_msg(log, "%s", error.text);
    return log;
}

/* ---- what arrives ---- */

START_TEST(syslog_gets_a_datagram_for_each_line) {
    struct reader reader = new_reader("syslog");
    struct log *log = new_log(LOG_FORMAT_AUTO, reader.to);
    char expected[64], month[4];
    unsigned day, hour, minute, second;
    log_write(log, LOG_LEVEL_ERROR, "server", "first");
    log_write(log, LOG_LEVEL_INFO, "server", "second");
    ck_assert(comes(&reader, "first"));
    ck_assert_int_eq(sscanf(reader.text, "<27>%3s %2u %2u:%2u:%2u ", month, &day, &hour, &minute, &second), 5);
    snprintf(expected, sizeof expected, " munneld[%ld]: error   server  first", (long)getpid());
    ck_assert_str_eq(reader.text + strlen("<27>Nov 22 18:29:41"), expected);
    ck_assert(comes(&reader, "second"));
    ck_assert(strncmp(reader.text, "<30>", 4) == 0);
    log_free(log);
    stop_reader(&reader);
}
END_TEST

START_TEST(the_journal_gets_priority_message_and_fields) {
    struct reader reader = new_reader("journal");
    struct log *log = new_log(LOG_FORMAT_AUTO, reader.to);
    log_event(log, LOG_LEVEL_WARNING, "relay 3f-1", "cut", LOG_FIELDS(LOG_TEXT("service", "vnc"), LOG_NUMBER("n", 7)));
    ck_assert(comes(&reader, "cut"));
    ck_assert_str_eq(reader.text, "PRIORITY=4\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=munneld\n"
                                  "MESSAGE=warning relay 3f-1  cut service=vnc n=7\n"
                                  "MUNNEL_WHO=relay 3f-1\nMUNNEL_EVENT=cut\nMUNNEL_SERVICE=vnc\nMUNNEL_N=7\n");
    log_free(log);
    stop_reader(&reader);
}
END_TEST

/* The longest line, with each byte escaped, and each field once more: it is one datagram. */
START_TEST(the_largest_record_arrives) {
    struct reader reader = new_reader("journal");
    struct log *log = new_log(LOG_FORMAT_JSON, reader.to);
    static char large[4096];
    memset(large, '\n', sizeof large - 1);
    log_event(log, LOG_LEVEL_INFO, "w", "large", LOG_FIELDS(LOG_TEXT("value", large), LOG_TEXT("more", large)));
    ck_assert(comes(&reader, "MUNNEL_VALUE=\\n\\n"));
    ck_assert_uint_gt(strlen(reader.text), 3500);
    log_free(log);
    stop_reader(&reader);
}
END_TEST

START_TEST(a_socket_that_is_not_there_is_an_error) {
    struct reader reader = new_reader("syslog");
    struct error error = {""};
    char long_path[300] = "syslog:/", expected[300];
    ck_assert_int_eq(log_check_target(reader.to, &error), 0);
    stop_reader(&reader);
    ck_assert_ptr_null(log_new("munneld", LOG_FORMAT_AUTO, LOG_LEVEL_INFO, reader.to, &error));
    snprintf(expected, sizeof expected, "cannot log to the socket \"%s\": Connection refused; start a syslog daemon, ",
             path_of(&reader));
    ck_assert_msg(strstr(error.text, expected), "%s", error.text);
    ck_assert_int_eq(unlink(path_of(&reader)), 0);
    ck_assert_int_eq(log_check_target(reader.to, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "No such file or directory; start a syslog daemon"));
    memset(long_path + strlen(long_path), 'x', 200);
    ck_assert_int_eq(log_check_target(long_path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is too long for a socket"));
}
END_TEST

START_TEST(the_words_are_no_files) {
    ck_assert(!log_target_is_file("stderr") && !log_target_is_file("stdout"));
    ck_assert(!log_target_is_file("syslog") && !log_target_is_file("journal:/run/x"));
    ck_assert(log_target_is_file("./syslog") && log_target_is_file("syslogs") && log_target_is_file("/var/log/m.log"));
}
END_TEST

/* ---- trouble ---- */

/* It reads nothing: lines are dropped, not one thread waits, and their number comes when it reads again. */
START_TEST(a_reader_that_does_not_read_blocks_no_writer) {
    struct reader reader = new_reader(_i ? "journal" : "syslog");
    struct log *log = new_log(LOG_FORMAT_TEXT, reader.to);
    uint64_t start = clock_ms();
    for (unsigned i = 0; i < FLOOD; i++)
        log_event(log, LOG_LEVEL_INFO, "relay 3f2a-17", "one of many", LOG_FIELDS(LOG_NUMBER("line", i)));
    ck_assert_uint_lt(clock_ms() - start, NOT_BLOCKED_MS);
    ck_assert_uint_gt(log_dropped(log), 0);
    ck_assert(comes(&reader, "lines dropped"));
    log_write(log, LOG_LEVEL_INFO, "server", "all is well again");
    ck_assert(comes(&reader, "all is well again"));
    ck_assert_uint_eq(reader.dropped, log_dropped(log));
    ck_assert_uint_eq(reader.found, FLOOD - reader.dropped);
    log_free(log);
    stop_reader(&reader);
}
END_TEST

START_TEST(freeing_does_not_wait_for_a_reader_that_does_not_read) {
    struct reader reader = new_reader("journal");
    struct log *log = new_log(LOG_FORMAT_TEXT, reader.to);
    for (unsigned i = 0; i < FLOOD; i++)
        log_write(log, LOG_LEVEL_INFO, "relay", "one of many");
    uint64_t start = clock_ms();
    log_free(log);
    ck_assert_uint_lt(clock_ms() - start, NOT_BLOCKED_MS);
    stop_reader(&reader);
}
END_TEST

/* A daemon that was started again has a socket of its own at the same path. */
START_TEST(a_reader_that_comes_again_is_found) {
    struct reader reader = new_reader("syslog");
    struct log *log = new_log(LOG_FORMAT_TEXT, reader.to);
    log_write(log, LOG_LEVEL_INFO, "server", "before");
    ck_assert(comes(&reader, "before"));
    stop_reader(&reader);
    if (_i)
        ck_assert_int_eq(unlink(path_of(&reader)), 0);
    log_write(log, LOG_LEVEL_INFO, "server", "meanwhile");
    start_reader(&reader);
    ck_assert(comes(&reader, "meanwhile"));
    ck_assert_uint_eq(log_dropped(log), 0);
    log_free(log);
    stop_reader(&reader);
}
END_TEST

/* ---- a change ---- */

static void change(struct log *log, const char *to) {
    struct error error = {""};
    struct log_target *target = log_target_open(LOG_FORMAT_TEXT, to, &error);
    ck_assert_msg(target, "%s", error.text);
    log_change(log, LOG_FORMAT_TEXT, LOG_LEVEL_INFO, target);
}

static bool file_has_last(void *context) {
    char *text = unit_read(context, NULL);
    bool has = strstr(text, "in the file again\n");
    free(text);
    return has;
}

START_TEST(each_reader_gets_the_lines_of_its_time) {
    struct reader journal = new_reader("journal"), syslog = new_reader("syslog");
    char file[160];
    strbuf_copy(file, sizeof file, unit_text_file("log", ""));
    struct log *log = new_log(LOG_FORMAT_TEXT, file);
    log_write(log, LOG_LEVEL_INFO, "server", "in the file");
    change(log, journal.to);
    log_write(log, LOG_LEVEL_INFO, "server", "in the journal");
    ck_assert(comes(&journal, "MUNNEL_EVENT=in the journal\n"));
    change(log, syslog.to);
    log_write(log, LOG_LEVEL_INFO, "server", "in syslog");
    ck_assert(comes(&syslog, "]: info    server  in syslog"));
    change(log, file);
    log_write(log, LOG_LEVEL_INFO, "server", "in the file again");
    ck_assert(unit_wait_until(file_has_last, file, PATIENCE_MS));
    ck_assert_uint_eq(log_dropped(log), 0);
    log_free(log);
    stop_reader(&journal);
    stop_reader(&syslog);
}
END_TEST

/* What was made for the journal is nothing for a file: it is dropped and counted, and never mixed. */
START_TEST(lines_for_a_reader_that_does_not_read_are_dropped_by_a_change) {
    struct reader journal = new_reader("journal");
    char file[160];
    strbuf_copy(file, sizeof file, unit_text_file("log", ""));
    struct log *log = new_log(LOG_FORMAT_TEXT, journal.to);
    for (unsigned i = 0; i < 2000; i++)
        log_write(log, LOG_LEVEL_INFO, "relay", "one of many");
    change(log, file);
    change(log, file); /* and once more, before the thread has seen the first */
    log_write(log, LOG_LEVEL_INFO, "server", "in the file again");
    ck_assert(unit_wait_until(file_has_last, file, PATIENCE_MS));
    uint64_t dropped = log_dropped(log);
    log_free(log);
    char *text = unit_read(file, NULL), expected[64];
    snprintf(expected, sizeof expected, "count=%u\n", (unsigned)dropped);
    ck_assert_uint_gt(dropped, 0);
    ck_assert_msg(strstr(text, expected), "no %s in %s", expected, text);
    ck_assert_ptr_null(strstr(text, "PRIORITY="));
    journal.wanted = "nothing of the kind";
    has_come(&journal);
    ck_assert_uint_eq(journal.found, 2000 - dropped);
    free(text);
    stop_reader(&journal);
}
END_TEST

/* ---- auto ---- */

/* Without the journal's socket, or with another format, the journal still has the stream. */
START_TEST(the_stream_is_used_when_it_has_to_be) {
    char stream[64], text[256] = "";
    struct stat status;
    int ends[2], saved = dup(STDERR_FILENO);
    bool has_journal = access("/run/systemd/journal/socket", F_OK) == 0;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fstat(ends[1], &status), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    dup2(ends[1], STDERR_FILENO);
    struct log *log = new_log(has_journal ? LOG_FORMAT_TEXT : LOG_FORMAT_AUTO, "stderr");
    log_write(log, LOG_LEVEL_WARNING, "server", "hot");
    log_free(log);
    dup2(saved, STDERR_FILENO);
    ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
    ck_assert_str_eq(text, "<4>warning server  hot\n");
}
END_TEST

static TCase *readers(void) {
    TCase *group = tcase_create("readers");
    tcase_add_test(group, syslog_gets_a_datagram_for_each_line);
    tcase_add_test(group, the_journal_gets_priority_message_and_fields);
    tcase_add_test(group, the_largest_record_arrives);
    tcase_add_test(group, a_socket_that_is_not_there_is_an_error);
    tcase_add_test(group, the_words_are_no_files);
    tcase_add_test(group, the_stream_is_used_when_it_has_to_be);
    return group;
}

static TCase *trouble(void) {
    TCase *group = tcase_create("trouble");
    tcase_add_loop_test(group, a_reader_that_does_not_read_blocks_no_writer, 0, 2);
    tcase_add_test(group, freeing_does_not_wait_for_a_reader_that_does_not_read);
    tcase_add_loop_test(group, a_reader_that_comes_again_is_found, 0, 2);
    return group;
}

static TCase *changes(void) {
    TCase *group = tcase_create("changes");
    tcase_add_test(group, each_reader_gets_the_lines_of_its_time);
    tcase_add_test(group, lines_for_a_reader_that_does_not_read_are_dropped_by_a_change);
    return group;
}

UNIT_MAIN("lib/log/log_socket", readers, trouble, changes)
