// gRPC calls over our own HTTP/2, against peers that a test leads frame by frame, and against the runtime's own server.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import {
  data,
  frame,
  goaway,
  headers,
  OPEN,
  rstStream,
  windowUpdate,
} from "#http/http2/testing/raw-frames.ts";
import {
  type ScriptedPeer,
  type ScriptedServer,
  scriptedServer,
} from "#http/http2/testing/scripted-peer.ts";
import { openTransport } from "../../../test/support/open-transport.ts";
import { systemTimers } from "../stream/timers.ts";
import type { XdsError } from "../xds-error.ts";
import { callUnary, openCall } from "./grpc-call.ts";
import type { Http2Session } from "./http2-session.ts";
import { encodeFrame } from "./message-frames.ts";
import { openSession } from "./open-session.ts";

const options = { path: "/a.B/C", authority: "control-plane", timers: systemTimers };
const HEAD = [
  [":status", "200"],
  ["content-type", "application/grpc"],
] as const;
const OK = [["grpc-status", "0"]] as const;
const hello = Buffer.from("hello");

/** What a call has told, in words, and how it ended. */
class CallStory {
  readonly messages: string[] = [];
  drains = 0;
  readonly #over = Promise.withResolvers<XdsError | undefined>();
  readonly over = this.#over.promise;

  message(bytes: Uint8Array): void {
    this.messages.push(Buffer.from(bytes).toString());
  }

  drain(): void {
    this.drains++;
  }

  end(error: XdsError | undefined): void {
    this.#over.resolve(error);
  }
}

