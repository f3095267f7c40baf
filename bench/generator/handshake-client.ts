// New mutual-TLS connections, one request on each, as many as come about; a process of its own.
// usage: handshake-client.ts OPTIONS-JSON → one line of JSON
import { readFileSync } from "node:fs";
import { connect, createSecureContext } from "node:tls";
import type { HandshakeOptions } from "./handshakes.ts";

const options = JSON.parse(process.argv[2] ?? "") as HandshakeOptions;
const { port, alpn, files, connections, seconds, head } = options;
const secureContext = createSecureContext({
  cert: readFileSync(files.certificate),
  key: readFileSync(files.key),
  ca: readFileSync(files.roots),
  minVersion: "TLSv1.3",
});
const until = performance.now() + seconds * 1_000;
const latenciesUs: number[] = [];
let failures = 0;

/**
 * The server's name in its certificate is for its proxies to check; that it leads to our roots is checked here. An answer
 * proves that the client's certificate was believed: in TLS 1.3 the client is done before the server has looked at it.
 */
function once(): Promise<void> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host: "127.0.0.1", port, secureContext, servername: files.serverName },
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
      checkServerIdentity: () => undefined,
    });
    const end = (isGood: boolean): void => {
      if (isGood) latenciesUs.push((performance.now() - startedMs) * 1_000);
      else failures++;
      socket.removeAllListeners();
      socket.on("error", () => socket.destroy());
      socket.destroy();
      resolve();
    };
    socket.on("secureConnect", () => socket.write(head));
    socket.once("data", (octets: Buffer) => end(octets.toString("latin1", 9, 12) === "200"));
    socket.on("error", () => end(false));
    socket.on("end", () => end(false));
  });
}

async function again(): Promise<void> {
  while (performance.now() < until) await once();
}

await Promise.all(Array.from({ length: connections }, again));
latenciesUs.sort((one, other) => one - other);
const at = (share: number): number =>
  Math.round(
    latenciesUs[Math.min(latenciesUs.length - 1, Math.floor(share * latenciesUs.length))] ?? 0,
  );
process.stdout.write(
  `${JSON.stringify({ requests: latenciesUs.length, failures, p50Us: at(0.5), p99Us: at(0.99) })}\n`,
);
