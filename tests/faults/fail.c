/*
 * Calls of libc that fail when told to: preloaded (LD_PRELOAD) into the program under test.
 *
 * FAULTS has rules, separated by blanks: CALL,WHEN,WHAT[,WHERE]
 *   CALL   write (pwrite, writev too), sync, rename, open, truncate, socket, connect, accept, send, recv
 *   WHEN   n: every n-th call; n+: from the n-th on; =n: the n-th alone. Each rule counts its own calls.
 *   WHAT   the number of an error, or 0: the call does half of what it is asked for
 *   WHERE  what the path of the file begins with, all of it if a $ is behind it; or pipe:, socket:. Without it,
 *          every file.
 *
 * REAL_CLOCK has steps, separated by blanks: after so many seconds the wall clock is so many off ("1,-7200");
 * "still" stops it. SLEEP=AFTER,SECONDS: the machine is suspended for so long, which the wall clock and
 * CLOCK_BOOTTIME tell and CLOCK_MONOTONIC does not. STALL=AFTER,SECONDS: CLOCK_MONOTONIC stands still.
 *
 * System calls are made directly, so nothing here depends on what is loaded when. Must not allocate.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE, SYNC, RENAME, OPEN, TRUNCATE, SOCKET, CONNECT, ACCEPT, SEND, RECV, CALLS };
static const char *const NAMES[CALLS] = {"write",  "sync",    "rename", "open", "truncate",
                                         "socket", "connect", "accept", "send", "recv"};
struct rule {
    int call, error;
    char how; /* 'n', '+' or '=' */
    long nth, count;
    char where[512];
};
static struct rule rules[16];
static int known;

__attribute__((constructor)) static void read_rules(void) {
    const char *at = getenv("FAULTS");
    while (at && *(at += strspn(at, " ")) && known < 16) {
        struct rule *rule = &rules[known];
        char name[16] = "", nth[16] = "";
        if (sscanf(at, " %15[a-z],%15[0-9+=],%d,%511[^ ]", name, nth, &rule->error, rule->where) < 3) {
            dprintf(2, "no rule: %s\n", at);
            _exit(99);
        }
        for (rule->call = 0; rule->call < CALLS && strcmp(name, NAMES[rule->call]); rule->call++) {}
        rule->how = strchr(nth, '+') ? '+' : nth[0] == '=' ? '=' : 'n';
        rule->nth = atol(nth + (nth[0] == '='));
        known += 1;
        at += strcspn(at, " ");
    }
}

/* The path of a name in a folder; `of` is the file's own if there is no name. */
static void path_of(char *path, size_t room, int folder, const char *name) {
    char link[64];
    path[0] = 0;
    if (!name || name[0] != '/') {
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, room - 1);
        path[length > 0 ? length : 0] = 0;
        if (name) strncat(path, "/", room - strlen(path) - 1);
    }
    if (name) strncat(path, name, room - strlen(path) - 1);
}

/* What becomes of a call: -1 it is made, 0 it does half, else it fails with this. */
static int fate(int call, int folder, const char *name) {
    int found = -1, old = errno;
    for (int at = 0; at < known; at++) {
        struct rule *rule = &rules[at];
        if (rule->call != call) continue;
        if (rule->where[0]) {
            char path[1024];
            size_t length = strlen(rule->where);
            int is_all = rule->where[length - 1] == '$';
            path_of(path, sizeof path, folder, name);
            if (strncmp(path, rule->where, length - is_all) || (is_all && path[length - 1])) continue;
        }
        long count = __atomic_add_fetch(&rule->count, 1, __ATOMIC_SEQ_CST);
        int hit = rule->how == '+' ? count >= rule->nth : rule->how == '=' ? count == rule->nth : count % rule->nth == 0;
        if (hit && found < 0) found = rule->error;
    }
    errno = old;
    return found;
}

