/* A resolver that says what a test wants, and a network with one public address.

   Loaded before the C library into the program under test. FAKE_DNS is `name=answer,answer;name=answer`: the first
   look-up gets the first answer, the last answer holds; an answer is `ip+ip`, `!` for none, `again` for a resolver
   that fails, `slow` for one that says nothing for ten seconds. Names that are not
   there do not exist. Connections to the public address lead to 127.0.0.1, and none
   leaves this machine; every address that was to be connected to is a line in the file FAKE_LOG. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PUBLIC "93.184.215.14"
#define NAMES 64

typedef int (*resolve_t)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef int (*connect_t)(int, const struct sockaddr *, socklen_t);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char known[NAMES][256];
static int asked[NAMES];

/* How often this name was asked for before. */
static int earlier(const char *name) {
    pthread_mutex_lock(&lock);
    int at = 0;
    while (at < NAMES - 1 && known[at][0] && strcmp(known[at], name) != 0) at++;
    snprintf(known[at], sizeof known[at], "%s", name);
    int before = asked[at]++;
    pthread_mutex_unlock(&lock);
    return before;
}

/* The answer for a name, in `answer`; 0 if there is none. */
static int answer_of(const char *name, char *answer, size_t size) {
    const char *all = getenv("FAKE_DNS");
    char text[4096];
    snprintf(text, sizeof text, "%s", all ? all : "");
    char *rest = text, *entry;
    while ((entry = strsep(&rest, ";"))) {
        char *answers = strchr(entry, '=');
        if (!answers) continue;
        *answers++ = 0;
        if (strcasecmp(entry, name) != 0) continue;
        int before = earlier(name);
        char *one = strsep(&answers, ",");
        while (before-- > 0 && answers) one = strsep(&answers, ",");
        snprintf(answer, size, "%s", one);
        return strcmp(one, "!") != 0;
    }
    return 0;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    resolve_t real = (resolve_t)dlsym(RTLD_NEXT, "getaddrinfo");
    char answer[1024];
    if (!node || !answer_of(node, answer, sizeof answer)) return EAI_NONAME;
    if (strcmp(answer, "again") == 0) return EAI_AGAIN;
    if (strcmp(answer, "slow") == 0) {
        sleep(10);
        return EAI_NONAME;
    }
    char *rest = answer, *ip;
    struct addrinfo **end = found;
    *found = NULL;
    while ((ip = strsep(&rest, "+"))) {
        int fault = real(ip, service, hints, end);
        if (fault) return fault;
        while (*end) end = &(*end)->ai_next;
    }
    return 0;
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
    connect_t real = (connect_t)dlsym(RTLD_NEXT, "connect");
    char ip[INET6_ADDRSTRLEN] = "";
    struct sockaddr_in v4;
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, ip, sizeof ip);
    } else if (address->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, ip, sizeof ip);
    } else {
        return real(fd, address, length);
    }
    const char *path = getenv("FAKE_LOG");
    int log = path ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
    if (log >= 0) {
        dprintf(log, "%s\n", ip);
        close(log);
    }
    if (strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0) return real(fd, address, length);
    if (strcmp(ip, PUBLIC) != 0) {
        /* nothing leaves this machine, whatever is broken */
        errno = ENETUNREACH;
        return -1;
    }
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return real(fd, (const struct sockaddr *)&v4, sizeof v4);
}
