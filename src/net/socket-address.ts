import { isIP } from "node:net";
import { AF_INET, AF_INET6 } from "./libc.ts";

const IN_SIZE = 16;
const IN6_SIZE = 28;

/** The 4 or 16 octets of an IP address; undefined when it is none. IPv6 zones are not part of the octets. */
export function addressOctets(host: string): Uint8Array | undefined {
  const [address = ""] = host.split("%");
  switch (isIP(address)) {
    case 4:
      return Uint8Array.from(address.split("."), Number);
    case 6:
      return octetsOfIpv6(address);
    default:
      return undefined;
  }
}

function octetsOfIpv6(address: string): Uint8Array {
  const [head = "", tail] = address.split("::");
  const front = groupsOf(head);
  const back = groupsOf(tail ?? "");
  const octets = new Uint8Array(16);
  octets.set(front, 0);
  octets.set(back, 16 - back.length);
  return octets;
}

function groupsOf(part: string): number[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** A `sockaddr_in` or `sockaddr_in6`; undefined when the host is no IP address. */
export function encodeSocketAddress(host: string, port: number): Uint8Array | undefined {
  const octets = addressOctets(host);
  if (!octets) return undefined;
  const isIpv6 = octets.length === 16;
  const bytes = new Uint8Array(isIpv6 ? IN6_SIZE : IN_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isIpv6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  bytes.set(octets, isIpv6 ? 8 : 4);
  return bytes;
}

/** `10.0.0.1:80`, `[::1]:80`: how addresses stand in messages. */
export const addressText = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
