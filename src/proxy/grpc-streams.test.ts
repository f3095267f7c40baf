// Times that gRPC callers give, and answers that break off, with a server and clients of the runtime's own that obey neither.
import { describe, expect, test } from "bun:test";
import {
  type ClientHttp2Stream,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { data, headers, OPEN, rstStream } from "#http/http2/testing/raw-frames.ts";
import { scriptedServer } from "#http/http2/testing/scripted-peer.ts";
import {
  destination,
  endpoint,
  forwardRoute,
  outboundResources,
  target,
  upstreamListener,
} from "../../test/support/proxy-config.ts";
import { type RunningPlane, runPlane } from "../../test/support/running-plane.ts";

const grpc = { "content-type": "application/grpc", te: "trailers" };

/** Each call is given to the test, which may leave it without an answer. */
async function application(serve: (stream: ServerHttp2Stream) => void) {
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => undefined);
    serve(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

async function before(port: number, timeoutMs = 0): Promise<RunningPlane> {
  const { action, ...route } = forwardRoute({ clusters: [target("app")] });
  const routes = [{ ...route, action: { ...action, timeoutMs } }];
  const cluster = { protocol: "http2" } as const;
  return await runPlane({
    name: "web",
    sockets: ["upstream|1"],
    resources: outboundResources(
      [destination("app", [endpoint(port)], { routes, cluster })],
      upstreamListener("upstream|1", "app"),
    ),
  });
}

interface Ending {
  readonly head: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
}

/** One call, to its end. */
async function call(
  { port }: RunningPlane,
  headers: IncomingHttpHeaders,
  say: (stream: ClientHttp2Stream) => void = (stream) => stream.end(),
): Promise<Ending> {
  const session = connect(`http://127.0.0.1:${port("upstream|1")}`);
  const stream = session.request({ ":method": "POST", ":path": "/a.B/C", ...grpc, ...headers });
  const { promise, resolve, reject } = Promise.withResolvers<Ending>();
  let head: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  let body = "";
  stream.on("response", (fields) => {
    head = fields;
  });
  stream.on("trailers", (fields) => {
    trailers = fields;
  });
  stream.setEncoding("latin1").on("data", (text: string) => {
    body += text;
  });
  stream.on("error", reject).on("close", () => resolve({ head, trailers, body }));
  say(stream);
  return await promise.finally(() => session.close());
}

describe("the time that a gRPC caller gives", () => {
  test("ends a call that the server does not answer, and the server hears of it", async () => {
    const { promise: reset, resolve } = Promise.withResolvers<void>();
    await using app = await application((stream) => stream.on("close", () => resolve()));
    await using web = await before(app.port);
    const { head } = await call(web, { "grpc-timeout": "150m" });
    expect(head).toMatchObject({ ":status": 200, "grpc-status": "4" });
    expect(head["grpc-message"]).toContain("within 150 ms, which the caller has given");
    expect((await web.log())[0]).toMatchObject({ response_flags: "UT", response_code: 200 });
    await reset;
  });

  test("holds while the caller still speaks", async () => {
    await using app = await application(() => undefined);
    await using web = await before(app.port);
    const { head } = await call(web, { "grpc-timeout": "150m" }, (stream) => stream.write("half"));
    expect(head["grpc-status"]).toBe("4");
  });

  test("does not stretch the route's", async () => {
    await using app = await application(() => undefined);
    await using web = await before(app.port, 100);
    const { head } = await call(web, { "grpc-timeout": "20S" });
    expect(head["grpc-message"]).toContain("within 100 ms");
  });

  test("means nothing in other requests", async () => {
    await using app = await application((stream) => {
      setTimeout(() => stream.respond({ ":status": 200 }, { endStream: true }), 100);
    });
    await using web = await before(app.port);
    const { head } = await call(web, { "content-type": "text/plain", "grpc-timeout": "1m" });
    expect(Number(head[":status"])).toBe(200);
  });
});

describe("an answer that breaks off", () => {
  /** The answer of a server that begins one, and resets it. */
  async function brokenAnswer(more: IncomingHttpHeaders) {
    await using app = await scriptedServer();
    await using web = await before(app.port);
    const ended = call(web, more);
    ended.catch(() => undefined); // the test looks at it later
    const peer = await app.peer();
    await peer.until("HEADERS 1");
    const fields = [
      [":status", "200"],
      ["content-type", "application/grpc"],
    ] as const;
    const head = headers(1, fields, OPEN);
    peer.send(head, data(1, "first"), rstStream(1, "INTERNAL_ERROR"));
    const settled = await ended.catch((cause: Error) => cause);
    return { ended: settled, log: await web.log() };
  }

  test("ends with a status and its reason for a gRPC caller", async () => {
    const { ended, log } = await brokenAnswer({});
    expect(ended).toMatchObject({ head: { ":status": 200 }, body: "first" });
    expect(ended).toMatchObject({
      trailers: {
        "grpc-status": "14",
        "grpc-message": expect.stringContaining("(upstream-reset; by=web-1/outbound; id="),
      },
    });
    expect(log).toMatchObject([{ weft_error: "upstream-reset", response_flags: "UR" }]);
  });

  test("is a broken stream for others", async () => {
    const { ended } = await brokenAnswer({ "content-type": "text/plain" });
    expect(ended).toBeInstanceOf(Error);
  });
});
