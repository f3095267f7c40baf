/** The runtime's own HTTP/2, as a client of our server and as a server of our client. */
import { describe, expect, test } from "bun:test";
import http2 from "node:http2";
import { connect } from "#net/connect.ts";
import { localRequestHead } from "#wire/http1/local-head.ts";
import { responseHead } from "../testing/local-heads.ts";
import { type Http2ClientConnection, http2Client } from "./client-connection.ts";
import { ClientStory, OwnerStory } from "./testing/client-story.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";

interface NodeAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly trailers: Record<string, unknown>;
}

function ask(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Buffer,
): Promise<NodeAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    const pieces: Buffer[] = [];
    let status = 0;
    let trailers = {};
    stream.on("response", (head) => {
      status = Number(head[":status"]);
    });
    stream.on("trailers", (fields) => {
      trailers = fields;
    });
    stream.on("data", (piece) => pieces.push(Buffer.from(piece)));
    stream.on("end", () => resolve({ status, body: Buffer.concat(pieces), trailers }));
    stream.on("error", reject);
    if (body !== undefined) stream.end(body);
  });
}

describe("node:http2 as a client", () => {
  test("has many requests with bodies answered over one connection", async () => {
    await using server = await http2EchoServer();
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        ask(session, { ":method": "POST", ":path": `/${i}` }, Buffer.alloc(i * 3_000, "x")),
      ),
    );
    for (const [i, { status, body }] of answers.entries()) {
      expect(status).toBe(200);
      expect(body.toString()).toBe(`POST /${i} ${"x".repeat(i * 3_000)}`);
    }
    session.close();
  });

  test("gets trailers", async () => {
    await using server = await http2EchoServer({}, ({ exchange }) => {
      exchange.respond(responseHead("200 OK", [["transfer-encoding", "chunked"]]), undefined);
      exchange.write(Buffer.from("body"));
      exchange.end(responseHead("200 OK", [["grpc-status", "0"]]));
    });
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    const { body, trailers } = await ask(session, { ":path": "/" });
    expect([body.toString(), trailers["grpc-status"]]).toEqual(["body", "0"]);
    session.close();
  });

  test("is not disturbed when the connection is ended in order", async () => {
    await using server = await http2EchoServer();
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    const goaway = Promise.withResolvers<void>();
    session.on("goaway", () => goaway.resolve());
    const first = ask(session, { ":path": "/a", ":method": "POST" }, Buffer.alloc(100_000));
    await new Promise((resolve) => session.on("remoteSettings", resolve));
    for (const connection of server.connections) connection.drain();
    expect((await first).status).toBe(200);
    await goaway.promise;
  });
});

interface NodeServer extends AsyncDisposable {
  readonly connection: Http2ClientConnection;
  readonly owner: OwnerStory;
}

async function against(onStream: (stream: http2.ServerHttp2Stream) => void): Promise<NodeServer> {
  const server = http2.createServer();
  server.on("stream", onStream);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const owner = new OwnerStory();
  const transport = await connect({ address: { host: "127.0.0.1", port } });
  const connection = http2Client(transport, owner);
  return {
    connection,
    owner,
    [Symbol.asyncDispose]: async () => {
      connection.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function request(method: string, path: string, fields: [string, string][] = []) {
  return localRequestHead({ method, target: path, fields: [["Host", "a"], ...fields] });
}

describe("node:http2 as a server", () => {
  test("echoes bodies larger than any window, many at a time", async () => {
    await using it = await against((stream) => {
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
    const bodies = Array.from({ length: 20 }, (_, i) => Buffer.alloc(10_000 + i * 20_000, i));
    const stories = bodies.map((body) => {
      const story = new ClientStory();
      const head = request("POST", "/", [["content-length", String(body.length)]]);
      const exchange = it.connection.send(head, undefined, story);
      exchange.write(body);
      exchange.end();
      return story;
    });
    for (const [i, story] of stories.entries()) {
      await story.over;
      expect(story.words.filter((word) => word !== "drain")).toEqual(["200", "end"]);
      expect(Buffer.from(story.body, "latin1").equals(bodies[i] ?? Buffer.alloc(0))).toBe(true);
    }
    expect(it.connection.requestCount).toBe(20);
  });

  test("sends trailers and 1xx", async () => {
    await using it = await against((stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</a>" });
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "2" }));
      stream.end("ok");
    });
    const story = new ClientStory();
    it.connection.send(request("GET", "/"), undefined, story).end();
    await story.over;
    expect([story.body, ...story.words]).toEqual(["ok", "103", "200", "end"]);
    expect(story.trailers?.field("x-sum")).toBe("2");
  });
});
