// What every service of the shop shares: a JSON server on loopback, and calls that carry the trace on.

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  json(): Promise<unknown>;
  /** Calls another service by its name, as any program would; the mesh is none of its business. */
  ask(method: string, url: string, body?: unknown): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A mesh connects the spans of one request only when the application hands these on. */
const traced = ["traceparent", "tracestate", "x-request-id", "x-canary"];

/** Serves on `PORT` of loopback until the process is told to stop. */
export function serve(handle: (call: Call) => Promise<Answer> | Answer): void {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: Number(process.env.PORT ?? 0),
    idleTimeout: 60,
    async fetch(request) {
      const { status, body } = await handle(callOf(request));
      return Response.json(body, { status });
    },
    error: (cause) => Response.json({ error: String(cause) }, { status: 500 }),
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => void server.stop().then(() => process.exit(0)));
}

function callOf(request: Request): Call {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    path: pathname + search,
    headers: request.headers,
    json: () => request.json(),
    ask: (method, url, body) => ask(request.headers, method, url, body),
  };
}

async function ask(
  inherited: Headers,
  method: string,
  url: string,
  body?: unknown,
): Promise<Answer> {
  const headers = new Headers();
  for (const name of traced) {
    const value = inherited.get(name);
    if (value !== null) headers.set(name, value);
  }
  const init =
    body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, body: readJson(text) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const notFound: Answer = { status: 404, body: { error: "no such page" } };
