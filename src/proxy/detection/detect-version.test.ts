import { expect, test } from "bun:test";
import { HandClock } from "#http/testing/hand-clock.ts";
import { RawPeer } from "#http/testing/raw-peer.ts";
import { listen } from "#net/listener.ts";
import type { Transport } from "#net/transport.ts";
import { detectVersion } from "./detect-version.ts";

/** A listener that looks at one connection, and answers with what it has found, and with what it was sent. */
async function looking() {
  const clock = new HandClock();
  const begun = Promise.withResolvers<Transport>();
  const gone: string[] = [];
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode: "plain",
    onConnection(transport) {
      detectVersion(
        transport,
        (inner, version) => {
          inner.write(`${version}:`);
          inner.attach({
            onData: (bytes) => void inner.write(bytes),
            onEnd: () => inner.end(),
            onDrain: () => undefined,
            onClose: () => undefined,
          });
        },
        () => gone.push("gone"),
        { silentMs: 5_000, undecidedMs: 1_000, wheel: clock.wheel },
      );
      begun.resolve(transport);
    },
  });
  const peer = await RawPeer.connect(listener.address.port);
  return {
    peer,
    clock,
    gone,
    transport: await begun.promise,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

test("the version is found across pieces, and nothing that was read is lost", async () => {
  for (const [pieces, version] of [
    [["PRI * HTTP/2.0\r\n", "\r\nSM\r\n\r\nmore"], "http2"],
    [["PRI", "CE /list HTTP/1.1\r\n"], "http1"],
    [["G", "ET / HTTP/1.1"], "http1"],
  ] as const) {
    await using looked = await looking();
    for (const piece of pieces) {
      const before = looked.transport.bytesRead;
      looked.peer.send(piece);
      while (looked.transport.bytesRead < before + piece.length) await Bun.sleep(0);
    }
    await looked.peer.until(`${version}:${pieces.join("")}`);
    expect(looked.gone).toEqual(["gone"]);
    looked.peer.end();
  }
});

test("a beginning that does not go on is for the reader of HTTP/1, who says that it is late", async () => {
  await using looked = await looking();
  looked.peer.send("PRI *");
  while (looked.transport.bytesRead === 0) await Bun.sleep(0);
  looked.clock.pass(900);
  expect(looked.gone).toEqual([]);
  looked.clock.pass(200);
  await looked.peer.until("http1:PRI *");
  looked.peer.end();
});

test("a connection on which nothing comes is closed when it has been idle for too long", async () => {
  await using looked = await looking();
  looked.clock.pass(4_900);
  expect(looked.gone).toEqual([]);
  looked.clock.pass(200);
  expect(looked.gone).toEqual(["gone"]);
  expect(looked.transport.isClosed).toBe(true);
});
