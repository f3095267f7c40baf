import { createServer } from "node:net";

/** Below the kernel's own range (ip_local_port_range, from 32768 on), where every port 0 and every outgoing connection comes from. */
const range = { first: 20_000, count: 12_000 } as const;
const given = new Set<number>();

/**
 * A port that was free a moment ago, for programs that cannot take port 0 and say which one they got. Nobody gets it by
 * asking for any port; where a program can ask so, let it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = range.first + Math.floor(Math.random() * range.count);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
