import { describe, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { connect } from "#net/connect.ts";
import { listen } from "#net/listener.ts";
import type { Transport } from "#net/transport.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { type RawServer, rawServer } from "../../../test/support/raw-server.ts";
import type { OpenUpstream } from "../tcp/upstream-dial.ts";
import { type DetectionOptions, detectProtocol, type OpenAhead } from "./detect-protocol.ts";
import { type Spoken, Verdict } from "./verdicts.ts";

/** Time stands still until a test lets a timer fire. */
class Timers {
  readonly #running = new Map<() => void, number>();

  readonly after = (delayMs: number, callback: () => void): (() => void) => {
    const fire = () => callback();
    this.#running.set(fire, delayMs);
    return () => void this.#running.delete(fire);
  };

  get delays(): readonly number[] {
    return [...this.#running.values()];
  }

  fire(): void {
    const [fire] = this.#running.keys();
    if (fire === undefined) throw new Error("no timer is running");
    this.#running.delete(fire);
    fire();
  }
}

const TIMES = { silentMs: 60_000, undecidedMs: 10_000 };

/** A connection that is looked at, with a destination behind it; what is found is kept. */
async function looking(
  destination: RawServer,
  more: Partial<DetectionOptions> = {},
  isOpenedAhead = true,
) {
  const timers = new Timers();
  const verdict = more.verdict ?? new Verdict();
  const found: string[] = [];
  const released: string[] = [];
  const openAhead: OpenAhead = (outcome) => {
    const giveUp = new AbortController();
    const { port } = destination;
    connect({ address: { host: "127.0.0.1", port }, signal: giveUp.signal }).then(
      (transport) => outcome.connected(opened(transport, released)),
      () => undefined,
    );
    return { cancel: () => giveUp.abort() };
  };
  const begun = Promise.withResolvers<Transport>();
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode: "plain",
    onConnection(transport) {
      detectProtocol(
        transport,
        {
          verdict,
          ...(isOpenedAhead && { openAhead }),
          carriesRequests: true,
          asksServerName: false,
          times: TIMES,
          after: timers.after,
          ...more,
        },
        {
          onHttp: (_, version) => found.push(version),
          onBytes: ({ caller, upstream, serverName }) =>
            found.push(
              `bytes caller=${caller.early ?? ""} server=${upstream?.early ?? ""} ${serverName ?? ""}`.trim(),
            ),
          onUnreachable: (_, { failure }) => found.push(failure.code),
        },
        () => found.push("over"),
      );
      begun.resolve(transport);
    },
  });
  const socket: Socket = createConnection(listener.address.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await begun.promise;
  return {
    socket,
    timers,
    verdict,
    found,
    released,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** As a dial tells of it; nobody here looks at cluster and host. */
function opened(transport: Transport, released: string[]): OpenUpstream {
  const release = (): void => void released.push("released");
  const host = { address: "127.0.0.1", logFragment: "" };
  const facts = { cluster: { what: "db" }, host, attempts: 1, connectMs: 0 };
  return { ...facts, transport, release } as unknown as OpenUpstream;
}

const seen = (...spoken: readonly Spoken[]): Verdict => {
  const verdict = new Verdict();
  for (const each of spoken) verdict.see(each);
  return verdict;
};

const silent = () => rawServer(() => undefined);
const greeting = () => rawServer((socket) => socket.write("220 ready\r\n"));

describe("a server that speaks first", () => {
  test.each([
    ["of which nothing is known", []],
    ["known to", ["server-first"]],
    ["on a port that carried requests and bytes too", ["http1", "tcp", "server-first"]],
  ] as const)("%s waits for no timer", async (_, spoken) => {
    await using server = await greeting();
    await using looked = await looking(server, { verdict: seen(...spoken) });
    await eventually(() => looked.found.length > 0);
    expect(looked.found).toEqual(["over", "bytes caller= server=220 ready"]);
    expect(looked.timers.delays).toEqual([]);
    expect(looked.verdict.spoken).toContain("server-first");
  });

  test("where only requests ever came is opened when the caller stays silent for a moment", async () => {
    await using server = await greeting();
    await using looked = await looking(server, { verdict: seen("http1") });
    expect([server.connections, looked.timers.delays]).toEqual([0, [200]]);
    looked.timers.fire();
    await eventually(() => looked.found.length > 0);
    expect(looked.found).toEqual(["over", "bytes caller= server=220 ready"]);
  });
});

describe("a caller that speaks first", () => {
  test.each([
    ["with a request", "GET / HTTP/1.1\r\n", "http1"],
    ["in HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2"],
  ])("%s is served by requests, and what was opened ahead is let go", async (_, said, version) => {
    await using server = await silent();
    await using looked = await looking(server);
    await eventually(() => server.connections === 1);
    for (const piece of said) looked.socket.write(piece);
    await eventually(() => looked.found.length > 0);
    expect(looked.found).toEqual(["over", version]);
    await eventually(() => looked.released.length === 1);
    expect([looked.timers.delays, looked.verdict.spoken]).toEqual([[], [version as Spoken]]);
  });

  test("with something else is joined with what was opened ahead", async () => {
    await using server = await silent();
    await using looked = await looking(server);
    looked.socket.write("\x00\x00\x00\x08");
    await eventually(() => looked.found.length > 0);
    expect(looked.found).toEqual(["over", "bytes caller=\x00\x00\x00\x08 server="]);
    expect([server.connections, looked.released]).toEqual([1, []]);
  });

  test("with what may become anything is bytes when it says no more in time", async () => {
    await using server = await silent();
    await using looked = await looking(server);
    looked.socket.write("EHLO");
    await eventually(() => looked.timers.delays[0] === TIMES.undecidedMs);
    expect(looked.found).toEqual([]);
    looked.timers.fire();
    await eventually(() => looked.found.length > 0);
    expect(looked.found).toEqual(["over", "bytes caller=EHLO server="]);
  });
});

test.each([
  ["beside a destination that is silent too", true],
  ["who has to speak first", false],
])("a caller that says nothing %s is let go when it was idle for too long", async (_, isOpened) => {
  await using server = await silent();
  await using looked = await looking(server, {}, isOpened);
  await eventually(() => looked.timers.delays[0] === TIMES.silentMs);
  const closed = new Promise((resolve) => looked.socket.once("close", resolve));
  looked.timers.fire();
  await closed;
  expect(looked.found).toEqual(["over"]);
});
