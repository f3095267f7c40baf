// Proxies of other makers in the mesh: they know Istio's names of protocols, and not Weft's.
import { describe, expect, test } from "bun:test";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Cluster } from "#config/cluster.ts";
import { headers, request } from "#http/http2/testing/raw-frames.ts";
import { ScriptedPeer } from "#http/http2/testing/scripted-peer.ts";
import { DEFAULT_WATERMARKS } from "#net/socket-transport.ts";
import { transportOver } from "#net/transport-over.ts";
import { backend } from "../support/backend.ts";
import { testSvid } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { endpoint, inboundCluster, inboundListener, resource } from "../support/proxy-config.ts";
import { leadingTo } from "../support/proxy-pair.ts";
import { OK, onHeads, rawServer } from "../support/raw-server.ts";
import { direct, freshIssuer, idOf, runPlane } from "../support/running-plane.ts";
import type { TestIssuer } from "../support/test-issuer.ts";

const HOUR_MS = 3_600_000;

/** What a workload of the mesh shows, and whom it believes. */
function shownBy(issuer: TestIssuer, name: string) {
  const now = Date.now();
  const validity = { notBeforeMs: now - HOUR_MS, notAfterMs: now + HOUR_MS };
  const { pem, privateKey } = testSvid(issuer.root, idOf(name), validity);
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { cert: pem, key, ca: issuer.root.pem };
}

/** A proxy beside payments that chooses among these names. */
async function peer(issuer: TestIssuer, alpn: readonly string[]) {
  const chosen: string[] = [];
  const http2 = createHttp2Server((request, response) => response.end(`h2 ${request.url}`));
  const sockets = new Set<TLSSocket>();
  const server = createTlsServer(
    {
      ...shownBy(issuer, "payments"),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [...alpn],
    },
    (socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      chosen.push(String(socket.alpnProtocol));
      if (socket.alpnProtocol === "istio-h2") http2.emit("connection", socket);
      else if (socket.alpnProtocol === "istio")
        socket.on("data", (bytes) => socket.write(`echo ${bytes}`));
      else onHeads(socket, () => socket.write(OK));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    chosen,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const names = ["istio-h2", "istio-http/1.1", "istio"];

async function calling(
  issuer: TestIssuer,
  port: number,
  cluster: Partial<Cluster>,
  content?: "tcp",
) {
  const to = endpoint(port, { identities: [idOf("payments")], transports: ["istio-mtls"] });
  const transport = { kind: "mtls", sni: "payments", extraIdentities: [] } as const;
  return leadingTo([to], { transport, ...cluster }, { issuer }, content);
}

describe("to a peer that does not know Weft", () => {
  test.each([
    ["requests go in HTTP/1.1 unless more is declared", {}, "istio-http/1.1", "ok\n"],
    ["requests to a port of HTTP/2 share a connection", { protocol: "http2" }, "istio-h2", "h2 /a"],
  ] as const)("%s", async (_, cluster, name, body) => {
    const issuer = freshIssuer();
    await using payments = await peer(issuer, names);
    await using web = await calling(issuer, payments.port, cluster);
    const answers = await Promise.all(Array.from({ length: 5 }, () => direct(web.port, "/a")));
    expect(new Set(answers.map((each) => each.body))).toEqual(new Set([body]));
    expect(new Set(payments.chosen)).toEqual(new Set([name]));
    expect(payments.chosen.length).toBe(name === "istio-h2" ? 1 : 5);
  });

  test("bytes go by Istio's name for them", async () => {
    const issuer = freshIssuer();
    await using payments = await peer(issuer, names);
    await using web = await calling(issuer, payments.port, {}, "tcp");
    const answer = Promise.withResolvers<string>();
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: web.port,
      socket: { data: (_, bytes) => answer.resolve(bytes.toString()) },
    });
    socket.write("hello");
    expect(await answer.promise).toBe("echo hello");
    expect(payments.chosen).toEqual(["istio"]);
    socket.end();
  });

  test("who it is not is not spoken to", async () => {
    const issuer = freshIssuer();
    await using stranger = await peer(freshIssuer(), names);
    await using web = await calling(issuer, stranger.port, {});
    const { status, headers } = await direct(web.port, "/a");
    expect(status).toBe(503);
    expect(headers["weft-error"]).toStartWith("upstream-tls-failure;");
  });
});

describe("from a caller that does not know Weft", () => {
  async function payments(issuer: TestIssuer, appPort: number) {
    const name = `inbound|${appPort}`;
    const plane = await runPlane({
      name: "payments",
      issuer,
      sockets: [name],
      resources: [
        resource("listener", inboundListener(appPort, "strict")),
        resource("cluster", inboundCluster(appPort)),
      ],
    });
    const call = (alpn: readonly string[]): Promise<TLSSocket> =>
      new Promise((resolve, reject) => {
        const socket = connectTls(
          {
            ...shownBy(issuer, "web"),
            host: "127.0.0.1",
            port: plane.port(name),
            ALPNProtocols: [...alpn],
            checkServerIdentity: () => undefined,
          },
          () => resolve(socket),
        );
        socket.on("error", reject);
      });
    return { call, log: plane.log, [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose]() };
  }

  test.each([
    [["istio-http/1.1", "istio"], "istio-http/1.1"],
    [["istio-http/1.0", "istio", "http/1.0"], "istio-http/1.0"],
    [["http/1.1"], "http/1.1"],
  ])("that offers %j is served in HTTP/1.1", async (offered, chosen) => {
    const issuer = freshIssuer();
    await using app = await backend((_, response) => response.end("served"));
    await using to = await payments(issuer, app.port);
    const socket = await to.call(offered);
    expect(socket.alpnProtocol).toBe(chosen);
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes;
    });
    socket.write("GET /a HTTP/1.1\r\nhost: payments\r\n\r\n");
    await eventually(() => text.endsWith("served"));
    expect(app.seen[0]?.headers["x-forwarded-client-cert"]).toContain(idOf("web"));
    socket.destroy();
  });

  test.each([
    [["istio-h2", "istio"], "istio-h2"],
    [["h2"], "h2"],
  ])("that offers %j is served in HTTP/2", async (offered, chosen) => {
    const issuer = freshIssuer();
    await using app = await backend((_, response) => response.end("served"));
    await using to = await payments(issuer, app.port);
    const socket = await to.call(offered);
    expect(socket.alpnProtocol).toBe(chosen);
    const peer = new ScriptedPeer(transportOf(socket), { role: "client" });
    peer.send(headers(1, request("GET", "/a")));
    await peer.until("DATA 1");
    expect(peer.body).toBe("served");
    socket.destroy();
    expect((await to.log())[0]).toMatchObject({ protocol: "HTTP/2", response_code: 200 });
  });

  test("that offers Istio's name for bytes is passed on as bytes", async () => {
    const issuer = freshIssuer();
    await using app = await rawServer((socket) => {
      socket.write("220 ready\r\n");
      socket.on("data", (bytes) => socket.write(bytes));
    });
    await using to = await payments(issuer, app.port);
    const socket = await to.call(["istio"]);
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes;
    });
    await eventually(() => text === "220 ready\r\n");
    socket.write("GET / HTTP/1.1\r\n\r\n");
    await eventually(() => text.endsWith("GET / HTTP/1.1\r\n\r\n"));
    socket.destroy();
  });
});

