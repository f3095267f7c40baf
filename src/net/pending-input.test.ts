import { describe, expect, test } from "bun:test";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { connect } from "./connect.ts";
import { hasHungUp, hasPendingInput, unacknowledgedBytes } from "./pending-input.ts";
import type { Transport } from "./transport.ts";

/** What the peer does happens in the kernel at once; the event loop hears of it only when this turn is over. */
async function afterPeer(
  does: (peer: Socket) => void,
  asked: (transport: Transport) => boolean = hasPendingInput,
): Promise<boolean> {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ allowHalfOpen: true }, accepted.resolve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const transport = await connect({ address: { host: "127.0.0.1", port } });
  const peer = await accepted.promise;
  transport.attach({ onData: ignore, onEnd: ignore, onDrain: ignore, onClose: ignore });
  try {
    does(peer);
    return asked(transport);
  } finally {
    transport.destroy();
    peer.destroy();
    server.close();
  }
}

const ignore = (): void => undefined;

describe("an idle connection has pending input", () => {
  test("not while the peer is silent", async () => {
    expect(await afterPeer(ignore)).toBe(false);
  });
  test("when the peer has reset it", async () => {
    expect(await afterPeer((peer) => peer.resetAndDestroy())).toBe(true);
  });
  test("when the peer has sent something", async () => {
    expect(await afterPeer((peer) => void peer.write("x"))).toBe(true);
  });
});

describe("the peer of a connection has hung up", () => {
  test.each([
    ["not when it has sent something", (peer: Socket) => void peer.write("x"), false],
    ["when it has closed it", (peer: Socket) => void peer.destroy(), true],
    ["when it has reset it", (peer: Socket) => void peer.resetAndDestroy(), true],
  ])("%s", async (_, does, expected) => {
    expect(await afterPeer(does, hasHungUp)).toBe(expected);
  });
});

describe("of what was written, the peer's kernel has not acknowledged", () => {
  const written = (transport: Transport): number => {
    transport.write("four");
    transport.flush();
    return unacknowledgedBytes(transport);
  };
  const asked = async (does: (peer: Socket) => void): Promise<number> => {
    let answer = -1;
    await afterPeer(does, (transport) => {
      answer = written(transport);
      return true;
    });
    return answer;
  };
  test("anything when the peer was gone before", async () => {
    expect(await asked((peer) => void peer.destroy())).toBe(4);
  });
  test("nothing when the peer has taken it, read or not", async () => {
    expect(await asked(ignore)).toBe(0);
  });
});

test("a transport that is closed has none", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const transport = await connect({ address: { host: "127.0.0.1", port } });
  transport.destroy();
  expect(hasPendingInput(transport)).toBe(false);
  server.close();
});
