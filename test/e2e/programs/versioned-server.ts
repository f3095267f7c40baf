// Answers with its VERSION and NAME on PORT of loopback. While the file FAIL_FILE exists, every answer is a 500.
import { existsSync } from "node:fs";

const { PORT = "0", VERSION = "v1", NAME = "", FAIL_FILE = "" } = process.env;

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(PORT),
  fetch(request) {
    const isFailing = FAIL_FILE !== "" && existsSync(FAIL_FILE);
    const body = { version: VERSION, name: NAME, path: new URL(request.url).pathname };
    return Response.json(body, { status: isFailing ? 500 : 200 });
  },
});
