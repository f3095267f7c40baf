// Opens connections, has one request answered on each, says so, and holds them until it is ended; a process of its own.
// usage: idle-client.ts OPTIONS-JSON → "open" on a line
import { readFileSync } from "node:fs";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { IdleOptions } from "./hold-idle.ts";

const { port, connections, head, tls } = JSON.parse(process.argv[2] ?? "") as IdleOptions;
/** Few at once: the proxy's own connections to the backend are not what is counted. */
const AT_ONCE = 8;

const secureContext =
  tls === undefined
    ? undefined
    : createSecureContext({
        cert: readFileSync(tls.files.certificate),
        key: readFileSync(tls.files.key),
        ca: readFileSync(tls.files.roots),
        minVersion: "TLSv1.3",
      });

const open: Socket[] = [];

function dial(): Socket {
  if (tls === undefined || secureContext === undefined)
    return connectPlain({ host: "127.0.0.1", port });
  return connectTls({
    ...{ host: "127.0.0.1", port, secureContext, servername: tls.files.serverName },
    ...(tls.alpn === undefined ? {} : { ALPNProtocols: [...tls.alpn] }),
    checkServerIdentity: () => undefined, // for proxies to check; see handshake-client.ts
  });
}

function once(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = dial();
    open.push(socket);
    socket.on(tls === undefined ? "connect" : "secureConnect", () => socket.write(head));
    socket.once("data", (octets: Buffer) => {
      if (octets.toString("latin1", 9, 12) === "200") resolve();
      else reject(new Error(`an answer of "${octets.toString("latin1", 0, 40)}"`));
    });
    const lost = (cause?: Error): void => {
      process.stderr.write(`connection ${open.length} ended ${cause?.message ?? ""}\n`);
      process.exit(1);
    };
    socket.on("error", lost);
    socket.on("end", () => lost());
  });
}

let begun = 0;
async function some(): Promise<void> {
  while (begun++ < connections) await once();
}

await Promise.all(Array.from({ length: AT_ONCE }, some));
process.stdout.write("open\n");
