/** A Weft process that the demo started, in a group of its own so that Ctrl-C reaches it only through us. */
export interface Child {
  readonly label: string;
  readonly pid: number;
  readonly exited: Promise<number>;
  /** What it printed on standard output so far (the last 64 KiB). */
  output(): string;
  /** What it said on standard error so far (the last 64 KiB). */
  complaints(): string;
  stop(graceMs: number): Promise<void>;
}

export interface ChildOptions {
  readonly label: string;
  readonly command: readonly string[];
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const keptCharacters = 65_536;

/** Throws what `Bun.spawn` throws. */
export function startChild({ label, command, directory, environment }: ChildOptions): Child {
  const child = Bun.spawn([...command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
    detached: true,
    ...(directory === undefined ? {} : { cwd: directory }),
  });
  const output = keepTail(child.stdout);
  const complaints = keepTail(child.stderr);
  return {
    label,
    pid: child.pid,
    exited: child.exited,
    output,
    complaints,
    async stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => killGroup(child.pid), graceMs);
      await child.exited;
      clearTimeout(timer);
    },
  };
}

function keepTail(stream: ReadableStream<Uint8Array>): () => string {
  let text = "";
  const decoder = new TextDecoder();
  void (async () => {
    for await (const chunk of stream)
      text = (text + decoder.decode(chunk, { stream: true })).slice(-keptCharacters);
  })();
  return () => text;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause; // gone by now
  }
}
