import { createServer } from "node:net";

/** Below the kernel's own range (`ip_local_port_range`, from 32768 on): no proxy that opens any free port takes one of these. */
const range = { first: 20_000, count: 12_000 } as const;
const attempts = 200;

/** A port that nobody listens on now, for a service that takes it soon. Throws when there is none. */
export async function freeServicePort(random: () => number): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = range.first + Math.floor(random() * range.count);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port in ${attempts} attempts between ${range.first} and 32000`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
