import { describe, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import type { Authorization } from "#config/authorization.ts";
import type { Cluster } from "#config/cluster.ts";
import type { ConnectionRoutes } from "#config/connection-routes.ts";
import type { ConfigResource } from "#config/snapshot.ts";
import { helloFor } from "../../../test/support/client-hello.ts";
import { eventually } from "../../../test/support/eventually.ts";
import {
  bytesTo,
  destination,
  endpoint,
  httpProxyListener,
  inboundCluster,
  inboundListener,
  outboundResources,
  resource,
  upstreamListener,
} from "../../../test/support/proxy-config.ts";
import { OK, onHeads, rawServer } from "../../../test/support/raw-server.ts";
import {
  freshIssuer,
  idOf,
  type RunningPlane,
  runPlane,
  SECRET,
} from "../../../test/support/running-plane.ts";

/** One end of a connection, and all that it was told. */
interface Caller {
  readonly socket: Socket;
  readonly text: () => string;
  readonly hasEnded: () => boolean;
  readonly isClosed: () => boolean;
}

function call(port: number): Promise<Caller> {
  const socket = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let hasEnded = false;
  let isClosed = false;
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  socket.on("end", () => {
    hasEnded = true;
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
  });
  const caller = {
    socket,
    text: () => text,
    hasEnded: () => hasEnded,
    isClosed: () => isClosed || hasEnded,
  };
  return new Promise((resolve) => socket.on("connect", () => resolve(caller)));
}

const echo = (prefix = "") =>
  rawServer((socket) => {
    socket.on("data", (bytes) => socket.write(prefix + bytes.toString("latin1"), "latin1"));
    socket.on("end", () => socket.end());
  });

/** Greets, then answers each line with itself. */
const greeting = (words = "220 ready\r\n") =>
  rawServer((socket) => {
    socket.write(words);
    socket.on("data", (bytes) => socket.write(bytes));
    socket.on("end", () => socket.end());
  });

/** A loopback port of a proxy that leads to `db`, whose cluster has these endpoints. */
async function leadingTo(
  ports: readonly number[],
  more: {
    readonly connections?: ConnectionRoutes;
    readonly cluster?: Partial<Cluster>;
    readonly others?: readonly ReturnType<typeof destination>[];
  } = {},
): Promise<RunningPlane & { readonly here: number }> {
  const { connections = bytesTo("db"), cluster, others = [] } = more;
  const db = destination(
    "db",
    ports.map((port) => endpoint(port)),
    { connections, ...(cluster && { cluster }) },
  );
  const resources = outboundResources([db, ...others], upstreamListener("upstream|1", "db"));
  const plane = await runPlane({ name: "web", sockets: ["upstream|1", "admin"], resources });
  return Object.assign(plane, { here: plane.port("upstream|1") });
}

const unusedPort = async (): Promise<number> => {
  await using server = await rawServer(() => undefined);
  return server.port;
};

async function metric(plane: RunningPlane, name: string): Promise<number> {
  const families = plane.plane.metrics.families();
  const values = families.find((family) => family.name === name)?.metrics ?? [];
  return values.reduce((sum, each) => sum + (each.kind === "value" ? each.value : 0), 0);
}

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
    await using web = await leadingTo([await unusedPort()]);
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

describe("a connection of bytes", () => {
  test("is half-closed in both directions, whoever begins", async () => {
    await using server = await rawServer((socket) => {
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes.toString("latin1");
      });
      socket.on("end", () => socket.end(`you said ${text}`));
    });
    await using web = await leadingTo([server.port], { connections: bytesTo("db", "tcp") });
    const caller = await call(web.here);
    caller.socket.end("all of it");
    await eventually(() => caller.text() === "you said all of it" && caller.hasEnded());

    await using early = await rawServer((socket) => {
      socket.end("bye");
      socket.on("data", (bytes) => received.push(bytes.toString("latin1")));
    });
    const received: string[] = [];
    await using other = await leadingTo([early.port], { connections: bytesTo("db", "tcp") });
    const talker = await call(other.here);
    await eventually(() => talker.text() === "bye" && talker.hasEnded());
    talker.socket.end("still heard");
    await eventually(() => received.join("") === "still heard");
    await eventually(async () => (await other.log()).length === 1);
    expect((await other.log())[0]).toMatchObject({ response_flags: "-", bytes_sent: 3 });
  });

  test("passes on an end without a word", async () => {
    await using server = await rawServer((socket) => socket.on("end", () => socket.end("daytime")));
    await using web = await leadingTo([server.port]);
    const caller = await call(web.here);
    caller.socket.end();
    await eventually(() => caller.text() === "daytime" && caller.hasEnded());
  });

  test("goes to another endpoint when one cannot be reached", async () => {
    await using server = await echo();
    const dead = [await unusedPort(), await unusedPort()];
    await using web = await leadingTo([...dead, server.port], {
      connections: bytesTo("db", "tcp"),
    });
    for (let i = 0; i < 6; i++) {
      const caller = await call(web.here);
      caller.socket.write("x");
      await eventually(() => caller.text() === "x");
      caller.socket.end();
      await eventually(caller.hasEnded);
    }
    await eventually(async () => (await web.log()).length === 6);
    const lines = await web.log();
    expect(lines.every((line) => line.response_flags === "-")).toBe(true);
    expect(lines.some((line) => Number(line.attempts) > 1)).toBe(true);
  });

  test("is shared out by weight and routed by what its TLS asks for", async () => {
    await using v1 = await echo("v1:");
    await using v2 = await echo("v2:");
    await using named = await echo("named:");
    const connections: ConnectionRoutes = {
      content: "tls",
      addresses: [],
      tls: [
        {
          serverNames: ["*.example.com"],
          subnets: [],
          clusters: [{ cluster: "named", weight: 1 }],
        },
      ],
      tcp: [
        {
          subnets: [],
          clusters: [
            { cluster: "db", weight: 1 },
            { cluster: "v2", weight: 1 },
            { cluster: "named", weight: 0 },
          ],
        },
      ],
    };
    await using web = await leadingTo([v1.port], {
      connections,
      others: [
        destination("v2", [endpoint(v2.port)]),
        destination("named", [endpoint(named.port)]),
      ],
    });
    const answers = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const caller = await call(web.here);
      caller.socket.write("plain");
      await eventually(() => caller.text().length > 0);
      answers.add(caller.text());
      caller.socket.destroy();
    }
    expect([...answers].sort()).toEqual(["v1:plain", "v2:plain"]);
    const hello = helloFor("db.example.com");
    const caller = await call(web.here);
    for (const byte of hello) {
      caller.socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => caller.text().startsWith("named:\x16\x03"));
    caller.socket.destroy();
    await eventually(async () =>
      (await web.log()).some(
        (line) =>
          line.requested_server_name === "db.example.com" && line.upstream_cluster === "named",
      ),
    );
  });

  test("is refused past the limit of the destination's connections, and let in when one has ended", async () => {
    await using server = await echo();
    await using web = await leadingTo([server.port], {
      connections: bytesTo("db", "tcp"),
      cluster: { limits: { maxRequestsPerConnection: 0, maxConnections: 1 } },
    });
    const first = await call(web.here);
    first.socket.write("1");
    await eventually(() => first.text() === "1");
    const second = await call(web.here);
    await eventually(second.isClosed);
    expect((await web.log())[0]).toMatchObject({
      response_flags: "UO",
      weft_error: "circuit-open",
      attempts: 0,
    });
    first.socket.end();
    await eventually(first.hasEnded);
    await eventually(async () => (await web.log()).length === 2);
    const third = await call(web.here);
    third.socket.write("3");
    await eventually(() => third.text() === "3");
    third.socket.destroy();
  });

  test("ends when no byte came in either direction for its idle time, and not before", async () => {
    await using server = await rawServer((socket) => {
      const ticking = setInterval(() => socket.write("."), 300);
      socket.on("data", () => clearInterval(ticking));
      socket.on("close", () => clearInterval(ticking));
    });
    await using web = await leadingTo([server.port], {
      connections: bytesTo("db", "tcp"),
      cluster: { tcpIdleTimeoutMs: 1_000 },
    });
    const caller = await call(web.here);
    // 2.4 s of one direction only
    await eventually(() => caller.text().length >= 8);
    caller.socket.write("x");
    await eventually(caller.isClosed);
    await eventually(async () => (await web.log()).length === 1);
    expect((await web.log())[0]).toMatchObject({ response_flags: "SI" });
  }, 15_000);

  test("is counted by Istio's names while it is open", async () => {
    await using server = await echo("reply:");
    await using web = await leadingTo([server.port], { connections: bytesTo("db", "tcp") });
    const caller = await call(web.here);
    caller.socket.write("four");
    await eventually(() => caller.text() === "reply:four");
    expect(await metric(web, "istio_tcp_connections_opened_total")).toBe(1);
    await eventually(async () => (await metric(web, "istio_tcp_received_bytes_total")) === 4, {
      deadlineMs: 5_000,
    });
    expect(await metric(web, "istio_tcp_sent_bytes_total")).toBe(10);
    expect(await metric(web, "istio_tcp_connections_closed_total")).toBe(0);
    caller.socket.end();
    await eventually(async () => (await metric(web, "istio_tcp_connections_closed_total")) === 1);
  });

  test("that breaks says whose end broke", async () => {
    const held: Socket[] = [];
    await using server = await rawServer((socket) => {
      held.push(socket);
      socket.on("data", (bytes) => socket.write(bytes));
    });
    await using web = await leadingTo([server.port], { connections: bytesTo("db", "tcp") });
    for (const side of ["upstream", "downstream"]) {
      const caller = await call(web.here);
      caller.socket.write("x");
      await eventually(() => caller.text() === "x");
      if (side === "upstream") held.at(-1)?.resetAndDestroy();
      else caller.socket.resetAndDestroy();
      const lines = side === "upstream" ? 1 : 2;
      await eventually(async () => (await web.log()).length === lines);
    }
    expect((await web.log()).map((line) => line.response_flags)).toEqual(["UC", "DC"]);
  });

  test("holds no more than what its reader takes", async () => {
    let sent = 0;
    const piece = Buffer.alloc(64 * 1024);
    await using server = await rawServer((socket) => {
      const write = (): void => {
        while (!socket.destroyed && sent < 512 * 1024 * 1024) {
          sent += piece.length;
          if (!socket.write(piece)) {
            socket.once("drain", write);
            return;
          }
        }
      };
      write();
    });
    await using web = await leadingTo([server.port], { connections: bytesTo("db", "tcp") });
    const socket = createConnection(web.here, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.pause();
    let before = -1;
    let looksAlike = 0;
    await eventually(
      () => {
        looksAlike = sent > 0 && sent === before ? looksAlike + 1 : 0;
        before = sent;
        return looksAlike >= 20;
      },
      { deadlineMs: 10_000 },
    );
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
  }, 15_000);
});

