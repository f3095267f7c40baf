// The server behind every arm: our C program where there is a compiler, otherwise nginx with the same answer.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/free-port.ts";
import { nginxPreamble } from "../arms/nginx-preamble.ts";
import type { Core } from "../lab/cores.ts";
import type { Lab, LabProcess } from "../lab/lab.ts";
import { until, untilServes } from "../lab/wait.ts";

export interface Backend {
  readonly port: number;
  /** What it is, for the report. */
  readonly description: string;
  /** The processes that serve, to be pinned or paused together. */
  readonly process: LabProcess;
  /** Whether it has `/64k` and `/stream` besides. */
  readonly hasLargeBodies: boolean;
}

export interface BackendOptions {
  readonly name: string;
  readonly core: Core;
  /** A number: so many octets. */
  readonly body: number | string;
}

/** Throws when it does not come up. */
export async function startBackend(lab: Lab, options: BackendOptions): Promise<Backend> {
  const program = compileBackend(lab);
  return program === undefined ? startNginx(lab, options) : startOwn(lab, program, options);
}

function compileBackend(lab: Lab): string | undefined {
  if (Bun.which("gcc") === null) return undefined;
  const program = join(lab.folder("backend"), "backend");
  const source = join(import.meta.dir, "backend.c");
  const run = Bun.spawnSync(["gcc", "-O2", "-o", program, source], { stderr: "pipe" });
  return run.exitCode === 0 ? program : undefined;
}

async function startOwn(lab: Lab, program: string, options: BackendOptions): Promise<Backend> {
  const { name, core, body } = options;
  const output = join(lab.folder(name), "output.log");
  const argument = typeof body === "number" ? `${body}` : `=${body}`;
  const process = lab.start({ name, core, command: [program, "0", argument], output });
  let port = 0;
  await until({ lab, watched: [process], what: `${name} says its port` }, () => {
    port = Number(/^port (\d+)$/m.exec(readFileSync(output, "utf8"))?.[1] ?? 0);
    return port > 0;
  });
  const description = "bench/backend/backend.c (one thread, epoll)";
  return { port, process, description, hasLargeBodies: true };
}

async function startNginx(lab: Lab, options: BackendOptions): Promise<Backend> {
  const { name, core, body } = options;
  const folder = lab.folder(name);
  const port = await freePort();
  const text = typeof body === "number" ? "x".repeat(body) : body;
  const file = join(folder, "nginx.conf");
  const preamble = nginxPreamble(folder);
  // No master: one process is pinned and paused as one.
  writeFileSync(
    file,
    `${preamble.main}
master_process off;
http {
${preamble.http}
  access_log off;
  server { listen 127.0.0.1:${port}; location / { return 200 "${text}"; } }
}
`,
  );
  const process = lab.start({ name, core, command: ["nginx", "-c", file, "-e", "stderr"] });
  await untilServes({ lab, watched: [process] }, { port, bodyBytes: text.length });
  const description = "nginx, one process, `return 200`";
  return { port, process, description, hasLargeBodies: false };
}
