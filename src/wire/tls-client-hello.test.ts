import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import fc from "fast-check";
import { clientHello, helloFor, helloMessage, inRecords } from "../../test/support/client-hello.ts";
import {
  CLIENT_HELLO_MAX_BYTES,
  ClientHelloReader,
  type FirstMessage,
} from "./tls-client-hello.ts";

const read = (bytes: Buffer): FirstMessage => new ClientHelloReader().push(bytes);

/** Fed in pieces of these sizes, in turn, until there is an answer. */
function readPieces(bytes: Buffer, sizes: readonly number[]): FirstMessage {
  const reader = new ClientHelloReader();
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    const found = reader.push(bytes.subarray(at, at + size));
    if (found.kind !== "partial") return found;
    at += size;
  }
  return { kind: "partial" };
}

const notTls = (bytes: Buffer): string => {
  const found = read(bytes);
  return found.kind === "not-tls" ? found.reason : found.kind;
};

describe("a ClientHello", () => {
  test("tells the name and the protocols that it asks for", () => {
    expect(read(helloFor("DB.example.com.", ["h2", "istio"]))).toEqual({
      kind: "client-hello",
      serverName: "db.example.com",
      protocols: ["h2", "istio"],
    });
  });

  test("need not ask for anything", () => {
    const nothing = { kind: "client-hello", serverName: undefined, protocols: [] } as const;
    expect(read(clientHello({}))).toEqual(nothing);
    expect(read(clientHello({ names: [[7, "\xff\xfe"]] }))).toEqual(nothing);
    const message = helloMessage({});
    const withoutExtensions = message.subarray(0, message.length - 2);
    withoutExtensions.writeUIntBE(withoutExtensions.length - 4, 1, 3);
    expect(read(inRecords(withoutExtensions))).toEqual(nothing);
  });

  test("is the one that a real client sends", async () => {
    const received = Promise.withResolvers<Buffer>();
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (bytes: Buffer) => {
        received.resolve(bytes);
        socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const client = connectTls({
      port,
      host: "127.0.0.1",
      servername: "db.example.com",
      ALPNProtocols: ["postgresql"],
    });
    client.on("error", () => undefined);
    expect(read(await received.promise)).toEqual({
      kind: "client-hello",
      serverName: "db.example.com",
      protocols: ["postgresql"],
    });
    client.destroy();
    server.close();
  });

  test("may be followed by early data", () => {
    const bytes = Buffer.concat([helloFor("a.example"), Buffer.from("\x17\x03\x03\x00\x05early")]);
    expect(read(bytes)).toMatchObject({ kind: "client-hello", serverName: "a.example" });
  });

  test("is waited for to its last byte", () => {
    const bytes = helloFor("a.example", ["h2"]);
    for (let length = 0; length < bytes.length; length++)
      expect(read(bytes.subarray(0, length))).toEqual({ kind: "partial" });
  });

  test("is the same however records and reads cut it", () => {
    const name = fc.stringMatching(/^[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){0,3}$/);
    const protocols = fc.array(fc.stringMatching(/^[a-z0-9/.-]{1,10}$/), { maxLength: 5 });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(name, protocols, fc.integer({ min: 1, max: 300 }), sizes, (...parts) => {
        const [serverName, offered, recordBytes, pieces] = parts;
        const bytes = clientHello({ names: [[0, serverName]], protocols: offered }, recordBytes);
        const whole = { kind: "client-hello", serverName, protocols: offered } as const;
        expect(readPieces(bytes, pieces)).toEqual(whole);
        expect(read(bytes)).toEqual(whole);
      }),
    );
  });
});

describe("what is not a ClientHello", () => {
  test("is known by the first byte that cannot belong to one", () => {
    expect(notTls(Buffer.from("G"))).toBe("no handshake record");
    expect(notTls(Buffer.of(22, 2))).toBe("no version of TLS");
    expect(notTls(Buffer.of(22, 3, 9))).toBe("no version of TLS");
    expect(notTls(Buffer.of(22, 3, 1, 0, 0))).toBe("an empty handshake record");
    expect(notTls(Buffer.of(22, 3, 1, 0xff, 0xff))).toBe("a record that is too large");
    expect(notTls(Buffer.of(22, 3, 1, 0, 9, 2))).toBe("the first message is not a ClientHello");
  });

  test("is one that is larger than any client's, before it is held", () => {
    const size = CLIENT_HELLO_MAX_BYTES;
    const header = Buffer.from([22, 3, 1, 0x40, 0, 1, 0, size >> 8, size & 255]);
    expect(notTls(header)).toContain("larger than");
    const more: readonly (readonly [number, Buffer])[] = [[21, Buffer.alloc(16_000)]];
    expect(read(clientHello({ names: [[0, "a.example"]], more })).kind).toBe("client-hello");
  });

  test.each([
    ["names that are none", clientHello({ names: [[0, "a b"]] }), "a server name that is none"],
    ["a name with NUL", clientHello({ names: [[0, "a\0.b"]] }), "a server name that is none"],
    ["an empty name", clientHello({ names: [[0, ""]] }), "a server name that is none"],
    [
      "two names",
      clientHello({
        names: [
          [0, "a"],
          [0, "b"],
        ],
      }),
      "two server names",
    ],
    [
      "an extension twice",
      clientHello({
        more: [
          [35, Buffer.alloc(0)],
          [35, Buffer.alloc(0)],
        ],
      }),
      "extension 35 comes twice",
    ],
    [
      "a list that is longer than its place",
      clientHello({ more: [[0, Buffer.of(0, 9, 0, 0, 1, 97)]] }),
      "the server name list is longer than its place",
    ],
    ["a message that ends too soon", inRecords(Buffer.of(1, 0, 0, 1, 3)), "ends too soon"],
  ])("is one with %s", (_, bytes, reason) => {
    expect(notTls(bytes)).toContain(reason);
  });

  test("is any bytes: an answer, the same however they are cut, and never another error", () => {
    const valid = helloFor("db.example.com", ["h2", "http/1.1"]);
    const broken = fc
      .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 })
      .map((edits) => {
        const bytes = Buffer.from(valid);
        for (const [at, byte] of edits) bytes[at] = byte;
        return bytes;
      });
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(broken, noise), fc.integer({ min: 1, max: 20 }), (bytes, size) => {
        expect(readPieces(bytes, [size])).toEqual(read(bytes));
      }),
      { numRuns: 500 },
    );
  });
});