describe("CONNECT to a port of bytes", () => {
  const secret = Buffer.from(`weft:${SECRET}`).toString("base64");
  const head = (authority: string) =>
    `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\nproxy-authorization: Basic ${secret}\r\n\r\n`;

  const proxyTo = (ports: readonly number[]) =>
    runPlane({
      name: "web",
      sockets: ["http-proxy"],
      resources: outboundResources(
        [
          destination(
            "db",
            ports.map((port) => endpoint(port)),
            { connections: bytesTo("db", "tcp") },
          ),
        ],
        httpProxyListener({ unknownHosts: "refuse" }),
      ),
    });

  test("agrees when the destination does, and delivers what was sent ahead", async () => {
    await using server = await greeting("hi\n");
    await using web = await proxyTo([server.port]);
    const caller = await call(web.port("http-proxy"));
    caller.socket.write(`${head("db:80")}GET / HTTP/1.1\r\n\r\n`);
    await eventually(() => caller.text().endsWith("hi\nGET / HTTP/1.1\r\n\r\n"));
    expect(caller.text()).toStartWith("HTTP/1.1 200");
    caller.socket.end();
    await eventually(caller.hasEnded);
    expect(await web.log()).toHaveLength(1);
  });

  test("that the destination refuses leaves what was sent ahead to be a request, under every rule", async () => {
    await using web = await proxyTo([await unusedPort()]);
    const caller = await call(web.port("http-proxy"));
    caller.socket.write(`${head("db:80")}GET http://db/ahead HTTP/1.1\r\nhost: db\r\n\r\n`);
    await eventually(() => caller.text().includes("407"));
    const answers = caller.text();
    expect(answers).toStartWith("HTTP/1.1 503");
    expect(answers).toContain("weft-error: upstream-connect-refused");
    expect(answers).toContain("weft-error: proxy-auth-required");
    caller.socket.destroy();
    await eventually(async () => (await web.log()).length === 2);
    expect(await web.log()).toMatchObject([
      { method: "CONNECT", response_code: 503 },
      { method: "GET", path: "/ahead", response_code: 407 },
    ]);
  });
});

