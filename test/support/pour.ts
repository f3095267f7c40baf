import type { Socket } from "node:net";
import { eventually } from "./eventually.ts";

const PIECE = Buffer.alloc(64 * 1024, "x");

/** Writes for as long as somebody takes it, up to so many octets, and counts. */
export function pour(
  socket: Socket,
  poured: { bytes: number },
  maxBytes = Number.POSITIVE_INFINITY,
): void {
  while (!socket.destroyed && poured.bytes < maxBytes) {
    poured.bytes += PIECE.length;
    if (!socket.write(PIECE)) {
      socket.once("drain", () => pour(socket, poured, maxBytes));
      return;
    }
  }
}

/** Resolves when nothing is taken any more. */
export async function stuck(poured: { readonly bytes: number }): Promise<void> {
  let before = -1;
  let looks = 0;
  await eventually(
    () => {
      looks = poured.bytes > 0 && poured.bytes === before ? looks + 1 : 0;
      before = poured.bytes;
      return looks >= 10;
    },
    { deadlineMs: 15_000 },
  );
}
