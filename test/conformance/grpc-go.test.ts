// The gRPC project's own client and server, of its implementation in Go, and those of its implementation in JavaScript: all
// pairs of them through two proxies, towards a port that is declared to be gRPC and one of which nobody said anything.
import { afterAll, beforeAll, describe, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { runGoCase, startGoServer } from "../support/grpc-go.ts";
import { type GrpcCaller, startGrpcCaller, startGrpcServer } from "../support/grpc-workloads.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { cases as casesOfNode } from "./grpc-interop/cases.mjs";

const CASES = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "timeout_on_sleeping_server",
  "cancel_after_begin",
  "cancel_after_first_response",
  "status_code_and_message",
  "special_status_message",
  "custom_metadata",
  "unimplemented_method",
  "unimplemented_service",
  "rpc_soak",
  "channel_soak",
];

let mesh: Mesh;
let caller: GrpcCaller;
const ports: Record<string, number> = {};
const portOf = (name: string): number => ports[name] ?? 0;

beforeAll(async () => {
  mesh = await startMesh();
  for (const name of ["go", "go-detected", "node"]) ports[name] = await freePort();
  const upstreams = Object.entries(ports).flatMap(([name, port]) => [
    "--upstream",
    `${name}:50051=${port}`,
  ]);
  [caller] = await Promise.all([
    startGrpcCaller(mesh, ["--name", "me", "-n", "shop", ...upstreams]),
    startGoServer(mesh, { name: "go", protocol: "grpc" }),
    startGoServer(mesh, { name: "go-detected" }),
    startGrpcServer(mesh, { name: "node" }),
  ]);
  for (const name of Object.keys(ports))
    await eventually(async () => {
      await runGoCase("empty_unary", portOf(name));
      return true;
    });
}, 120_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

describe.each(["go", "go-detected", "node"])("Go's client and the server at %s:", (name) => {
  test.each(CASES)("%s", (each) => runGoCase(each, portOf(name)), 30_000);
});

describe.each(["go", "go-detected"])("JavaScript's client and the server at %s:", (name) => {
  // Its server has no decompressor.
  test.each(Object.keys(casesOfNode).filter((each) => !each.startsWith("client_compressed")))(
    "%s",
    (each) => caller.runCase(each, `127.0.0.1:${portOf(name)}`),
    20_000,
  );
});
