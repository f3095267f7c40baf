import type { ListenAddress } from "#net/listener.ts";
import type { Bootstrap } from "./bootstrap.ts";

/** What the parent has opened, by listener name. */
export function inheritedSockets({ sockets }: Bootstrap): ReadonlyMap<string, ListenAddress> {
  return new Map(sockets.map(({ name, fd }) => [name, { fd }]));
}
