import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type ConnectionOptions, connect } from "node:tls";
import { startBackend } from "../backend/start-backend.ts";
import { Lab } from "../lab/lab.ts";
import { extendPath, provideProgram } from "../lab/programs.ts";
import { BODY_BYTES } from "./arm.ts";
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
      if (!answer.includes("\r\n\r\n")) return;
      resolve({ answer, protocol: socket.getProtocol(), cipher: socket.getCipher().name });
      socket.destroy();
    });
    socket.on("error", refused);
    socket.on("end", refused);
  });
}

test.each(["nginx", "haproxy"] as const)(
  "the pair of %s speaks TLS 1.3 with the one cipher, and only to who has a certificate",
  async (name) => {
    expect(provideProgram(name, console.error)).toBeUndefined();
    await using lab = new Lab();
    const backend = await startBackend(lab, { name: "backend", core: "load", body: BODY_BYTES });
    const { inner } = await serverArm(name, { lab, backend, case: "pair" });
    if (!inner) throw new Error("a pair has a second hop");
    const { roots, client, server } = inner.certificates;
    const known = { port: inner.port, ca: readFileSync(roots), servername: server.name };
    const shown = { cert: readFileSync(client.certificate), key: readFileSync(client.key) };
    const served = await askOverTls({ ...known, ...shown });
    expect(served.answer).toStartWith("HTTP/1.1 200 OK");
    expect(served).toMatchObject({ protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" });
    const anonymous = await askOverTls(known);
    expect(anonymous.answer).not.toContain("200 OK");
  },
  60_000,
);
