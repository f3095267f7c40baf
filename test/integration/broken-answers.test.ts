// An answer that breaks off in its middle: nobody may take what came for the whole, least of all a caller for whom the end
// of the connection is the end of the answer.
import { describe, expect, test } from "bun:test";
import { createConnection } from "node:net";
import { eventually } from "../support/eventually.ts";
import { endpoint } from "../support/proxy-config.ts";
import { leadingTo, pair } from "../support/proxy-pair.ts";
import { onHeads, rawServer } from "../support/raw-server.ts";

const answers = {
  "ends with its connection": "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhalf",
  "has a length": "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
  "is in chunks": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
};

interface Got {
  text: string;
  hasEnded: boolean;
  isBroken: boolean;
}

/** Calls, lets the server break off when the first half has come, and tells what the caller got. */
async function callThrough(port: number, version: string, breakOff: () => void): Promise<Got> {
  const got = { text: "", hasEnded: false, isBroken: false };
  const socket = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("data", (bytes) => {
    got.text += bytes;
  });
  socket.on("end", () => {
    got.hasEnded = true;
  });
  socket.on("error", () => {
    got.isBroken = true;
  });
  socket.write(`GET / HTTP/${version}\r\nhost: payments\r\n\r\n`);
  await eventually(() => got.text.includes("half"));
  breakOff();
  await eventually(() => got.hasEnded || got.isBroken);
  socket.destroy();
  return got;
}

describe.each(["one proxy", "two proxies"])("through %s", (hops) => {
  describe.each(["1.1", "1.0"])("to a caller of HTTP/%s", (version) => {
    test.each(Object.entries(answers))("an answer that %s breaks", async (_, answer) => {
      let breakOff: () => void = () => undefined;
      await using app = await rawServer((socket) =>
        onHeads(socket, () => {
          socket.write(answer);
          breakOff = () => socket.resetAndDestroy();
        }),
      );
      await using to =
        hops === "one proxy"
          ? await leadingTo([endpoint(app.port)])
          : await pair({ appPort: app.port });
      const got = await callThrough(to.port, version, () => breakOff());
      expect(got).toMatchObject({ hasEnded: false, isBroken: true });
    });
  });

  test("an answer that is cut off by the deadline of a drain breaks", async () => {
    await using app = await rawServer((socket) =>
      onHeads(socket, () => socket.write(answers["ends with its connection"])),
    );
    await using to =
      hops === "one proxy"
        ? await leadingTo([endpoint(app.port)])
        : await pair({ appPort: app.port });
    const got = await callThrough(to.port, "1.0", () => void to.web.plane.drain(20));
    expect(got).toMatchObject({ hasEnded: false, isBroken: true });
  });
});
