import { toArrayBuffer } from "bun:ffi";
import { lastError, libc } from "./libc.ts";

/** Memory without a name in the file system, for this process and the children that inherit its descriptor. */
export interface SharedMemory {
  /** Closed on exec, so that a child has it only when it is handed over on purpose. */
  readonly fd: number;
  /** Closes our descriptor; who has mapped the memory keeps it. Twice is harmless. */
  close(): void;
}

/** Of every system that we run on, or a multiple of theirs. */
export const PAGE_BYTES = 65_536;

const MFD_CLOEXEC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 2 ** 64;

/** All zero; a page costs memory from its first use on. Throws an Error when there is none. */
export function createSharedMemory(name: string, sizeBytes: number): SharedMemory {
  const { memfd_create, ftruncate, close } = libc();
  const fd = memfd_create(Buffer.from(`${name}\0`), MFD_CLOEXEC);
  if (fd < 0) throw failure(`shared memory for ${name}`);
  if (ftruncate(fd, sizeBytes) < 0) {
    const error = failure(`${sizeBytes} bytes of shared memory for ${name}`);
    close(fd);
    throw error;
  }
  let isOpen = true;
  return {
    fd,
    close: () => {
      if (isOpen) close(fd);
      isOpen = false;
    },
  };
}

/**
 * The memory behind a descriptor, for as long as this process lives. `Atomics` on it are atomic among all processes that
 * have it (a test shows that). `offsetBytes`: a multiple of `PAGE_BYTES`. The collector takes what is mapped for memory of
 * ours and lets the heap grow with it: map what is needed, when it is needed. Throws an Error.
 */
export function mapSharedMemory(
  fd: number,
  sizeBytes: number,
  offsetBytes = 0,
): Int32Array<ArrayBuffer> {
  const address = libc().mmap(0, sizeBytes, PROT_READ_WRITE, MAP_SHARED, fd, offsetBytes);
  if (address === null || Number(address) >= MAP_FAILED)
    throw failure(`shared memory of descriptor ${fd}`);
  return new Int32Array(toArrayBuffer(address, 0, sizeBytes));
}

function failure(what: string): Error {
  const { name, message } = lastError();
  return new Error(`${what} cannot be had (${name}: ${message})`);
}
