// Answers with its VERSION and NAME on PORT of loopback (or of HOST), and prints the port when it listens. While the file
// FAIL_FILE exists, every answer is a 500. `?sleepMs=` answers that much later, `/headers` with the request's head. With
// FINISHES set, SIGTERM ends it when it has answered what it was asked.
import { existsSync } from "node:fs";

const { HOST = "127.0.0.1", PORT = "0", VERSION = "v1", NAME = "", FAIL_FILE = "" } = process.env;
const { FINISHES } = process.env;

const server = Bun.serve({
  hostname: HOST,
  port: Number(PORT),
  idleTimeout: 0,
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/headers") return Response.json(Object.fromEntries(request.headers));
    await Bun.sleep(Number(searchParams.get("sleepMs") ?? 0));
    const isFailing = FAIL_FILE !== "" && existsSync(FAIL_FILE);
    const body = { version: VERSION, name: NAME, path: pathname, method: request.method };
    return Response.json(body, { status: isFailing ? 500 : 200 });
  },
});
if (FINISHES !== undefined)
  process.on("SIGTERM", () => {
    setInterval(() => {
      if (server.pendingRequests === 0) process.exit(0);
    }, 10);
  });
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);
