/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * process: a program that a test runs, with all that it prints, in memory and in a file.
 */
#include "config.h"

#include "harness/process.h"

#include "harness/deadline.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXTS_MAX = 8, QUOTED = 3500 };

struct process {
    char *name;
    pid_t pid;
    int pid_fd, stop_signal;
    bool over, asked;
    int status;
    int pipe, file;
    pthread_t reader;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t grown;
    char *text;
    size_t used, size;
    bool ended; /* nothing more will come */
};

static void keep(struct process *process, const char *data, size_t size) {
    pthread_mutex_lock(&process->lock);
    if (process->used + size + 1 > process->size) {
        process->size = 2 * (process->used + size + 1);
        char *text = realloc(process->text, process->size);
        if (!text)
            abort();
        process->text = text;
    }
    memcpy(process->text + process->used, data, size);
    process->used += size;
    process->text[process->used] = '\0';
    pthread_cond_broadcast(&process->grown);
    pthread_mutex_unlock(&process->lock);
}

static void *read_output(void *context) {
    struct process *process = context;
    char part[16384];
    ssize_t got;
    while ((got = read(process->pipe, part, sizeof part)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0)
            continue;
        keep(process, part, (size_t)got);
        if (write(process->file, part, (size_t)got) < 0)
            continue; /* a full disk: memory has it */
    }
    pthread_mutex_lock(&process->lock);
    process->ended = true;
    pthread_cond_broadcast(&process->grown);
    pthread_mutex_unlock(&process->lock);
    return NULL;
}

static int input_of(const char *text) {
    if (!text)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    return ends[0];
}

/* Not _exit: ThreadSanitizer runs there, finds the parent's threads gone, and changes the exit code. */
static _Noreturn void leave(int code) {
    for (;;)
        syscall(SYS_exit_group, code);
}

/* In the child: between fork and exec of a program with threads only plain system calls are allowed. */
static void become(const struct process_plan *plan, const char *const *environment, int input, int output,
                   pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        leave(126);
    if (plan->folder && chdir(plan->folder) != 0)
        leave(126);
    union { /* exec takes char *const * for history's sake and changes nothing */
        const char *const *ours;
        char *const *theirs;
    } arguments = {.ours = plan->arguments}, variables = {.ours = environment};
    execvpe(plan->arguments[0], arguments.theirs, variables.theirs);
    static const char words[] = "cannot be started\n";
    if (write(2, words, sizeof words - 1) < 0)
        leave(126);
    leave(127);
}

static bool is_named_in(const char *entry, const char *const *more) {
    size_t name = strcspn(entry, "=") + 1;
    for (; *more; more++)
        if (strncmp(entry, *more, name) == 0)
            return true;
    return false;
}

/* Ours with `more` in place of what it names; the texts stay where they are. */
static const char **environment_with(const char *const *more) {
    static const char *const none[] = {NULL};
    more = more ? more : none;
    size_t count = 0, extra = 0, used = 0;
    while (environ[count])
        count++;
    while (more[extra])
        extra++;
    const char **all = calloc(count + extra + 1, sizeof *all);
    ck_assert_ptr_nonnull(all);
    for (size_t i = 0; i < count; i++)
        if (!is_named_in(environ[i], more))
            all[used++] = environ[i];
    memcpy(all + used, more, extra * sizeof *all);
    return all;
}

static void launch(struct process *process, const struct process_plan *plan) {
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    const char **environment = environment_with(plan->environment);
    int input = input_of(plan->input);
    pid_t parent = getpid();
    process->pid = fork();
    if (process->pid == 0)
        become(plan, environment, input, ends[1], parent);
    ck_assert_msg(process->pid > 0, "cannot start %s: %s", plan->name, strerror(errno));
    process->pid_fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    ck_assert_int_ge(process->pid_fd, 0);
    close(input);
    close(ends[1]);
    free(environment);
    process->pipe = ends[0];
}

