import { expect, test } from "bun:test";
import { connect } from "node:net";
import { eventually } from "../../test/support/eventually.ts";
import {
  destination,
  endpoint,
  outboundResources,
  upstreamListener,
} from "../../test/support/proxy-config.ts";
import { rawServer } from "../../test/support/raw-server.ts";
import { runPlane } from "../../test/support/running-plane.ts";

test("requests that end with the proxy are in its log", async () => {
  let asked = 0;
  await using server = await rawServer((socket) => socket.on("data", () => asked++));
  const listener = upstreamListener("upstream|1", "payments");
  const resources = outboundResources([destination("payments", [endpoint(server.port)])], listener);
  await using web = await runPlane({ name: "web", sockets: ["upstream|1"], resources });
  const paths = Array.from({ length: 10 }, (_, index) => `/never-answered/${index}`);
  for (const path of paths) {
    const client = connect(web.port("upstream|1"), "127.0.0.1");
    client.on("error", () => undefined);
    client.write(`GET ${path} HTTP/1.1\r\nHost: payments\r\n\r\n`);
  }
  await eventually(() => asked === paths.length);
  await web.plane.close();
  const logged = (await web.log()).map(({ path }) => path);
  expect(logged.toSorted()).toEqual(paths);
});
