// The gRPC project's interoperability cases, with a client and a server that we did not write, on the runtime that they were
// written for, through two proxies with mutual TLS between them: by a loopback port of the caller's proxy and by CONNECT,
// towards a port that is declared to be gRPC and towards one of which nobody said anything.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type GrpcCaller, startGrpcCaller, startGrpcServer } from "../support/grpc-workloads.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import type { Spawned } from "../support/spawn-weft.ts";
import { cases } from "./grpc-interop/cases.mjs";

let mesh: Mesh;
let caller: GrpcCaller;
const servers: Record<string, Spawned> = {};
const localPorts: Record<string, number> = {};

beforeAll(async () => {
  mesh = await startMesh();
  for (const name of ["declared", "detected"]) localPorts[name] = await freePort();
  const upstreams = Object.entries(localPorts).flatMap(([name, port]) => [
    "--upstream",
    `${name}:50051=${port}`,
  ]);
  const [declared, detected, started] = await Promise.all([
    startGrpcServer(mesh, { name: "declared", protocol: "grpc" }),
    startGrpcServer(mesh, { name: "detected" }),
    startGrpcCaller(mesh, ["--name", "me", "-n", "shop", ...upstreams]),
  ]);
  Object.assign(servers, { declared, detected });
  caller = started;
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

const ways: Readonly<Record<string, (name: string) => string>> = {
  "a loopback port": (name) => `127.0.0.1:${localPorts[name]}`,
  CONNECT: (name) => `dns:///${name}:50051`,
};

describe.each(["declared", "detected"])("a port whose protocol is %s,", (name) => {
  describe.each(Object.keys(ways))("through %s:", (way) => {
    const target = (): string => ways[way]?.(name) ?? "";

    test.each(Object.keys(cases))("%s", (each) => caller.runCase(each, target()), 20_000);

    test("calls that are given up are given up at the server too", async () => {
      const count = () => servers[name]?.stdout.text.match(/^cancelled FullDuplexCall$/gm)?.length;
      const before = count() ?? 0;
      await caller.runCase("cancel_after_first_response", target());
      await caller.runCase("deadline_while_the_server_works", target());
      await eventually(() => (count() ?? 0) >= before + 2);
    }, 20_000);

    test("the server's proxy vouches for the caller", async () => {
      const { initial } = await caller.unary(target(), "emptyCall", {
        metadata: { "test-show-metadata": "yes", "user-data": "as it is" },
      });
      const seen = JSON.parse(initial["test-seen"] ?? "") as Record<string, string>;
      expect(seen["x-forwarded-client-cert"]).toContain("URI=spiffe://cluster.local/ns/shop/sa/me");
      expect(seen["user-data"]).toBe("as it is");
    });
  });
});
