import type { Buffer } from "node:buffer";
import { HeldBytes } from "#http/held-bytes.ts";
import { ResumedTransport } from "#http/resumed-transport.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";
import { classify } from "./classify.ts";
import type { Detection } from "./detect-protocol.ts";

/**
 * Where nothing but requests may come, only the version of HTTP is asked: HTTP/2 by its preface, anything else is for the
 * reader of HTTP/1, who says in words what is wrong with it. `onGone` is called once, when the looking is over.
 */
export function detectVersion(
  transport: Transport,
  onVersion: (transport: Transport, version: "http1" | "http2") => void,
  onGone: () => void,
): Detection {
  const held = new HeldBytes();
  let isOver = false;
  const finish = (): boolean => {
    if (isOver) return false;
    isOver = true;
    onGone();
    return true;
  };
  const found = (version: "http1" | "http2"): void => {
    if (!finish()) return;
    transport.pause();
    onVersion(new ResumedTransport(transport, held.take()), version);
  };
  const events: TransportEvents = {
    onData(bytes: Buffer) {
      if (isOver) return;
      held.append(bytes);
      const first = held.peek();
      if (first === undefined || first.length === 0) return;
      if (!mayBePreface(first)) found("http1");
      else if (classify(first) !== "undecided")
        found(classify(first) === "http2" ? "http2" : "http1");
    },
    onEnd() {
      if (held.length > 0)
        found("http1"); // which says that the head is cut
      else if (finish()) transport.destroy();
    },
    onDrain: () => undefined,
    onClose: () => void finish(),
  };
  transport.attach(events);
  return {
    destroy() {
      if (finish()) transport.destroy();
    },
  };
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

function mayBePreface(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, PREFACE.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== PREFACE.charCodeAt(i)) return false;
  return true;
}
