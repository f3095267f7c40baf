import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { startBackend } from "../backend/start-backend.ts";
import { Lab } from "../lab/lab.ts";
import { extendPath } from "../lab/programs.ts";
import { untilArmServes } from "../measure/until-arm-serves.ts";
import { provideArm } from "./provide-arm.ts";
import { serverArm } from "./server-arm.ts";

extendPath();

interface Outcome {
  readonly status: string;
  readonly protocol: string | null;
  readonly cipher: string;
}

const refused: Outcome = { status: "", protocol: null, cipher: "" };
const outcomeOf = (socket: TLSSocket, status: string): Outcome => ({
  ...{ status, protocol: socket.getProtocol(), cipher: socket.getCipher().name },
});

/** What a TLS client gets for one request over HTTP/1.1; nothing when it is turned away. */
function askHttp1(options: ConnectionOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", ALPNProtocols: ["http/1.1"], ...options });
    socket.on("secureConnect", () => socket.write("GET / HTTP/1.1\r\nHost: bench\r\n\r\n"));
    socket.on("data", (octets: Buffer) => {
      resolve(outcomeOf(socket, octets.toString("latin1", 9, 12)));
      socket.destroy();
    });
    socket.on("error", () => resolve(refused));
    socket.on("end", () => resolve(refused));
  });
}

/** The same over HTTP/2. */
function askHttp2(options: ConnectionOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", ALPNProtocols: ["h2"], ...options });
    const session = connectHttp2("https://bench", { createConnection: () => socket });
    const end = (outcome: Outcome): void => {
      resolve(outcome);
      session.destroy();
    };
    for (const event of ["error", "close"] as const) {
      session.on(event, () => end(refused));
      socket.on(event, () => end(refused));
    }
    const stream = session.request({ ":path": "/" });
    stream.on("response", (fields) => end(outcomeOf(socket, `${fields[":status"]}`)));
    stream.on("error", () => end(refused));
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
    const ask = name === "nghttpx" || name.endsWith("-h2") ? askHttp2 : askHttp1;
    expect(await ask({ ...known, ...shown })).toEqual({
      ...{ status: "200", protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" },
    });
    expect((await ask(known)).status).not.toBe("200");
  },
  60_000,
);
