import { expect, test } from "bun:test";
import { SeenProtocolsByProxy } from "./seen-protocols.ts";

const family = (...rows: readonly (readonly [destination: string, protocol: string])[]) => ({
  name: "weft_protocol_seen",
  help: "",
  type: "gauge" as const,
  metrics: rows.map(([destination, protocol]) => ({ labels: { destination, protocol }, value: 1 })),
});

test("the newest word of a proxy counts, by destination, until it is gone", () => {
  const seen = new SeenProtocolsByProxy();
  seen.record("web", [family(["db:5432", "tcp"])]);
  seen.record("web", [family(["db:5432", "tcp"], ["q:1", "http1"], ["db:5432", "tls"])]);
  expect(seen.of("web")).toEqual([
    { destination: "db:5432", protocols: ["tcp", "tls"] },
    { destination: "q:1", protocols: ["http1"] },
  ]);
  expect(seen.of("other")).toEqual([]);
  seen.forget("web");
  expect(seen.of("web")).toEqual([]);
});

test("a proxy cannot make it grow without bound", () => {
  const seen = new SeenProtocolsByProxy();
  const rows = Array.from({ length: 10_000 }, (_, i) => [`${i}`, "tcp"] as const);
  seen.record("web", [family(...rows)]);
  expect(seen.of("web").length).toBeLessThanOrEqual(500);
});
