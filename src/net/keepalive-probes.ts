import type { Socket } from "node:net";
import { descriptorOf } from "./file-limit.ts";
import { lastError, libc } from "./libc.ts";
import { NetError } from "./net-error.ts";

const IPPROTO_TCP = 6;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;

/** Probes of the kernel on a connection without traffic. What is absent is as Linux has it: 9 probes, 7200 s, 75 s. */
export interface KeepaliveProbes {
  readonly probes?: number;
  /** Silence before the first, in seconds. */
  readonly timeS?: number;
  /** Between two, in seconds. */
  readonly intervalS?: number;
}

/** For a connected TCP socket. Throws NetError `socket-failed`. Elsewhere than on Linux only the time can be set. */
export function setKeepaliveProbes(
  socket: Socket,
  { probes = 9, timeS = 7_200, intervalS = 75 }: KeepaliveProbes,
): void {
  if (process.platform !== "linux") {
    socket.setKeepAlive(true, timeS * 1000);
    return;
  }
  const descriptor = descriptorOf(socket);
  setOption(descriptor, TCP_KEEPIDLE, timeS);
  setOption(descriptor, TCP_KEEPINTVL, intervalS);
  setOption(descriptor, TCP_KEEPCNT, probes);
}

function setOption(descriptor: number, option: number, value: number): void {
  const bytes = Int32Array.of(value);
  if (libc().setsockopt(descriptor, IPPROTO_TCP, option, bytes, bytes.byteLength) === 0) return;
  const { name, message } = lastError();
  throw new NetError("socket-failed", `cannot set keep-alive probes (${name}: ${message})`);
}
