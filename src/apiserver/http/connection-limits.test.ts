import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { startTestApi, TEST_TOKEN, type TestApi } from "../../../test/support/api-server.ts";

const HOUR_MS = 3_600_000;
const patient = { maxConnections: 100, headMs: HOUR_MS, bodyMs: HOUR_MS, idleMs: HOUR_MS };
const head = (method: string, path: string, ...fields: readonly string[]): string =>
  [`${method} ${path} HTTP/1.1`, "Host: localhost", ...fields, "", ""].join("\r\n");
const authorization = `Authorization: Bearer ${TEST_TOKEN}`;
const widgets = "/apis/test.weft.dev/v1/namespaces/default/widgets";

let api: TestApi;
async function open(): Promise<TLSSocket> {
  const socket = connectTls({ port: api.server.port, host: "127.0.0.1", ca: api.caCert });
  socket.on("error", () => undefined); // a reset is an end too
  await once(socket, "secureConnect");
  return socket;
}

describe("a connection is closed", () => {
  beforeAll(async () => {
    api = await startTestApi({ limits: { ...patient, headMs: 300, bodyMs: 50, idleMs: 50 } });
  });
  afterAll(() => api[Symbol.asyncDispose]());

  test("that never begins TLS", async () => {
    const socket = connectTcp(api.server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.resume();
    await once(socket, "close");
  });

  test.each([
    ["on which nothing is asked", ""],
    ["whose head is never complete", head("GET", "/version").slice(0, -4)],
    [
      "whose body never comes",
      `${head("POST", widgets, authorization, "Content-Type: application/json", "Content-Length: 9")}{`,
    ],
    ["that stays after its answer", head("GET", "/version")],
  ])("%s", async (_, bytes) => {
    const socket = await open();
    socket.resume();
    socket.write(bytes);
    await once(socket, "close");
  });
});

describe("a connection stays", () => {
  test("as long as a watch lasts", async () => {
    api = await startTestApi({ limits: { ...patient, bodyMs: 50, idleMs: 50 } });
    await using _ = api;
    const response = await api.fetch(`${widgets}?watch=1&timeoutSeconds=1`);
    expect(await response.text()).toBe("");
  });

  test("until there are too many, and then the newest goes", async () => {
    api = await startTestApi({ limits: { ...patient, maxConnections: 2 } });
    await using _ = api;
    const [first] = [await open(), await open()];
    const third = connectTcp(api.server.port, "127.0.0.1");
    third.on("error", () => undefined);
    third.resume();
    await once(third, "close");
    first.write(head("GET", "/version"));
    const [answer] = (await once(first, "data")) as [Buffer];
    expect(answer.toString()).toStartWith("HTTP/1.1 200");
  });
});
