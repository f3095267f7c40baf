import { dlopen, FFIType, read } from "bun:ffi";
import { getSystemErrorMap } from "node:util";

// System calls that the runtime has no function for. Linux only: the constants and structures here are Linux's.

const { i32, u32, i64, u64, ptr } = FFIType;

const SYMBOLS = {
  socket: { args: [i32, i32, i32], returns: i32 },
  setsockopt: { args: [i32, i32, i32, ptr, u32], returns: i32 },
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 },
  bind: { args: [i32, ptr, u32], returns: i32 },
  listen: { args: [i32, i32], returns: i32 },
  getsockname: { args: [i32, ptr, ptr], returns: i32 },
  close: { args: [i32], returns: i32 },
  fcntl: { args: [i32, i32, i32], returns: i32 },
  ioctl: { args: [i32, u64, ptr], returns: i32 },
  send: { args: [i32, ptr, u32, i32], returns: i64 },
  recv: { args: [i32, ptr, u32, i32], returns: i64 },
  poll: { args: [ptr, u64, i32], returns: i32 },
  madvise: { args: [u64, u64, i32], returns: i32 },
  memfd_create: { args: [ptr, u32], returns: i32 },
  ftruncate: { args: [i32, i64], returns: i32 },
  syscall: { args: [i64, i64, i64, i64], returns: i64 },
  mmap: { args: [u64, u64, i32, i32, i32, i64], returns: ptr },
  getrlimit: { args: [i32, ptr], returns: i32 },
  setrlimit: { args: [i32, ptr], returns: i32 },
  __errno_location: { args: [], returns: ptr },
} as const;

const LIBRARIES = [
  "libc.so.6",
  `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`,
];

type Libc = ReturnType<typeof dlopen<typeof SYMBOLS>>["symbols"];
let opened: Libc | undefined;

/** The C library (glibc, or musl where that is the system's). Throws an Error on systems other than Linux. */
export function libc(): Libc {
  opened ??= openLibc();
  return opened;
}

function openLibc(): Libc {
  if (process.platform !== "linux")
    throw new Error(`socket system calls are written for Linux, not for ${process.platform}`);
  const failures: unknown[] = [];
  for (const library of LIBRARIES) {
    try {
      return dlopen(library, SYMBOLS).symbols;
    } catch (cause) {
      failures.push(cause);
    }
  }
  throw new AggregateError(failures, `no C library under the names ${LIBRARIES.join(", ")}`);
}

/** Name (`EADDRINUSE`) and meaning of the error of the call just before. Nothing may be called in between. */
export function lastError(): { readonly name: string; readonly message: string } {
  const location = libc().__errno_location();
  const errno = location === null ? 0 : read.i32(location);
  const [name, message] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown error"];
  return { name, message };
}

export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_REUSEPORT = 15;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