describe("against a scripted server", () => {
  let server: ScriptedServer;
  let session: Http2Session;
  let peer: ScriptedPeer;
  const meet = async (more: Parameters<typeof openSession>[1] = {}): Promise<void> => {
    session = openSession(await openTransport(server.port), more);
    peer = await server.peer();
  };
  beforeEach(async () => {
    server = await scriptedServer();
  });
  afterEach(async () => {
    session.destroy();
    await server[Symbol.asyncDispose]();
  });

  test("a call is one POST, and its answer comes in whatever pieces", async () => {
    await meet();
    const metadata = [["authorization", "Bearer join"]] as const;
    const answer = callUnary(session, { ...options, metadata, deadlineMs: 5_000 }, hello);
    await peer.expect("HEADERS 1 POST /a.B/C");
    const [head] = peer.heads;
    const fields = ["te", "content-type", "grpc-timeout", "authorization", "transfer-encoding"];
    expect(fields.map((name) => head?.field(name))).toEqual([
      "trailers",
      "application/grpc",
      "5000m",
      "Bearer join",
      "chunked", // what the absence of a length is called in the form of HTTP/1
    ]);
    await peer.expect(`DATA 1 END_STREAM ${JSON.stringify("\0\0\0\0\x05hello")}`);
    const bytes = encodeFrame(Buffer.from("there"));
    peer.send(headers(1, HEAD, OPEN));
    for (const octet of bytes) peer.send(data(1, Buffer.of(octet)));
    peer.send(headers(1, OK));
    expect(Buffer.from(await answer).toString()).toBe("there");
  });

  test("an answer that is only a status is told with its words", async () => {
    await meet();
    const answer = callUnary(session, options, hello);
    await peer.until("HEADERS 1");
    const status = [...HEAD, ["grpc-status", "7"], ["grpc-message", "not%20you"]] as const;
    peer.send(headers(1, status));
    await expect(answer).rejects.toMatchObject({ code: "permission-denied", message: "not you" });
  });

  test("an answer that is not gRPC is said to be none", async () => {
    await meet();
    const answer = callUnary(session, options, hello);
    await peer.until("HEADERS 1");
    peer.send(headers(1, [[":status", "503"]]));
    await expect(answer).rejects.toMatchObject({
      code: "unavailable",
      message: "the server answered with HTTP status 503",
    });
  });

  test("half a message is no answer", async () => {
    await meet();
    const answer = callUnary(session, options, hello);
    await peer.until("HEADERS 1");
    const half = encodeFrame(hello).slice(0, 7);
    peer.send(headers(1, HEAD, OPEN), data(1, half), headers(1, OK));
    await expect(answer).rejects.toMatchObject({ code: "protocol" });
  });

  test("a connection that is lost in the middle ends its calls and takes no more", async () => {
    await meet();
    const answer = callUnary(session, options, hello);
    await peer.until("HEADERS 1");
    peer.send(headers(1, HEAD, OPEN), data(1, encodeFrame(hello).slice(0, 7)));
    peer.transport.end();
    await expect(answer).rejects.toMatchObject({ code: "unavailable" });
    expect(() => openCall(session, options, new CallStory())).toThrow("is closed");
  });

  test("a reset stream ends its call, and the next one is served", async () => {
    await meet();
    const answer = callUnary(session, options, hello);
    await peer.until("HEADERS 1");
    peer.send(rstStream(1, "INTERNAL_ERROR"));
    await expect(answer).rejects.toMatchObject({ code: "unavailable" });
    const next = callUnary(session, options, hello);
    await peer.until("HEADERS 3");
    peer.send(headers(3, HEAD, OPEN), data(3, encodeFrame(hello)), headers(3, OK));
    expect(Buffer.from(await next).toString()).toBe("hello");
  });

  test("after GOAWAY the call that was seen goes on, and no other begins", async () => {
    await meet();
    const story = new CallStory();
    openCall(session, options, story);
    await peer.until("HEADERS 1");
    peer.send(goaway(1, "NO_ERROR"), headers(1, HEAD, OPEN), data(1, encodeFrame(hello)));
    peer.send(headers(1, OK));
    expect(await story.over).toBeUndefined();
    expect(story.messages).toEqual(["hello"]);
    expect(() => openCall(session, options, new CallStory())).toThrow("is closed");
  });

  test("a call that GOAWAY leaves out fails at once", async () => {
    await meet();
    const story = new CallStory();
    openCall(session, options, story);
    await peer.until("HEADERS 1");
    peer.send(goaway(0, "ENHANCE_YOUR_CALM"));
    const error = await story.over;
    expect(error?.code).toBe("unavailable");
    expect(error?.message).toContain("ENHANCE_YOUR_CALM");
  });

  test("a frame beyond the size that was agreed ends the connection", async () => {
    await meet();
    const story = new CallStory();
    openCall(session, options, story);
    await peer.until("HEADERS 1");
    peer.send(headers(1, HEAD, OPEN), frame(0, 0, 1, new Uint8Array(16_385)));
    expect((await story.over)?.code).toBe("unavailable");
    expect(await peer.until("GOAWAY")).toBe("GOAWAY 0 FRAME_SIZE_ERROR");
  });

  test("a message beyond the limit ends its call, whatever its bytes would have been", async () => {
    await meet();
    const story = new CallStory();
    openCall(session, options, story);
    await peer.until("HEADERS 1");
    peer.send(headers(1, HEAD, OPEN), data(1, Buffer.of(0, 0x7f, 0xff, 0xff, 0xff)));
    expect((await story.over)?.code).toBe("too-large");
    await peer.until("RST_STREAM 1 CANCEL");
  });

  test("a call that is given up is reset and tells nothing more", async () => {
    await meet();
    const story = new CallStory();
    const call = openCall(session, options, story);
    await peer.until("HEADERS 1");
    call.cancel();
    await peer.until("RST_STREAM 1 CANCEL");
    peer.send(headers(1, HEAD, OPEN), data(1, encodeFrame(hello)));
    await peer.settled();
    expect(story.messages).toEqual([]);
  });

  test("a server that does not read is waited for", async () => {
    await meet();
    const story = new CallStory();
    const call = openCall(session, options, story);
    await peer.until("HEADERS 1");
    const big = new Uint8Array(3 * 1024 * 1024);
    expect(call.send(big)).toBe(false);
    await peer.settled();
    expect(peer.body.length).toBe(65_535); // the window that nobody has opened
    peer.send(windowUpdate(0, 8 * 1024 * 1024), windowUpdate(1, 8 * 1024 * 1024));
    while (peer.body.length < big.length) await peer.settled();
    expect(peer.body.length).toBe(big.length + 5);
    expect(story.drains).toBe(1);
  });

  test("a peer that is silent and answers no PING is given up", async () => {
    await meet({ keepAlive: { intervalMs: 20, timeoutMs: 20 } });
    const story = new CallStory();
    peer.transport.pause();
    openCall(session, options, story);
    const error = await story.over;
    expect(error).toMatchObject({ code: "unavailable" });
  });

  test("closing lets a call that runs end", async () => {
    await meet();
    const answer = callUnary(session, options, hello);
    session.close();
    await peer.until("HEADERS 1");
    peer.send(headers(1, HEAD, OPEN), data(1, encodeFrame(hello)), headers(1, OK));
    expect(Buffer.from(await answer).toString()).toBe("hello");
    await peer.untilEnd();
  });
});

describe("against the server of the runtime", () => {
  test("eight megabytes go there and back", async () => {
    const server = http2.createServer();
    server.on("stream", (stream: http2.ServerHttp2Stream) => {
      stream.respond(
        { ":status": 200, "content-type": "application/grpc" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.pipe(stream);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const session = openSession(await openTransport(port));
    const sent = crypto.getRandomValues(new Uint8Array(65_536));
    const message = Buffer.concat(Array.from({ length: 128 }, () => sent));
    const answer = await callUnary(session, options, message);
    expect(Buffer.compare(answer, message)).toBe(0);
    session.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
