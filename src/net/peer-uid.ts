import { readFileSync } from "node:fs";
import { AF_INET, AF_INET6, AF_NETLINK, libc, SOCK_CLOEXEC, SOCK_RAW } from "./libc.ts";
import { addressOctets } from "./socket-address.ts";
import type { SocketAddress } from "./transport.ts";

// Whose process the other end of a connection inside this machine is. The kernel is asked about the peer's socket: our
// own says nothing. First through netlink (sock_diag(7)), one question and one answer; where that is not to be had,
// through the table in /proc/net.

/** The two ends of a connection as this process sees them. */
export interface ConnectionEnds {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
}

/**
 * The user ID of the process at the other end; undefined when the kernel does not know one: the peer is on another
 * machine, has closed its socket already, or the system is not Linux. Undefined is never to be taken for "allowed".
 */
export function peerUid({ remote, local }: ConnectionEnds): number | undefined {
  if (process.platform !== "linux") return undefined;
  const ends = { from: octetsOf(remote), to: octetsOf(local), remote, local };
  if (!ends.from || !ends.to || ends.from.length !== ends.to.length) return undefined;
  const peer = { from: ends.from, to: ends.to, fromPort: remote.port, toPort: local.port };
  // Some runtimes (the JVM, gRPC's in C) make IPv6 sockets only, whose IPv4 addresses the kernel writes as such.
  const forms = peer.from.length === 4 ? [peer, mapped(peer)] : [peer];
  const answers = forms.map(uidByNetlink);
  const uid = answers.find((answer) => typeof answer === "number");
  // The table has every connection of this machine: whoever connects and leaves at once must not have it read.
  if (uid !== undefined || answers.includes("nobody")) return uid;
  return forms.map(uidByTable).find((each) => each !== undefined);
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** The same ends as an IPv6 socket has them. */
const mapped = ({ from, to, ...ports }: PeerSocket): PeerSocket => ({
  from: Uint8Array.from([...MAPPED, ...from]),
  to: Uint8Array.from([...MAPPED, ...to]),
  ...ports,
});

interface PeerSocket {
  /** Where the peer's socket is bound, and what it is connected to. */
  readonly from: Uint8Array;
  readonly fromPort: number;
  readonly to: Uint8Array;
  readonly toPort: number;
}

/** An IPv4 address stays one in an IPv6 socket (`::ffff:127.0.0.1`). */
function octetsOf({ host }: SocketAddress): Uint8Array | undefined {
  const octets = addressOctets(host);
  const isMapped =
    octets?.length === 16 &&
    octets.subarray(0, 10).every((octet) => octet === 0) &&
    octets[10] === 0xff &&
    octets[11] === 0xff;
  return isMapped ? octets.subarray(12) : octets;
}

const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const MSG_DONTWAIT = 0x40;
const IPPROTO_TCP = 6;
/** Neither listening, nor half-made, nor a remnant (TIME_WAIT): those have no process, and 0 as their user. */
const WITHOUT_OWNER: ReadonlySet<number> = new Set([3, 6, 10, 12]);

const REQUEST_BYTES = 72;
const ANSWER = { type: 4, sequence: 8, state: 17, id: 20, uid: 80, inode: 84, size: 88 } as const;
/** Ports and both addresses, without interface and cookie. */
const ID_BYTES = 36;

let netlinkFd: number | undefined;
let sequence = 0;
/** A kernel that lacks sock_diag answers as one that knows no such connection. */
let hasAnswered = false;

/**
 * `nobody`: no process has that socket. Undefined: there is nobody to ask.
 *
 * @internal For tests; use `peerUid`.
 */
export function uidByNetlink(peer: PeerSocket): number | "nobody" | undefined {
  netlinkFd ??= libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlinkFd < 0) return undefined;
  const request = encodeRequest(peer, ++sequence);
  if (Number(libc().send(netlinkFd, request, request.length, 0)) !== request.length)
    return undefined;
  const answer = new Uint8Array(512);
  const view = new DataView(answer.buffer);
  for (;;) {
    const size = Number(libc().recv(netlinkFd, answer, answer.length, MSG_DONTWAIT));
    if (size <= 0) return undefined;
    if (view.getUint32(ANSWER.sequence, true) !== sequence >>> 0) continue; // left over
    if (size < ANSWER.size || view.getUint16(ANSWER.type, true) !== SOCK_DIAG_BY_FAMILY)
      return hasAnswered ? "nobody" : undefined;
    hasAnswered = true;
    return uidOf(answer, view, request);
  }
}

/** The kernel looks for a listener too when there is no such connection, so the answer's addresses are compared. */
function uidOf(answer: Uint8Array, view: DataView, request: Uint8Array): number | "nobody" {
  const found = answer.subarray(ANSWER.id, ANSWER.id + ID_BYTES);
  const wanted = request.subarray(24, 24 + ID_BYTES);
  const isSame = found.every((octet, i) => octet === wanted[i]);
  const hasOwner =
    !WITHOUT_OWNER.has(view.getUint8(ANSWER.state)) && view.getUint32(ANSWER.inode, true) !== 0;
  return isSame && hasOwner ? view.getUint32(ANSWER.uid, true) : "nobody";
}

/** `struct nlmsghdr`, then `struct inet_diag_req_v2`; numbers in the machine's order, ports in the network's. */
function encodeRequest(peer: PeerSocket, number: number): Uint8Array {
  const bytes = new Uint8Array(REQUEST_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REQUEST_BYTES, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setUint32(8, number, true);
  view.setUint8(16, peer.from.length === 4 ? AF_INET : AF_INET6);
  view.setUint8(17, IPPROTO_TCP);
  view.setUint32(20, 0xffffffff, true); // any state
  view.setUint16(24, peer.fromPort);
  view.setUint16(26, peer.toPort);
  bytes.set(peer.from, 28);
  bytes.set(peer.to, 44);
  view.setUint32(64, 0xffffffff, true); // no cookie
  view.setUint32(68, 0xffffffff, true);
  return bytes;
}

/** @internal For tests; use `peerUid`. */
export function uidByTable(peer: PeerSocket): number | undefined {
  const from = `${tableText(peer.from)}:${portText(peer.fromPort)}`;
  const to = `${tableText(peer.to)}:${portText(peer.toPort)}`;
  for (const line of tableLines(peer.from.length === 4 ? "tcp" : "tcp6")) {
    const [, local, remote, state = "", , , , uid = "", , inode] = line.trim().split(/\s+/);
    if (local !== from || remote !== to) continue;
    const hasOwner = !WITHOUT_OWNER.has(Number.parseInt(state, 16)) && inode !== "0";
    return hasOwner ? Number(uid) : undefined;
  }
  return undefined;
}

function tableLines(name: string): readonly string[] {
  try {
    return readFileSync(`/proc/net/${name}`, "latin1").split("\n");
  } catch {
    return []; // no such table: the kernel does not know
  }
}

/** Words of 32 bits in the machine's order, in hexadecimal. */
function tableText(octets: Uint8Array): string {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  let text = "";
  for (let at = 0; at < octets.length; at += 4) text += hex(view.getUint32(at, true), 8);
  return text;
}

const portText = (port: number): string => hex(port, 4);
const hex = (value: number, digits: number): string =>
  value.toString(16).toUpperCase().padStart(digits, "0");
