import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { freePort } from "../support/free-port.ts";
import { inboundOf, type Mesh, startMesh } from "../support/mesh.ts";
import { capture } from "../support/packet-capture.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const marker = "the-weft-crosses-the-warp";
const request = "GET / HTTP/1.1\r\nHost: site\r\nConnection: close\r\n\r\n";
const strict = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: shop
spec:
  mtls:
    mode: STRICT
`;

describe("nginx and curl, which know nothing of a mesh", () => {
  let mesh: Mesh;
  let directory: TempDir;
  let nginxPort: number;
  let inbound: { host: string; port: number };

  beforeAll(async () => {
    mesh = await startMesh();
    directory = await tempDir();
    nginxPort = await freePort();
    await mesh.run(
      ["--name", "site", "-n", "shop", "--port", `${nginxPort}`],
      ["nginx", "-p", directory.path, "-c", nginxConfig(directory.path, nginxPort)],
    );
    await mesh.apply(strict);
    inbound = inboundOf(await mesh.proxy("site"));
  }, 60_000);

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
    await directory?.[Symbol.asyncDispose]();
  });

  const curl = (...args: readonly string[]) =>
    mesh.call(
      ["--name", "visitor", "-n", "shop"],
      ["curl", "-sS", "--retry", "5", "--retry-connrefused", ...args],
    );

  test("talk through two proxies, by name and by the application's own port", async () => {
    const byName = await curl("http://site/");
    expect(byName).toMatchObject({ exitCode: 0, stdout: `${marker}\n` });
    const byPort = await curl(`http://site.shop:${nginxPort}/`);
    expect(byPort).toMatchObject({ exitCode: 0, stdout: `${marker}\n` });
  }, 60_000);

  test("the server sees who called: a SPIFFE identity in x-forwarded-client-cert", async () => {
    const { stdout } = await curl("http://site/xfcc");
    expect(stdout).toContain("URI=spiffe://cluster.local/ns/shop/sa/visitor");
  }, 60_000);

  test("the wire between the proxies is TLS, the wire to the application is not", async () => {
    await using between = await capture(inbound.port);
    await using behind = await capture(nginxPort);
    await curl("http://site/");
    await behind.contains(Buffer.from(marker));
    await between.contains(Buffer.from([0x17, 0x03, 0x03])); // TLS application data
    expect(between.bytes().includes(marker)).toBe(false);
    expect(between.bytes().includes("HTTP/1.1")).toBe(false);
  }, 60_000);

  test("plaintext to the proxy is refused under STRICT", async () => {
    const answer = await answerTo(connectTcp(inbound), request);
    expect(answer).toStartWith("HTTP/1.1 403 ");
    expect(answer).toContain("weft-error: tls-required; by=site");
    expect(answer).not.toContain(marker);
  });

  test("TLS without a client certificate is refused under STRICT", async () => {
    const socket = connectTls({
      ...inbound,
      rejectUnauthorized: false,
      ALPNProtocols: ["istio-http/1.1"],
    });
    expect(await answerTo(socket, request)).toBe("");
  });
});

/** All that comes back until the other side closes; a reset counts as nothing. */
function answerTo(socket: ReturnType<typeof connectTcp>, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.on("close", () => resolve(answer));
  socket.write(text);
  return promise;
}

function nginxConfig(directory: string, port: number): string {
  mkdirSync(join(directory, "html"));
  writeFileSync(join(directory, "html/index.html"), `${marker}\n`);
  const path = join(directory, "nginx.conf");
  writeFileSync(
    path,
    `daemon off;
pid ${directory}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${directory}/html;
    location /xfcc { return 200 "$http_x_forwarded_client_cert\\n"; }
  }
}
user root;
`,
  );
  return path;
}
