import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import {
  cluster,
  endpoints,
  snapshotOf,
  virtualHost,
  withChanges,
} from "../../../test/support/config-samples.ts";
import { TestConfigSource } from "../../../test/support/control-plane-stand-in.ts";
import { DeltaDiscoveryRequest } from "../messages/generated/envoy/service/discovery/v3/discovery.ts";
import { typeUrlOf } from "../messages/type-url.ts";
import { systemTimers } from "../stream/timers.ts";
import { XdsError } from "../xds-error.ts";
import { type AdsCall, AdsStream } from "./ads-stream.ts";

const whole = snapshotOf(cluster("a"), endpoints("a"), virtualHost("r/a", "a"));

/** A stream whose transport is two lists. */
function open(protocol: AdsCall["protocol"], source = new TestConfigSource()) {
  source.set(whole);
  const sent: Uint8Array[] = [];
  const failures: XdsError[] = [];
  const peer = { trustDomain: "cluster.local", namespace: "shop", serviceAccount: "web" };
  const stream = new AdsStream(
    {
      protocol,
      peer,
      address: "127.0.0.1:1",
      send: (bytes) => sent.push(bytes),
      fail: (error) => failures.push(error),
    },
    { source, clock: systemClock, timers: systemTimers, log: silentLog },
  );
  return { stream, sent, failures, source };
}

const request = fc.record({
  typeUrl: fc
    .constantFrom(...(["cluster", "endpoints", "route", "virtual-host"] as const))
    .map(typeUrlOf),
  resourceNamesSubscribe: fc.array(fc.constantFrom("*", "a", "r/a", "x", "")),
  resourceNamesUnsubscribe: fc.array(fc.constantFrom("*", "a", "r/a", "y")),
  initialResourceVersions: fc.dictionary(
    fc.constantFrom("a", "r/a", "x"),
    fc.constantFrom("1", "2"),
  ),
  responseNonce: fc.nat(12).map(String),
  errorDetail: fc.option(fc.record({ message: fc.constantFrom("", "a is bad", "no") }), {
    nil: undefined,
  }),
});

describe("whatever a client says", () => {
  test("in well-formed requests, there is at most one unanswered response per type", () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 25 }), (requests) => {
        const { stream, source } = open("delta");
        const pending = new Map<string, number>();
        for (const [i, each] of requests.entries()) {
          const node = i === 0 ? { id: "n" } : undefined;
          const message = DeltaDiscoveryRequest.fromPartial({ ...each, node });
          stream.receive(DeltaDiscoveryRequest.encode(message).finish());
          source.set(withChanges(whole, [cluster("a", String(i))]));
        }
        for (const event of source.events) {
          if (event.kind === "synced") continue;
          if (event.kind === "nacked" && event.nonce === "") continue;
          const count = (pending.get(event.type) ?? 0) + (event.kind === "sent" ? 1 : 0);
          expect(count).toBeLessThan(2);
          pending.set(event.type, event.kind === "sent" ? count : 0);
        }
        stream.close();
        expect(source.openFeeds).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test("in random bytes, the stream ends once with an XdsError or goes on", () => {
    const bytes = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 });
    const protocols = fc.constantFrom("delta" as const, "state-of-the-world" as const);
    fc.assert(
      fc.property(protocols, bytes, (protocol, messages) => {
        const { stream, failures } = open(protocol);
        for (const message of messages) stream.receive(message);
        expect(failures.length).toBeLessThan(2);
        for (const failure of failures) {
          expect(failure).toBeInstanceOf(XdsError);
          expect(failure.code).not.toBe("internal");
        }
        stream.close();
      }),
      { numRuns: 300 },
    );
  });
});

test("a source that throws ends the stream as our own fault, and closes nothing twice", () => {
  const source = new TestConfigSource();
  source.open = () => {
    throw new Error("the store is gone");
  };
  const { stream, failures } = open("delta", source);
  const typeUrl = typeUrlOf("cluster");
  const message = DeltaDiscoveryRequest.fromPartial({ typeUrl, node: { id: "n" } });
  stream.receive(DeltaDiscoveryRequest.encode(message).finish());
  stream.receive(DeltaDiscoveryRequest.encode(message).finish());
  stream.close();
  expect(failures.map(({ code }) => code)).toEqual(["internal"]);
});
