// A workload that calls what a test tells it to, with plain `fetch`, and says what came back. It prints the loopback port
// where it takes orders: POST /call {url, …}, POST /many {id, url, count, parallel, …}, POST /stop {id}.

interface Order {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

interface ManyOrder extends Order {
  readonly id: string;
  /** 0: until it is stopped. */
  readonly count: number;
  readonly parallel: number;
}

const stopped = new Set<string>();

function send({ url, method = "GET", headers = {}, body }: Order): Promise<Response> {
  return fetch(url, {
    method,
    headers,
    redirect: "manual",
    ...(body === undefined ? {} : { body }),
  });
}

async function call(order: Order) {
  const response = await send(order);
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}

async function many(order: ManyOrder) {
  const { id, count, parallel } = order;
  const tally = { calls: 0, slowestMs: 0, statuses: {}, versions: {}, names: {} };
  const failures: string[] = [];
  const fail = (words: string) => {
    if (failures.length < 5) failures.push(words);
  };
  const one = async () => {
    const startedAt = performance.now();
    try {
      const response = await send(order);
      const text = await response.text();
      add(tally.statuses, `${response.status}`);
      if (response.status !== 200)
        return fail(`${response.status} ${response.headers.get("weft-error")} ${text}`);
      const { version, name } = JSON.parse(text) as { version: string; name: string };
      add(tally.versions, version);
      add(tally.names, name);
    } catch (cause) {
      add(tally.statuses, "error");
      fail(String(cause));
    } finally {
      tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startedAt);
    }
  };
  const worker = async () => {
    while (count === 0 ? !stopped.has(id) : tally.calls < count) {
      tally.calls += 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return { ...tally, failures };
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  async fetch(request) {
    const order = (await request.json()) as ManyOrder;
    const { pathname } = new URL(request.url);
    if (pathname === "/call") return Response.json(await call(order));
    if (pathname === "/many") return Response.json(await many(order));
    stopped.add(order.id);
    return Response.json({});
  },
  error: (cause) => new Response(String(cause), { status: 500 }),
});
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);
