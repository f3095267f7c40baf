import type { MetricFamily } from "#xds/metrics/metric-family.ts";

/** What a proxy saw to be spoken at one destination of which nobody said it. */
export interface SeenProtocols {
  /** `host:port`, or an inbound listener. */
  readonly destination: string;
  /** `http1`, `http2`, `tls`, `tcp`, `server-first`, in the order in which they were seen. */
  readonly protocols: readonly string[];
}

const FAMILY = "weft_protocol_seen";
const labelMax = 253;

/** The newest word of each connected proxy. */
export class SeenProtocolsByProxy {
  readonly #seen = new Map<string, readonly SeenProtocols[]>();

  record(proxy: string, families: readonly MetricFamily[]): void {
    const family = families.find(({ name }) => name === FAMILY);
    if (family === undefined) return;
    const seen = new Map<string, string[]>();
    for (const { labels } of family.metrics.slice(0, rowsMax)) {
      const { destination = "", protocol = "" } = labels;
      const key = destination.slice(0, labelMax);
      const protocols = seen.get(key) ?? [];
      seen.set(key, [...protocols, protocol.slice(0, labelMax)]);
    }
    this.#seen.set(
      proxy,
      Array.from(seen, ([destination, protocols]) => ({ destination, protocols })),
    );
  }

  of(proxy: string): readonly SeenProtocols[] {
    return this.#seen.get(proxy) ?? [];
  }

  forget(proxy: string): void {
    this.#seen.delete(proxy);
  }
}

/** Several protocols at some hundred destinations. */
const rowsMax = 500;