struct process *process_start(const struct process_plan *plan) {
    struct process *process = calloc(1, sizeof *process);
    ck_assert_ptr_nonnull(process);
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.log", plan->logs, plan->name);
    process->name = strdup(plan->name);
    process->stop_signal = plan->stop_signal ? plan->stop_signal : SIGTERM;
    process->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_msg(process->file >= 0, "cannot write %s: %s", path, strerror(errno));
    process->text = calloc(1, 1);
    process->size = 1;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&process->grown, &monotonic);
    pthread_mutex_init(&process->lock, NULL);
    launch(process, plan);
    ck_assert_int_eq(pthread_create(&process->reader, NULL, read_output, process), 0);
    return process;
}

pid_t process_pid(const struct process *process) {
    return process->pid;
}

const char *process_name(const struct process *process) {
    return process->name;
}

bool process_has_posix_signals(const struct process *process) {
    return process->stop_signal == SIGTERM;
}

char *process_output(struct process *process, size_t mark) {
    pthread_mutex_lock(&process->lock);
    char *copy = strdup(process->text + (mark < process->used ? mark : process->used));
    pthread_mutex_unlock(&process->lock);
    return copy;
}

static void fail_with_output(struct process *process, const char *what) {
    char *output = process_output(process, 0);
    size_t length = strlen(output);
    const char *tail = length > QUOTED ? output + length - QUOTED : output;
    ck_abort_msg("%s %s; the end of its output:\n%s", process->name, what, tail);
}