describe("TLS of the application's own, from a caller outside of the mesh", () => {
  /** An application that speaks TLS, behind a proxy; the caller believes the application's authority only. */
  async function secured(mtls: "permissive" | "strict", content: "tcp" | "detect") {
    const outside = freshIssuer();
    const issuer = freshIssuer();
    const sockets = new Set<TLSSocket>();
    const app = createTlsServer({ ...shownBy(outside, "app"), ALPNProtocols: ["h2"] }, (socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => socket.write(`app ${bytes}`));
    });
    await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
    const { port } = app.address() as AddressInfo;
    const name = `inbound|${port}`;
    const listener = { ...inboundListener(port, mtls), content };
    const plane = await runPlane({
      name: "payments",
      issuer,
      sockets: [name],
      resources: [resource("listener", listener), resource("cluster", inboundCluster(port))],
    });
    const call = (to: object): Promise<string> =>
      new Promise((resolve, reject) => {
        const host = { host: "127.0.0.1", port: plane.port(name) };
        const socket = connectTls({ ...host, checkServerIdentity: () => undefined, ...to }, () =>
          socket.write("hello"),
        );
        socket.on("error", reject);
        socket.on("close", () => reject(new Error("closed")));
        socket.once("data", (bytes) => {
          resolve(String(bytes));
          socket.destroy();
        });
      });
    return {
      outside: { ca: outside.root.pem, servername: "app.test" },
      inMesh: { ...shownBy(issuer, "web"), ALPNProtocols: ["istio"] },
      call,
      log: plane.log,
      [Symbol.asyncDispose]: async () => {
        await plane[Symbol.asyncDispose]();
        for (const socket of sockets) socket.destroy();
        await new Promise<void>((resolve) => app.close(() => resolve()));
      },
    };
  }

  test.each(["tcp", "detect"] as const)(
    "reaches it unopened under PERMISSIVE (%s)",
    async (content) => {
      await using app = await secured("permissive", content);
      expect(await app.call(app.outside)).toBe("app hello");
      expect(await app.call({ ...app.outside, ALPNProtocols: ["h2"] })).toBe("app hello");
      await eventually(async () => (await app.log()).length === 2);
      expect((await app.log())[0]).toMatchObject({ protocol: "TCP", response_flags: "-" });
    },
  );

  test("is not let in under STRICT", async () => {
    await using app = await secured("strict", "tcp");
    await expect(app.call(app.outside)).rejects.toThrow();
  });

  test("leaves the mesh's own TLS to the proxy", async () => {
    await using app = await secured("permissive", "tcp");
    // Inside the mesh's TLS comes what is no TLS, which this application does not understand.
    expect(await app.call(app.inMesh).catch(() => "closed")).not.toContain("app");
    await eventually(async () => (await app.log()).length === 1);
    expect((await app.log())[0]).toMatchObject({ peer: idOf("web") });
  });
});

function transportOf(socket: TLSSocket) {
  const nowhere = { host: "", port: 0 };
  const facts = { tls: undefined, remote: nowhere, local: nowhere };
  return transportOver(socket, { ...facts, watermarks: DEFAULT_WATERMARKS });
}
