// Plain system calls on non-blocking sockets, so that the open-loop generator can poll them without an event loop between.
import { dlopen, FFIType } from "bun:ffi";

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  connect: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  setsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i32,
  },
  send: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64_fast },
  recv: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64_fast },
  poll: { args: [FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
  close: { args: [FFIType.i32], returns: FFIType.i32 },
});

const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const POLLIN = 1;
const POLLFD_BYTES = 8;

/** A fixed number of connections to one loopback port, known by their index. */
export class LoopbackSockets {
  readonly #fds: readonly number[];
  /** `struct pollfd[]`: fd (32 bits), events and revents (16 bits each). */
  readonly #polled: Buffer;

  /** Throws when a connection is refused. */
  constructor(port: number, count: number) {
    this.#fds = Array.from({ length: count }, () => connectTo(port));
    this.#polled = Buffer.alloc(count * POLLFD_BYTES);
    for (const [index, fd] of this.#fds.entries()) {
      this.#polled.writeInt32LE(fd, index * POLLFD_BYTES);
      this.#polled.writeInt16LE(POLLIN, index * POLLFD_BYTES + 4);
    }
  }

  /** How many connections have something to read, or have ended; returns at once. */
  poll(): number {
    return libc.poll(this.#polled, this.#fds.length, 0);
  }

  /** As the last poll saw it. */
  isReadable(index: number): boolean {
    return this.#polled.readInt16LE(index * POLLFD_BYTES + 6) !== 0;
  }

  /** Throws when not all of it is taken: requests are far smaller than a socket's buffer. */
  send(index: number, octets: Buffer): void {
    const sent = Number(libc.send(this.#fd(index), octets, octets.length, MSG_NOSIGNAL));
    if (sent !== octets.length) throw new Error(`connection ${index} took ${sent} octets`);
  }

  /** Octets read; throws when the server closed or reset the connection. */
  receive(index: number, into: Buffer): number {
    const count = Number(libc.recv(this.#fd(index), into, into.length, MSG_DONTWAIT));
    if (count <= 0) throw new Error(`the server ended connection ${index} (${count})`);
    return count;
  }

  close(): void {
    for (const fd of this.#fds) libc.close(fd);
  }

  #fd(index: number): number {
    const fd = this.#fds[index];
    if (fd === undefined) throw new Error(`no connection ${index}`);
    return fd;
  }
}

function connectTo(port: number): number {
  const fd = libc.socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) throw new Error("no socket is left");
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  if (libc.connect(fd, address, address.length) !== 0)
    throw new Error(`nobody accepts on 127.0.0.1:${port}`);
  const one = Buffer.alloc(4);
  one.writeInt32LE(1);
  libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, one.length);
  return fd;
}
