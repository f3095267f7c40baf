// The application behind the proxy under attack, on plain sockets so that it costs next to nothing: small and large answers,
// bodies that are dropped, and a page that says what came through.
// usage: attacked-application.ts PORT → one line of JSON when it listens
import type { Socket } from "bun";
import { libc } from "#net/libc.ts";

const [port = 0] = process.argv.slice(2).map(Number);
const END_BYTES = 2_048;
const LARGE_BYTES = 64 * 1024 * 1024;
const piece = Buffer.alloc(64 * 1024);
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
/**
 * What is not read waits in the kernel, by itself up to 4 MB a connection: some hundred large answers bring the whole machine's
 * TCP under memory pressure, and connections that have nothing to do with the proxy under attack stand still.
 */
const SEND_BUFFER_BYTES = 64 * 1024;
const seen: Record<string, number> = {};

class Connection {
  readonly #socket: Socket<Connection>;
  #text = "";
  /** Of a body that is dropped; infinite for one whose length is not known, which is never answered. */
  #bodyBytes = 0;
  #isAnswerDue = false;
  #largeLeft = 0;

  constructor(socket: Socket<Connection>) {
    this.#socket = socket;
  }

  take(bytes: Buffer): void {
    let from = 0;
    if (this.#bodyBytes > 0) {
      from = Math.min(this.#bodyBytes, bytes.length);
      this.#bodyBytes -= from;
    }
    if (this.#bodyBytes > 0) return;
    this.#text += bytes.toString("latin1", from);
    this.#goOn();
  }

  #goOn(): void {
    while (this.#bodyBytes === 0 && this.#largeLeft === 0) {
      if (this.#isAnswerDue) this.#answer("ok\n");
      const end = this.#text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 4);
      this.#begin(head);
    }
  }

  #begin(head: string): void {
    const path = /^[^ ]* ([^ ]*)/.exec(head)?.[1] ?? "";
    // What is large in a head stands in its middle, and is not worth a look.
    const ends =
      head.length < 2 * END_BYTES ? head : head.slice(0, END_BYTES) + head.slice(-END_BYTES);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(ends)?.[1] ?? 0);
    const isChunked = /\r\ntransfer-encoding:/i.test(ends);
    if (path === "/seen") {
      this.#answer(JSON.stringify(seen));
      return;
    }
    seen[path] = (seen[path] ?? 0) + 1;
    if (path === "/big") {
      this.#socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE_BYTES}\r\n\r\n`);
      this.#largeLeft = LARGE_BYTES;
      this.pour();
      return;
    }
    this.#isAnswerDue = true;
    const here = Math.min(length, this.#text.length);
    this.#text = this.#text.slice(here);
    this.#bodyBytes = isChunked ? Number.POSITIVE_INFINITY : length - here;
    if (isChunked) this.#text = "";
  }

  #answer(body: string): void {
    this.#isAnswerDue = false;
    this.#socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }

  /** As much of the large answer as is taken. */
  pour(): void {
    while (this.#largeLeft > 0) {
      const wanted = Math.min(piece.length, this.#largeLeft);
      const taken = Math.max(0, this.#socket.write(piece, 0, wanted));
      this.#largeLeft -= taken;
      if (taken < wanted) return;
    }
    this.#goOn();
  }
}

Bun.listen<Connection>({
  hostname: "127.0.0.1",
  port,
  socket: {
    open: (socket) => {
      const { fd } = socket as unknown as { readonly fd: number }; // not in the types
      libc().setsockopt(fd, SOL_SOCKET, SO_SNDBUF, Int32Array.of(SEND_BUFFER_BYTES), 4);
      socket.data = new Connection(socket);
    },
    data: (socket, bytes) => socket.data.take(bytes),
    drain: (socket) => socket.data.pour(),
    error: () => undefined,
  },
});
process.stdout.write(`${JSON.stringify({ port })}\n`);
