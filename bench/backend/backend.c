/*
 * The server behind every arm: one thread, epoll, HTTP/1.1 keep-alive, one fixed answer to every request head.
 * It reads no bodies and no paths. usage: backend PORT BODY-BYTES | backend PORT =TEXT   (port 0: any; it is printed)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FD = 65536, READ_BYTES = 65536, BATCH = 32 };

static char answer[1 << 20];
static size_t answer_bytes;
/* How many octets of "\r\n\r\n" each connection has seen last. */
static unsigned char matched[MAX_FD];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void make_answer(const char *body) {
  int is_text = body[0] == '=';
  size_t length = is_text ? strlen(body + 1) : strtoul(body, NULL, 10);
  if (length > sizeof answer - 256) {
    fprintf(stderr, "the body is too long\n");
    exit(2);
  }
  answer_bytes = (size_t)sprintf(
      answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", length);
  if (is_text)
    memcpy(answer + answer_bytes, body + 1, length);
  else
    memset(answer + answer_bytes, 'x', length);
  answer_bytes += length;
}

/* How many request heads end in these octets. */
static int heads_ended(int fd, const char *octets, ssize_t count) {
  static const char end[] = "\r\n\r\n";
  int heads = 0;
  unsigned char state = matched[fd];
  for (ssize_t i = 0; i < count; i++) {
    if (octets[i] == end[state])
      state++;
    else
      state = octets[i] == '\r';
    if (state == 4) {
      heads++;
      state = 0;
    }
  }
  matched[fd] = state;
  return heads;
}

/* A peer that does not read its answers is cut off: the generators count that as an error. */
static int serve(int fd) {
  static char octets[READ_BYTES];
  ssize_t count = recv(fd, octets, sizeof octets, 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  if (count == 0) return -1;
  for (int heads = heads_ended(fd, octets, count); heads > 0; heads--)
    if (send(fd, answer, answer_bytes, MSG_NOSIGNAL) != (ssize_t)answer_bytes) return -1;
  return 0;
}

static int listen_on(int port) {
  int one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0) fail("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&address, size) < 0) fail("bind");
  if (listen(fd, 4096) < 0) fail("listen");
  if (getsockname(fd, (struct sockaddr *)&address, &size) < 0) fail("getsockname");
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void accept_all(int listener, int epoll) {
  for (;;) {
    int one = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (fd >= MAX_FD) {
      close(fd);
      continue;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    matched[fd] = 0;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) close(fd);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s PORT BODY-BYTES|=TEXT\n", argv[0]);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  make_answer(argv[2]);
  int listener = listen_on(atoi(argv[1]));
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll");
  for (;;) {
    struct epoll_event ready[BATCH];
    int count = epoll_wait(epoll, ready, BATCH, -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; i++) {
      int fd = ready[i].data.fd;
      if (fd == listener)
        accept_all(listener, epoll);
      else if (serve(fd) < 0)
        close(fd);
    }
  }
}
