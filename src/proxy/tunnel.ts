import { NetError } from "#net/net-error.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";

/** What a tunnel carried, told once when both sides are closed. */
export interface TunnelEnd {
  /** From the caller to the destination, and back. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly error: NetError | undefined;
}

/** Joins two transports: bytes, back-pressure and half-closes pass both ways. Both belong to the tunnel from now on. */
export function openTunnel(
  downstream: Transport,
  upstream: Transport,
  onEnd: (end: TunnelEnd) => void,
): void {
  let open = 2;
  let sentBytes = 0;
  let receivedBytes = 0;
  let firstError: NetError | undefined;
  const closed = (error: NetError | undefined, other: Transport): void => {
    firstError ??= error;
    open--;
    // An orderly end has told the other side already; a broken one breaks it too.
    if (error !== undefined && !other.isClosed) other.destroy(error);
    if (open === 0) onEnd({ sentBytes, receivedBytes, error: firstError });
  };
  downstream.attach(
    oneWay(downstream, upstream, closed, (bytes) => {
      sentBytes += bytes;
    }),
  );
  upstream.attach(
    oneWay(upstream, downstream, closed, (bytes) => {
      receivedBytes += bytes;
    }),
  );
}

function oneWay(
  from: Transport,
  to: Transport,
  closed: (error: NetError | undefined, other: Transport) => void,
  count: (bytes: number) => void,
): TransportEvents {
  let hasEnded = false;
  return {
    onData(bytes) {
      count(bytes.length);
      if (to.isClosed) from.destroy();
      else if (!to.write(bytes)) from.pause();
    },
    onEnd() {
      hasEnded = true;
      if (!to.isClosed) to.end();
    },
    onDrain() {
      to.resume();
    },
    onClose(error) {
      const cut = hasEnded || error !== undefined ? error : new NetError("closed");
      closed(cut, to);
    },
  };
}
