import { expect, test } from "bun:test";
import {
  destination,
  forwardRoute,
  outboundResources,
  target,
} from "../../test/support/proxy-config.ts";
import { runPlane, viaProxy } from "../../test/support/running-plane.ts";

const exact = (path: string) => ({
  path: { kind: "exact", value: path } as const,
  headers: [],
  query: [],
});

const routes = [
  {
    ...forwardRoute({ clusters: [] }),
    action: { kind: "respond", status: 403, body: "not today" } as const,
    match: exact("/fixed"),
  },
  forwardRoute({ clusters: [target("gone")] }),
];

test("a gRPC caller gets the proxy's own answers as gRPC statuses, also without a body in its request", async () => {
  await using web = await runPlane({
    name: "web",
    sockets: ["http-proxy"],
    resources: outboundResources([destination("gone", [], { routes })]),
  });
  const port = web.port("http-proxy");
  const ask = (method: string, path: string) =>
    viaProxy(port, `http://gone${path}`, {
      method,
      headers: { "content-type": "application/grpc+proto" },
    });
  for (const method of ["POST", "GET"]) {
    const refused = await ask(method, "/pay.Payments/Charge");
    expect(refused).toMatchObject({ status: 200, body: "" });
    expect(refused.headers).toMatchObject({
      "content-type": "application/grpc",
      "grpc-status": "14",
      "grpc-message": expect.stringContaining("no endpoint"),
      "weft-error": expect.stringContaining("no-healthy-upstream; by=web-1/outbound"),
    });
  }
  expect((await ask("POST", "/fixed")).headers).toMatchObject({
    "grpc-status": "7",
    "grpc-message": "not today",
  });
  const lines = await web.log();
  expect(lines.map((line) => line.response_code)).toEqual([200, 200, 200]);
  expect(lines[0]).toMatchObject({ response_flags: "UH", weft_error: "no-healthy-upstream" });
});
