/*
 * The server behind every arm: one thread, epoll, HTTP/1.1 keep-alive. It looks at the path's first letters only, and reads
 * no bodies. usage: backend PORT BODY-BYTES | backend PORT =TEXT   (port 0: any; it is printed)
 *
 *   /64k      64 KB with a length
 *   /stream   64 KB in 16 chunks, each sent by itself, the other connections served between
 *   all else  what the command line says
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

enum { MAX_FD = 65536, READ_BYTES = 65536, BATCH = 32, LARGE = 65536, CHUNK = 4096, PENDING_MAX = 255 };
enum { PATH_AT = 4, PATH_BYTES = 3 };

/* What is sent, in pieces: a piece is sent by itself, before any other connection's turn. */
struct answer {
  char octets[1 << 18];
  size_t length;
  size_t piece;
};

static struct answer usual, large, streamed;

struct connection {
  const struct answer *now;
  size_t sent;
  /* The head that is being read: its first octets, and how many of "\r\n\r\n" were seen last. */
  char start[PATH_AT + PATH_BYTES];
  unsigned char started, matched;
  /* Answers that wait for the one of now; all of them are the same kind. */
  unsigned char pending;
  unsigned char wants_write;
};

static struct connection connections[MAX_FD];
static int epoll_fd;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void add(struct answer *to, const void *octets, size_t length) {
  if (to->length + length > sizeof to->octets) {
    fprintf(stderr, "the body is too long\n");
    exit(2);
  }
  memcpy(to->octets + to->length, octets, length);
  to->length += length;
}

static void add_body(struct answer *to, const char *body, size_t length) {
  char head[128];
  int bytes = sprintf(
      head, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", length);
  add(to, head, (size_t)bytes);
  add(to, body, length);
  to->piece = to->length;
}

static void make_answers(const char *body) {
  static const char head[] =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
  static char filler[1 << 18];
  memset(filler, 'x', sizeof filler);
  if (body[0] == '=') {
    add_body(&usual, body + 1, strlen(body + 1));
  } else {
    size_t length = strtoul(body, NULL, 10);
    add_body(&usual, filler, length < sizeof filler ? length : sizeof filler);
  }
  add_body(&large, filler, LARGE);
  add(&streamed, head, sizeof head - 1);
  for (int i = 0; i < LARGE / CHUNK; i++) {
    char size[16];
    add(&streamed, size, (size_t)sprintf(size, "%x\r\n", CHUNK));
    add(&streamed, filler, CHUNK);
    add(&streamed, "\r\n", 2);
  }
  add(&streamed, "0\r\n\r\n", 5);
  streamed.piece = CHUNK + 8;
}

static const struct answer *answer_to(const struct connection *connection) {
  if (connection->started < sizeof connection->start) return &usual;
  if (memcmp(connection->start + PATH_AT, "/64", PATH_BYTES) == 0) return &large;
  if (memcmp(connection->start + PATH_AT, "/st", PATH_BYTES) == 0) return &streamed;
  return &usual;
}

/* One piece, or as much of it as the socket takes. 1 when that ends the answer. */
static int write_piece(struct connection *connection, int fd) {
  const struct answer *answer = connection->now;
  size_t left = answer->length - connection->sent;
  size_t piece = left < answer->piece ? left : answer->piece;
  ssize_t count = send(fd, answer->octets + connection->sent, piece, MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  connection->sent += (size_t)count;
  if (connection->sent < answer->length) return 0;
  connection->sent = 0;
  if (connection->pending > 0)
    connection->pending--;
  else
    connection->now = NULL;
  return 1;
}

/* What one piece does not finish goes on when the socket can take more: after the others' turn. */
static int write_some(struct connection *connection, int fd) {
  int written = 1;
  while (connection->now != NULL && written == 1) written = write_piece(connection, fd);
  if (written < 0) return -1;
  unsigned char wants = connection->now != NULL;
  if (wants == connection->wants_write) return 0;
  connection->wants_write = wants;
  struct epoll_event event = {.events = wants ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.fd = fd};
  return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

static int begin_answer(struct connection *connection) {
  const struct answer *answer = answer_to(connection);
  connection->started = 0;
  if (connection->now == NULL) {
    connection->now = answer;
    return 0;
  }
  if (connection->now != answer || connection->pending == PENDING_MAX) return -1;
  connection->pending++;
  return 0;
}

static int take(struct connection *connection, const char *octets, ssize_t count) {
  static const char end[] = "\r\n\r\n";
  for (ssize_t i = 0; i < count; i++) {
    if (connection->started < sizeof connection->start)
      connection->start[connection->started++] = octets[i];
    if (octets[i] == end[connection->matched])
      connection->matched++;
    else
      connection->matched = octets[i] == '\r';
    if (connection->matched < 4) continue;
    connection->matched = 0;
    if (begin_answer(connection) < 0) return -1;
  }
  return 0;
}

static int serve(int fd, unsigned events) {
  static char octets[READ_BYTES];
  struct connection *connection = &connections[fd];
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
    ssize_t count = recv(fd, octets, sizeof octets, 0);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return -1;
    if (count == 0) return -1;
    if (count > 0 && take(connection, octets, count) < 0) return -1;
  }
  return write_some(connection, fd);
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

static void accept_all(int listener) {
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
    memset(&connections[fd], 0, sizeof connections[fd]);
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) close(fd);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s PORT BODY-BYTES|=TEXT\n", argv[0]);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  make_answers(argv[2]);
  int listener = listen_on(atoi(argv[1]));
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll");
  for (;;) {
    struct epoll_event ready[BATCH];
    int count = epoll_wait(epoll_fd, ready, BATCH, -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; i++) {
      int fd = ready[i].data.fd;
      if (fd == listener)
        accept_all(listener);
      else if (serve(fd, ready[i].events) < 0)
        close(fd);
    }
  }
}
