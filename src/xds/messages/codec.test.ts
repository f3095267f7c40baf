import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ConfigResource } from "#config/snapshot.ts";
import { configResources } from "../../../test/support/config-arbitraries.ts";
import { XdsError } from "../xds-error.ts";
import { decode, encode } from "./codec.ts";
import { Cluster } from "./generated/envoy/config/cluster/v3/cluster.ts";
import { Listener } from "./generated/envoy/config/listener/v3/listener.ts";
import { VirtualHost } from "./generated/envoy/config/route/v3/route_components.ts";

const again = ({ type, name, version, ...rest }: ConfigResource, bytes?: Uint8Array) =>
  decode(type, name, version, bytes ?? encode({ type, name, version, ...rest }));

/** What decoding these bytes ends with; anything but a value or our error fails the test. */
function outcome(work: () => unknown): string {
  try {
    work();
    return "value";
  } catch (error) {
    if (error instanceof XdsError) return error.message;
    throw error;
  }
}

describe("a configuration value of any type", () => {
  test("is the same after encoding and decoding", () => {
    fc.assert(
      fc.property(configResources, (resource) => {
        const decoded = again(resource);
        // The matcher, twenty times as slow, is for showing a difference.
        if (!Bun.deepEquals(decoded, resource, true)) expect(decoded).toStrictEqual(resource);
      }),
      { numRuns: 1_500 },
    );
  });

  test("encodes to the same bytes every time", () => {
    fc.assert(
      fc.property(configResources, (resource) => {
        expect(encode(again(resource))).toEqual(encode(resource));
      }),
      { numRuns: 200 },
    );
  });
});

describe("bytes that are not ours", () => {
  test("give a value or an XdsError, never another error", () => {
    const mangled = fc.tuple(configResources, fc.nat(), fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(mangled, ([resource, cut, at, byte]) => {
        const bytes = encode(resource).slice();
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        outcome(() => again(resource, bytes.subarray(0, cut % (bytes.length + 1))));
        outcome(() => again(resource, bytes));
      }),
      { numRuns: 600 },
    );
  });

  test("of any kind give a value or an XdsError", () => {
    fc.assert(
      fc.property(configResources, fc.uint8Array({ maxLength: 200 }), (resource, bytes) => {
        outcome(() => again(resource, bytes));
      }),
      { numRuns: 400 },
    );
  });
});

describe("what Weft would not act on", () => {
  test("is refused with the resource and the field", () => {
    const message = VirtualHost.fromPartial({
      name: "shop",
      domains: ["shop"],
      routes: [
        {
          match: { pathSpecifier: { $case: "prefix", value: "/" } },
          action: {
            $case: "route",
            value: {
              clusterSpecifier: { $case: "cluster", value: "a" },
              timeout: { seconds: 0, nanos: 0 },
              cors: { exposeHeaders: "x" },
            },
          },
        },
      ],
    });
    const bytes = VirtualHost.encode(message).finish();
    expect(outcome(() => decode("virtual-host", "r/shop", "1", bytes))).toMatch(
      /^virtual-host "r\/shop": routes\[0\]\.route\.cors is .*Weft supports only nothing here$/,
    );
  });

  test("is named inside an embedded message too", () => {
    const listener: ConfigResource = {
      type: "listener",
      name: "http-proxy",
      version: "1",
      value: {
        kind: "outbound",
        name: "http-proxy",
        address: { host: "127.0.0.1", port: 1 },
        mode: "http-proxy",
        routes: "r",
        unknownHosts: "refuse",
        http: { pathNormalization: "base", searchDomains: [] },
        origins: {},
      },
    };
    const message = Listener.decode(encode(listener));
    const filter = message.filterChains[0]?.filters[0]?.configType;
    if (filter?.$case !== "typedConfig") throw new Error("no manager");
    filter.value.value = Uint8Array.of(...filter.value.value, 0x52, 1, 0x78); // server_name: "x"
    expect(
      outcome(() => decode("listener", "http-proxy", "1", Listener.encode(message).finish())),
    ).toContain("filter_chains[0].filters[0].typed_config.server_name");
  });

  test("includes an action that is none of ours, by its name", () => {
    const message = VirtualHost.fromPartial({
      name: "shop",
      routes: [{ action: { $case: "nonForwardingAction", value: {} } }],
    });
    expect(
      outcome(() => decode("virtual-host", "r/shop", "1", VirtualHost.encode(message).finish())),
    ).toContain("routes[0]: action nonForwardingAction is not supported");
  });

  test("includes a resource whose two names disagree", () => {
    const bytes = Cluster.encode(Cluster.fromPartial({ name: "a" })).finish();
    expect(outcome(() => decode("cluster", "b", "1", bytes))).toStartWith('cluster "b": ');
  });
});
