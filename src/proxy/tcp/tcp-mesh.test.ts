import { describe, expect, test } from "bun:test";
import type { Authorization } from "#config/authorization.ts";
import type { ConfigResource } from "#config/snapshot.ts";
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
import { freshIssuer, idOf, runPlane, SECRET } from "../../../test/support/running-plane.ts";
import { call, DEAD_PORT, greeting } from "../../../test/support/tcp-ends.ts";

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
    await using web = await proxyTo([DEAD_PORT]);
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
