/** Every case of h2spec in strict mode: against the HTTP/2 server itself, and against every plaintext listener of `weft run`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { http2EchoServer } from "#http/http2/testing/http2-echo-server.ts";
import { ALL_PASSED, h2spec } from "../support/h2spec.ts";
import { type Http2Listeners, http2Listeners, LISTENER_NAMES } from "../support/http2-listeners.ts";

const RUN_MS = 60_000;

test(
  "the server passes every case",
  async () => {
    await using server = await http2EchoServer();
    expect(await h2spec(server.port)).toEqual(ALL_PASSED);
  },
  RUN_MS,
);

describe("of the listeners of weft run", () => {
  let listeners: Http2Listeners;

  beforeAll(async () => {
    listeners = await http2Listeners();
  }, RUN_MS);

  afterAll(() => listeners?.[Symbol.asyncDispose]());

  for (const name of LISTENER_NAMES)
    test(
      `the one ${name} passes every case`,
      async () => {
        const { host, port } = listeners.at(name);
        expect(await h2spec(port, host)).toEqual(ALL_PASSED);
      },
      RUN_MS,
    );
});