static int fails(int call, int folder, const char *name) {
    int error = fate(call, folder, name);
    if (error > 0) errno = error;
    return error > 0;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    int error = fate(WRITE, fd, 0);
    if (error > 0) return errno = error, -1;
    return syscall(SYS_write, fd, bytes, error == 0 && length > 1 ? length / 2 : length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    int error = fate(WRITE, fd, 0);
    if (error > 0) return errno = error, -1;
    return syscall(SYS_pwrite64, fd, bytes, error == 0 && length > 1 ? length / 2 : length, offset);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    int error = fate(WRITE, fd, 0);
    if (error > 0) return errno = error, -1;
    if (error == 0 && count > 0)
        return syscall(SYS_write, fd, parts[0].iov_base, parts[0].iov_len > 1 ? parts[0].iov_len / 2 : parts[0].iov_len);
    return syscall(SYS_writev, fd, parts, count);
}

int fsync(int fd) { return fails(SYNC, fd, 0) ? -1 : (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { return fails(SYNC, fd, 0) ? -1 : (int)syscall(SYS_fdatasync, fd); }
int ftruncate64(int fd, off64_t length) { return fails(TRUNCATE, fd, 0) ? -1 : (int)syscall(SYS_ftruncate, fd, length); }
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
    return fails(RENAME, to, new) ? -1 : (int)syscall(SYS_renameat2, from, old, to, new, flags);
}
int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

static int open_by(int folder, const char *name, int flags, va_list more) {
    int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, int) : 0;
    return fails(OPEN, folder, name) ? -1 : (int)syscall(SYS_openat, folder, name, flags, mode);
}
#define OPENS(NAME, FOLDER, ...)                            \
    int NAME(__VA_ARGS__ const char *name, int flags, ...) { \
        va_list more;                                        \
        va_start(more, flags);                               \
        int fd = open_by(FOLDER, name, flags, more);         \
        va_end(more);                                        \
        return fd;                                           \
    }
#define AND ,
OPENS(open, AT_FDCWD, )
OPENS(open64, AT_FDCWD, )
OPENS(openat, folder, int folder AND)
OPENS(openat64, folder, int folder AND)

int socket(int domain, int type, int protocol) {
    return fails(SOCKET, AT_FDCWD, "/") ? -1 : (int)syscall(SYS_socket, domain, type, protocol);
}
int connect(int fd, const struct sockaddr *to, socklen_t length) {
    return fails(CONNECT, fd, 0) ? -1 : (int)syscall(SYS_connect, fd, to, length);
}
int accept4(int fd, struct sockaddr *from, socklen_t *length, int flags) {
    return fails(ACCEPT, fd, 0) ? -1 : (int)syscall(SYS_accept4, fd, from, length, flags);
}
int accept(int fd, struct sockaddr *from, socklen_t *length) { return accept4(fd, from, length, 0); }

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    int error = fate(SEND, fd, 0);
    if (error > 0) return errno = error, -1;
    return syscall(SYS_sendto, fd, bytes, error == 0 && length > 1 ? length / 2 : length, flags, 0, 0);
}
ssize_t recv(int fd, void *bytes, size_t length, int flags) {
    int error = fate(RECV, fd, 0);
    if (error > 0) return errno = error, -1;
    return syscall(SYS_recvfrom, fd, bytes, error == 0 && length > 1 ? length / 2 : length, flags, 0, 0);
}

/* Seconds since the first look at a clock. */
static double since_start(void) {
    static long long start; /* nanoseconds */
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    long long at = now.tv_sec * 1000000000LL + now.tv_nsec, none = 0;
    __atomic_compare_exchange_n(&start, &none, at, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return (at - __atomic_load_n(&start, __ATOMIC_SEQ_CST)) / 1e9;
}

static void add(struct timespec *time, double seconds) {
    long long at = time->tv_sec * 1000000000LL + time->tv_nsec + (long long)(seconds * 1e9);
    time->tv_sec = at / 1000000000LL;
    time->tv_nsec = at % 1000000000LL;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    double since = since_start(), after, seconds;
    const char *steps = getenv("REAL_CLOCK"), *sleeps = getenv("SLEEP"), *stall = getenv("STALL");
    int is_real = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    int is_monotonic = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE;
    if (result) return result;
    if (is_real && steps && !strcmp(steps, "still")) add(time, -since);
    else if (is_real && steps) {
        double off = 0;
        for (int read = 0; sscanf(steps, " %lf,%lf%n", &after, &seconds, &read) == 2; steps += read)
            if (since >= after) off = seconds;
        add(time, off);
    }
    if ((is_real || clock == CLOCK_BOOTTIME) && sleeps && sscanf(sleeps, "%lf,%lf", &after, &seconds) == 2 && since >= after)
        add(time, seconds);
    if (is_monotonic && stall && sscanf(stall, "%lf,%lf", &after, &seconds) == 2 && since >= after)
        add(time, -(since < after + seconds ? since - after : seconds));
    return 0;
}
