// Beside the page of a file that is asked for, the kernel maps those around it, 64 KB in all: good for reading, but of the
// pages that a proxy has mapped in that way it uses a quarter. Memory that is watched for writes by userfaultfd(2) is left
// out of this, and code is never written to: no event ever comes, and nothing else changes.
import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

/** Addresses, the end excluded. */
export interface Mapping {
  readonly start: number;
  readonly end: number;
}

const SYS_USERFAULTFD: Readonly<Record<string, number>> = { x64: 323, arm64: 282 };
const UFFD_USER_MODE_ONLY = 1;
const O_CLOEXEC = 0o2000000;
const UFFD_API = 0xaan;
/** Of Linux 6.7: watches mappings of any kind, and asks nobody before a write. */
const UFFD_FEATURE_WP_ASYNC = 1n << 15n;
const UFFDIO_API = 0xc018aa3f;
const UFFDIO_REGISTER = 0xc020aa00;
const UFFDIO_REGISTER_MODE_WP = 2n;

/** Stays open: what it watches is watched as long as it is. Undefined: not asked for yet; negative: not to be had. */
let watcher: number | undefined;

/**
 * From now on only the very page that is used is mapped. False where the kernel cannot (before Linux 6.7) or must not (some
 * containers); then all is as it was.
 */
export function mapSinglePages(mappings: readonly Mapping[]): boolean {
  watcher ??= openWatcher();
  if (watcher < 0) return false;
  let isDone = true;
  for (const { start, end } of mappings) {
    const request = new BigUint64Array([
      BigInt(start),
      BigInt(end - start),
      UFFDIO_REGISTER_MODE_WP,
      0n,
    ]);
    if (libc().ioctl(watcher, UFFDIO_REGISTER, ptr(request)) !== 0) isDone = false;
  }
  return isDone;
}

function openWatcher(): number {
  const call = SYS_USERFAULTFD[process.arch];
  if (process.platform !== "linux" || call === undefined) return -1;
  const fd = Number(libc().syscall(call, O_CLOEXEC | UFFD_USER_MODE_ONLY, 0, 0));
  if (fd < 0) return -1;
  const request = new BigUint64Array([UFFD_API, UFFD_FEATURE_WP_ASYNC, 0n]);
  if (libc().ioctl(fd, UFFDIO_API, ptr(request)) === 0) return fd;
  libc().close(fd);
  return -1;
}