describe("between two proxies", () => {
  async function pair(appPort: number, authorization?: Authorization) {
    const issuer = freshIssuer();
    const name = `inbound|${appPort}`;
    const inbound = {
      ...inboundListener(appPort, "strict", authorization),
      content: "tcp",
    } as const;
    const db = await runPlane({
      name: "db",
      issuer,
      sockets: [name],
      resources: [
        resource("listener", inbound),
        resource("cluster", inboundCluster(appPort)),
      ] satisfies readonly ConfigResource[],
    });
    const transport = {
      kind: "auto-mtls",
      sni: "outbound_.80_._.db",
      extraIdentities: [],
    } as const;
    const to = endpoint(db.port(name), {
      identities: [idOf("db")],
      transports: ["istio-mtls", "plain"],
    });
    const web = await runPlane({
      name: "web",
      issuer,
      sockets: ["upstream|1"],
      resources: outboundResources(
        [destination("db", [to], { cluster: { transport }, connections: bytesTo("db") })],
        upstreamListener("upstream|1", "db"),
      ),
    });
    return {
      db,
      web,
      here: web.port("upstream|1"),
      there: db.port(name),
      async [Symbol.asyncDispose]() {
        await web[Symbol.asyncDispose]();
        await db[Symbol.asyncDispose]();
      },
    };
  }

  const denyPort = (port: number): Authorization => ({
    deny: [
      {
        name: "ns[shop]-policy[no-db]-rule[0]",
        origin: { kind: "AuthorizationPolicy", namespace: "shop", name: "no-db", generation: 1 },
        when: { kind: "destination-port", port },
      },
    ],
  });

  test("bytes travel by mutual TLS, a server that speaks first included", async () => {
    await using server = await greeting();
    await using both = await pair(server.port);
    const caller = await call(both.here);
    await eventually(() => caller.text() === "220 ready\r\n");
    caller.socket.write("quit");
    await eventually(() => caller.text().endsWith("quit"));
    caller.socket.end();
    await eventually(caller.hasEnded);
    await eventually(async () => (await both.db.log()).length === 1);
    expect((await both.db.log())[0]).toMatchObject({
      protocol: "TCP",
      peer: idOf("web"),
      response_flags: "-",
    });
    const family = both.db.plane.metrics
      .families()
      .find(({ name }) => name === "istio_tcp_connections_opened_total");
    expect(Object.fromEntries(family?.metrics[0]?.labels ?? [])).toMatchObject({
      reporter: "destination",
      source_principal: idOf("web"),
      request_protocol: "tcp",
      connection_security_policy: "mutual_tls",
    });
  });

  test("a caller without a certificate is closed, and the log says why", async () => {
    await using server = await greeting();
    await using both = await pair(server.port);
    const stranger = await call(both.there);
    stranger.socket.write("bytes");
    await eventually(stranger.isClosed);
    expect(stranger.text()).toBe("");
    expect(server.connections).toBe(0);
    expect((await both.db.log())[0]).toMatchObject({
      protocol: "TCP",
      response_flags: "UAEX",
      response_code_details: "mutual_tls_required",
      weft_error: "tls-required",
    });
  });

  test("a policy by port closes the connection, and names the rule", async () => {
    await using server = await greeting();
    await using both = await pair(server.port, denyPort(server.port));
    const caller = await call(both.here);
    await eventually(caller.isClosed);
    expect([caller.text(), server.connections]).toEqual(["", 0]);
    expect((await both.db.log())[0]).toMatchObject({
      response_flags: "UAEX",
      weft_error: "denied-by-policy",
      response_code_details: "rbac_access_denied_matched_policy[ns[shop]-policy[no-db]-rule[0]]",
    });
  });
});
