import { describe, expect, test } from "bun:test";
import type { ConnectionRoutes } from "#config/connection-routes.ts";
import { type AskedConnection, compileConnections } from "./compiled-connections.ts";

const to = (cluster: string, weight = 1) => ({ cluster, weight });
const byName: AskedConnection = { address: undefined, serverName: undefined };

const routes = (more: Partial<ConnectionRoutes>): ConnectionRoutes => ({
  content: "detect",
  addresses: [],
  tls: [],
  tcp: [{ subnets: [], clusters: [to("rest")] }],
  ...more,
});

const pick = (config: ConnectionRoutes, asked: Partial<AskedConnection> = {}, random = 0) =>
  compileConnections(config).pick({ ...byName, ...asked }, () => random);

describe("a connection", () => {
  test("takes the first route whose subnet it was called by", () => {
    const near = { subnets: ["10.0.0.0/8", "fd00::/8"], clusters: [to("near")] };
    const config = routes({ tcp: [near, { subnets: [], clusters: [to("rest")] }] });
    expect(pick(config, { address: "10.1.2.3" })).toBe("near");
    expect(pick(config, { address: "fd00::1" })).toBe("near");
    expect(pick(config, { address: "192.0.2.1" })).toBe("rest");
    expect(pick(config)).toBe("rest");
    expect(pick({ ...config, addresses: ["192.0.2.1", "10.0.0.7"] })).toBe("near");
  });

  test("has no route where none takes it", () => {
    const config = routes({ tcp: [{ subnets: ["10.0.0.0/8"], clusters: [to("near")] }] });
    expect(pick(config, { address: "192.0.2.1" })).toBeUndefined();
  });

  test("is shared out by weight, and never goes to a weight of 0", () => {
    const config = routes({
      tcp: [{ subnets: [], clusters: [to("none", 0), to("a", 3), to("b", 1), to("off", 0)] }],
    });
    const at = (random: number) => pick(config, {}, random);
    expect([0, 0.5, 0.74, 0.75, 0.999_999].map(at)).toEqual(["a", "a", "a", "b", "b"]);
  });

  test("of TLS goes by the name that it asks for, then by the other routes", () => {
    const config = routes({
      content: "tls",
      tls: [
        { serverNames: ["a.example", "*.b.example"], subnets: [], clusters: [to("named")] },
        { serverNames: ["*"], subnets: ["10.0.0.0/8"], clusters: [to("any")] },
      ],
    });
    expect(pick(config, { serverName: "a.example" })).toBe("named");
    expect(pick(config, { serverName: "x.y.b.example" })).toBe("named");
    expect(pick(config, { serverName: "b.example" })).toBe("rest");
    expect(pick(config, { serverName: "c.example", address: "10.0.0.1" })).toBe("any");
    expect(pick(config, { address: "10.0.0.1" })).toBe("rest");
    expect(compileConnections(config).asksServerName).toBe(true);
  });
});