/* A traced process (by LeakSanitizer at its exit) is a zombie to its tracer first: waitpid reports it to us later. */
static int take_status(const struct process *process) {
    int status = 0;
    pid_t taken;
    while ((taken = waitpid(process->pid, &status, 0)) < 0 && errno == EINTR) {
    }
    ck_assert_int_eq(taken, process->pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool wait_for_end(struct process *process, unsigned ms) {
    struct pollfd ended = {.fd = process->pid_fd, .events = POLLIN};
    uint64_t deadline = deadline_in(ms);
    while (!process->over) {
        int ready = poll(&ended, 1, deadline_left_poll(deadline));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        process->over = true;
        process->status = take_status(process);
    }
    return true;
}

bool process_is_over(struct process *process) {
    return wait_for_end(process, 0);
}

static struct timespec time_in(uint64_t ms) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t ns = (uint64_t)time.tv_nsec + ms % 1000 * 1000000;
    time.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    time.tv_nsec = (long)(ns % 1000000000);
    return time;
}

/* What the program wrote last may still be in the pipe; a grandchild that holds it open does not stop us. */
static void wait_for_last_output(struct process *process, unsigned ms) {
    struct timespec end = time_in(ms);
    pthread_mutex_lock(&process->lock);
    while (!process->ended && pthread_cond_timedwait(&process->grown, &process->lock, &end) == 0) {
    }
    pthread_mutex_unlock(&process->lock);
}

int process_wait(struct process *process, unsigned ms) {
    if (!wait_for_end(process, ms))
        fail_with_output(process, "did not end in time");
    wait_for_last_output(process, 2000);
    return process->status;
}

/* The threads stop one after the other; on a busy machine one may answer what the test sends next. */
static void await_stopped(const struct process *process) {
    siginfo_t info;
    while (waitid(P_PID, (id_t)process->pid, &info, WSTOPPED | WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
}

void process_signal(struct process *process, int signal_number) {
    if (process_is_over(process))
        fail_with_output(process, "was over before its time");
    kill(process->pid, signal_number == SIGTERM ? process->stop_signal : signal_number);
    if (signal_number == SIGSTOP)
        await_stopped(process);
}

static void fail_if_unclean(struct process *process) {
    static const char *const findings[] = {"ERROR: AddressSanitizer",  "ERROR: LeakSanitizer", "runtime error:",
                                           "WARNING: ThreadSanitizer", "Assertion `",          "stack smashing"};
    char *output = process_output(process, 0);
    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
        char *found = strstr(output, findings[i]);
        if (found)
            ck_abort_msg("%s: %.3000s", process->name, found);
    }
    free(output);
}

static bool was_killed(int status) {
    return status > 128 && status != 128 + SIGTERM && status != 128 + SIGINT;
}

void process_begin_stop(struct process *process) {
    if (process->asked || process_is_over(process))
        return;
    process->asked = true;
    kill(process->pid, process->stop_signal);
    kill(process->pid, SIGCONT);
}

void process_stop(struct process *process) {
    process_begin_stop(process);
    if (!wait_for_end(process, 1000))
        kill(process->pid, process->stop_signal);
    int status = process_wait(process, 10000);
    char what[64];
    snprintf(what, sizeof what, "was ended by signal %d", status - 128);
    if (was_killed(status))
        fail_with_output(process, what);
    fail_if_unclean(process);
}

void process_free(struct process *process) {
    if (!process_is_over(process)) {
        kill(process->pid, SIGKILL);
        wait_for_end(process, 10000);
    }
    wait_for_last_output(process, 2000);
    pthread_mutex_lock(&process->lock);
    bool ended = process->ended;
    pthread_mutex_unlock(&process->lock);
    if (!ended)
        return; /* a grandchild holds the pipe: the reader still needs all of it, until the test's process ends */
    pthread_join(process->reader, NULL);
    close(process->pipe);
    close(process->file);
    close(process->pid_fd);
    pthread_cond_destroy(&process->grown);
    pthread_mutex_destroy(&process->lock);
    free(process->text);
    free(process->name);
    free(process);
}

size_t process_mark(struct process *process) {
    pthread_mutex_lock(&process->lock);
    size_t mark = process->used;
    pthread_mutex_unlock(&process->lock);
    return mark;
}

struct wanted {
    const char *texts[TEXTS_MAX];
    size_t count;
};

static void gather(struct wanted *wanted, va_list list) {
    wanted->count = 0;
    for (const char *text; (text = va_arg(list, const char *));) {
        ck_assert_uint_lt(wanted->count, TEXTS_MAX);
        wanted->texts[wanted->count++] = text;
    }
}

static bool has_all(const char *line, size_t length, const struct wanted *wanted) {
    for (size_t i = 0; i < wanted->count; i++)
        if (!memmem(line, length, wanted->texts[i], strlen(wanted->texts[i])))
            return false;
    return true;
}

/* The first such line at or behind *at; moves *at behind what was looked through. Call with the lock held. */
static char *find_line(struct process *process, size_t *at, const struct wanted *wanted) {
    while (*at < process->used) {
        const char *line = process->text + *at;
        const char *end = memchr(line, '\n', process->used - *at);
        if (!end)
            return NULL; /* half a line */
        size_t length = (size_t)(end - line);
        *at += length + 1;
        if (has_all(line, length, wanted))
            return strndup(line, length);
    }
    return NULL;
}

static char *seek(struct process *process, size_t mark, unsigned ms, const struct wanted *wanted) {
    struct timespec end = time_in((uint64_t)ms * slow_factor());
    char *line;
    pthread_mutex_lock(&process->lock);
    while (!(line = find_line(process, &mark, wanted)) && !process->ended &&
           pthread_cond_timedwait(&process->grown, &process->lock, &end) == 0) {
    }
    pthread_mutex_unlock(&process->lock);
    return line;
}

char *process_seek(struct process *process, size_t mark, unsigned ms, ...) {
    struct wanted wanted;
    va_list list;
    va_start(list, ms);
    gather(&wanted, list);
    va_end(list);
    return seek(process, mark, ms, &wanted);
}

static void fail_for_want_of(struct process *process, const struct wanted *wanted) {
    char what[512] = "did not print";
    for (size_t i = 0; i < wanted->count; i++) {
        size_t used = strlen(what);
        snprintf(what + used, sizeof what - used, " \"%s\"", wanted->texts[i]);
    }
    fail_with_output(process, what);
}

char *process_expect(struct process *process, size_t mark, unsigned ms, ...) {
    struct wanted wanted;
    va_list list;
    va_start(list, ms);
    gather(&wanted, list);
    va_end(list);
    char *line = seek(process, mark, ms, &wanted);
    if (!line)
        fail_for_want_of(process, &wanted);
    return line;
}

unsigned process_count(struct process *process, size_t mark, ...) {
    struct wanted wanted;
    va_list list;
    va_start(list, mark);
    gather(&wanted, list);
    va_end(list);
    unsigned count = 0;
    pthread_mutex_lock(&process->lock);
    for (char *line; (line = find_line(process, &mark, &wanted)); count++)
        free(line);
    pthread_mutex_unlock(&process->lock);
    return count;
}
