import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type ConnectionOptions, connect } from "node:tls";
import { startBackend } from "../backend/start-backend.ts";
import { Lab } from "../lab/lab.ts";
import { extendPath } from "../lab/programs.ts";
import { untilArmServes } from "../measure/until-arm-serves.ts";
import { provideArm } from "./provide-arm.ts";
import { serverArm } from "./server-arm.ts";

extendPath();

interface Outcome {
  readonly answer: string;
  readonly protocol: string | null;
  readonly cipher: string;
}

/** What a TLS client gets for one request; an empty answer when it is turned away. */
function askOverTls(options: ConnectionOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", ...options });
    let answer = "";
    const refused = (): void => resolve({ answer, protocol: null, cipher: "" });
    socket.on("secureConnect", () => socket.write("GET / HTTP/1.1\r\nHost: bench\r\n\r\n"));
    socket.on("data", (octets: Buffer) => {
      answer += octets.toString("latin1");
      resolve({ answer, protocol: socket.getProtocol(), cipher: socket.getCipher().name });
      socket.destroy();
    });
    socket.on("error", refused);
    socket.on("end", refused);
  });
}

test.each(["nginx", "haproxy", "haproxy-h2", "nghttpx", "envoy", "envoy-h2"] as const)(
  "the pair of %s speaks TLS 1.3 with the one cipher, and only to who has a certificate",
  async (name) => {
    expect(provideArm(name, console.error)).toBeUndefined();
    await using lab = new Lab();
    const backend = await startBackend(lab, { name: "backend", core: "load", body: 1_024 });
    const arm = await serverArm(name, { lab, backend, setup: { kind: "pair" }, key: "pair" });
    await untilArmServes(lab, arm, "pair");
    if (!arm.inner) throw new Error("a pair has a second hop");
    const { certificate, key, roots, serverName } = arm.inner.client;
    const known = { port: arm.inner.port, ca: readFileSync(roots), servername: serverName };
    const shown = { cert: readFileSync(certificate), key: readFileSync(key) };
    const isHttp2 = name.endsWith("-h2");
    const protocols = { ALPNProtocols: [isHttp2 ? "h2" : "http/1.1"] };
    const served = await askOverTls({ ...known, ...shown, ...protocols });
    // Over HTTP/2 an HTTP/1 request is answered by an end; that there was a handshake is what counts.
    if (!isHttp2) expect(served.answer).toStartWith("HTTP/1.1 200 OK");
    expect(served).toMatchObject({ protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" });
    const anonymous = await askOverTls({ ...known, ...protocols });
    expect(anonymous.answer).not.toContain("200 OK");
  },
  60_000,
);
