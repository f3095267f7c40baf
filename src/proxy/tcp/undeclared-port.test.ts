import { describe, expect, test } from "bun:test";
import { helloFor } from "../../../test/support/client-hello.ts";
import { eventually } from "../../../test/support/eventually.ts";
import {
  bytesTo,
  destination,
  endpoint,
  outboundResources,
  upstreamListener,
} from "../../../test/support/proxy-config.ts";
import { OK, onHeads, rawServer } from "../../../test/support/raw-server.ts";
import { call, DEAD_PORT, greeting, leadingTo } from "../../../test/support/tcp-ends.ts";

describe("a port of which nobody said what it carries", () => {
  test("serves a server that speaks first, and remembers that it does", async () => {
    await using server = await greeting();
    await using web = await leadingTo([server.port]);
    for (let i = 0; i < 2; i++) {
      const caller = await call(web.here);
      await eventually(() => caller.text() === "220 ready\r\n");
      caller.socket.write("GET / HTTP/1.1\r\n");
      await eventually(() => caller.text().endsWith("GET / HTTP/1.1\r\n"));
      caller.socket.end();
      await eventually(caller.hasEnded);
    }
    await eventually(async () => (await web.log()).length === 2);
    expect(web.plane.verdicts()).toEqual([
      { destination: "db.shop.svc.cluster.local", spoken: ["server-first"] },
    ]);
  });

  test("serves requests, bytes, TLS and a server that speaks first, side by side", async () => {
    await using server = await rawServer((socket) => {
      const silent = setTimeout(() => socket.write("hello"), 400);
      socket.once("data", (bytes) => {
        clearTimeout(silent);
        const isRequest = bytes.toString("latin1").startsWith("GET");
        socket.write(isRequest ? OK : `echo:${bytes.length}`);
      });
      socket.on("close", () => clearTimeout(silent));
    });
    await using web = await leadingTo([server.port]);
    const said: string[] = [];
    for (const words of ["GET / HTTP/1.1\r\nhost: db\r\n\r\n", "\x00\x00\x00\x08", helloFor("x")]) {
      const caller = await call(web.here);
      caller.socket.write(words);
      await eventually(() => caller.text().length > 0);
      said.push(caller.text().split("\r\n")[0] ?? "");
      caller.socket.destroy();
    }
    const silent = await call(web.here);
    await eventually(() => silent.text() === "hello");
    silent.socket.destroy();
    expect(said).toEqual(["HTTP/1.1 200 OK", "echo:4", `echo:${helloFor("x").length}`]);
    expect(web.plane.verdicts()[0]?.spoken).toEqual(["http1", "tcp", "tls", "server-first"]);
  });

  test("forgets what it remembered when a caller begins after all", async () => {
    await using first = await greeting();
    await using web = await leadingTo([first.port]);
    const greeted = await call(web.here);
    await eventually(() => greeted.text().length > 0);
    greeted.socket.destroy();
    await using second = await rawServer((socket) => onHeads(socket, () => socket.write(OK)));
    const changed = destination("db", [endpoint(second.port)], { connections: bytesTo("db") });
    web.apply(outboundResources([changed], upstreamListener("upstream|1", "db")));
    for (let i = 0; i < 2; i++) {
      const caller = await call(web.here);
      caller.socket.write("GET / HTTP/1.1\r\nhost: db\r\n\r\n");
      await eventually(() => caller.text().includes("200 OK"));
      caller.socket.destroy();
    }
    expect(web.plane.verdicts()[0]?.spoken).toEqual(["http1"]);
  });

  test("tells a silent caller when nothing can be reached, and waits for a request all the same", async () => {
    await using web = await leadingTo([DEAD_PORT]);
    const silent = await call(web.here);
    await eventually(silent.isClosed);
    expect((await web.log())[0]).toMatchObject({
      protocol: "TCP",
      response_flags: "UF",
      weft_error: "upstream-connect-refused",
      upstream_cluster: "db",
    });
    const asking = await call(web.here);
    asking.socket.write("GET / HTTP/1.1\r\nhost: db\r\n\r\n");
    await eventually(() => asking.text().includes("upstream-connect-refused"));
    expect(asking.text()).toStartWith("HTTP/1.1 503");
    asking.socket.destroy();
  });
});
