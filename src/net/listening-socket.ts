import {
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  lastError,
  libc,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./libc.ts";
import { NetError, type NetErrorCode } from "./net-error.ts";
import { addressText, encodeSocketAddress } from "./socket-address.ts";

/** A socket that listens and that nobody accepts from here: its fd is for a child process, or for `listen({fd})`. */
export interface ListeningSocket {
  /** Closed on exec, so that a child has it only when it is handed over on purpose. */
  readonly fd: number;
  readonly port: number;
  /** Closes our copy only; a child that has the fd goes on listening. Twice is harmless. */
  close(): void;
}

const BACKLOG = 4096;

const CODES: Readonly<Record<string, NetErrorCode>> = {
  EADDRINUSE: "address-in-use",
  EACCES: "address-denied",
  EPERM: "address-denied",
  EADDRNOTAVAIL: "address-unavailable",
  EMFILE: "too-many-files",
  ENFILE: "too-many-files",
};

/**
 * Opens a TCP socket that listens. Port 0 takes a free one; `::` takes IPv4 too. Throws NetError `address-in-use`,
 * `address-denied` (a port below 1024 without the right), `address-unavailable` (the host is no address of this
 * machine), `too-many-files` or `listen-failed`.
 */
export function openListeningSocket(
  address: { readonly host: string; readonly port: number },
  backlog = BACKLOG,
): ListeningSocket {
  return openSocket(address, { backlog, sharing: "none" });
}

/**
 * Several sockets at one address, one for each process that accepts there: the kernel spreads connections over them. No
 * other program can join them unless it belongs to the same user and says so. Throws as `openListeningSocket` does.
 */
export function openListeningSockets(
  address: { readonly host: string; readonly port: number },
  count: number,
  backlog = BACKLOG,
): readonly ListeningSocket[] {
  if (count === 1) return [openListeningSocket(address, backlog)];
  const first = openSocket(address, { backlog, sharing: "begun" });
  const all = [first];
  try {
    while (all.length < count)
      all.push(openSocket({ ...address, port: first.port }, { backlog, sharing: "joined" }));
  } catch (cause) {
    for (const { close } of all) close();
    throw cause;
  }
  return all;
}

/**
 * Holds a port for another program of the same user, which opens it itself with `SO_REUSEPORT`: the socket is bound and
 * never listens, so that no connection comes to it. Throws as `openListeningSocket` does.
 */
export function reservePort(address: {
  readonly host: string;
  readonly port: number;
}): ListeningSocket {
  return openSocket(address, { backlog: undefined, sharing: "joined" });
}

interface SocketUse {
  /** Absent: it is bound only. */
  readonly backlog: number | undefined;
  /**
   * With other sockets at the address. `begun`: with those to come; bound alone, so that a port is not shared with another
   * program by accident.
   */
  readonly sharing: "none" | "begun" | "joined";
}

function openSocket(
  address: { readonly host: string; readonly port: number },
  use: SocketUse,
): ListeningSocket {
  const at = addressText(address.host, address.port);
  const name = encodeSocketAddress(address.host, address.port);
  if (!name) throw new NetError("address-unavailable", `${at} is no IP address and port`);
  const fd = libc().socket(
    new DataView(name.buffer).getUint16(0, true),
    SOCK_STREAM | SOCK_CLOEXEC,
    0,
  );
  if (fd < 0) throw failure(at);
  try {
    const port = startListening(fd, name, { ...use, at });
    let isOpen = true;
    const close = () => {
      if (isOpen) libc().close(fd);
      isOpen = false;
    };
    return { fd, port, close };
  } catch (cause) {
    libc().close(fd);
    throw cause;
  }
}

const F_DUPFD_CLOEXEC = 1030;

/** A second descriptor of the same socket, closed on exec. Throws NetError `too-many-files` or `listen-failed`. */
export function duplicateDescriptor(fd: number): number {
  const copy = libc().fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw failure(`fd ${fd}`);
  return copy;
}

function startListening(
  fd: number,
  name: Uint8Array,
  { backlog, sharing, at }: SocketUse & { readonly at: string },
): number {
  const { setsockopt, bind, listen, getsockname } = libc();
  const check = (result: number) => {
    if (result < 0) throw failure(at);
  };
  check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, Int32Array.of(1), 4));
  if (name.length > 16) check(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, Int32Array.of(0), 4));
  const share = () => check(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, Int32Array.of(1), 4));
  if (sharing === "joined") share();
  check(bind(fd, name, name.length));
  if (sharing === "begun") share();
  if (backlog !== undefined) check(listen(fd, backlog));
  const bound = new Uint8Array(name.length);
  check(getsockname(fd, bound, Uint32Array.of(bound.length)));
  return new DataView(bound.buffer).getUint16(2);
}

function failure(at: string): NetError {
  const { name, message } = lastError();
  return new NetError(CODES[name] ?? "listen-failed", `${at} (${name}: ${message})`);
}
