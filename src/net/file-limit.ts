import type { Server, Socket } from "node:net";
import { lastError, libc } from "./libc.ts";
import { NetError } from "./net-error.ts";

const RLIMIT_NOFILE = 7;

export interface FileLimit {
  /** File descriptors that this process may have open. */
  readonly soft: number;
  readonly hard: number;
}

let known: FileLimit | undefined;

/** Throws NetError `socket-failed`. */
export function readFileLimit(): FileLimit {
  const bytes = new BigUint64Array(2);
  if (libc().getrlimit(RLIMIT_NOFILE, bytes) < 0) throw failure("read");
  const [soft = 0n, hard = 0n] = bytes;
  known = { soft: Number(soft), hard: Number(hard) };
  return known;
}

/** Raises the soft limit to the hard one, or to `wanted` where that is less. Returns what holds then. */
export function raiseFileLimit(wanted = 1_048_576): FileLimit {
  const { soft, hard } = readFileLimit();
  const target = Math.min(hard, wanted);
  if (target <= soft) return { soft, hard };
  if (libc().setrlimit(RLIMIT_NOFILE, BigUint64Array.of(BigInt(target), BigInt(hard))) < 0)
    throw failure("raise");
  return readFileLimit();
}

/**
 * File descriptors that are left to sockets: the last ones are kept for files and for answering, and because a process
 * that has none left would be woken without end for connections that it cannot accept.
 */
export function socketDescriptorsMax(): number {
  if (process.platform !== "linux") return Number.POSITIVE_INFINITY; // no way to ask
  const { soft } = known ?? readFileLimit();
  return soft - Math.min(64, soft >> 3);
}

/** The number of the socket's file descriptor, which the runtime keeps to itself; the lowest one that was free. */
export function descriptorOf(socket: Socket | Server): number {
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : 0;
  return typeof fd === "number" ? fd : 0;
}

function failure(what: string): NetError {
  const { name, message } = lastError();
  return new NetError(
    "socket-failed",
    `cannot ${what} the limit of open files (${name}: ${message})`,
  );
}
