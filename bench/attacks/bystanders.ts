// Those who behave, in a process of their own that stays, with its connections and its compiled code: what they feel is not
// their own beginning.
// usage: bystanders.ts PORT CONNECTIONS → one line of JSON with its port; then POST a `BystandersOrder`
import { SteadyLines } from "../../test/support/steady-lines.ts";
import type { LoadResult } from "../../test/support/steady-load.ts";

export interface BystandersOrder {
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
}

export interface Felt {
  readonly load: LoadResult;
  /** In microseconds, each from the moment at which its request was due. */
  readonly latenciesUs: readonly number[];
}

if (import.meta.main) {
  const [port = 0, connections = 0] = process.argv.slice(2).map(Number);
  const lines = new SteadyLines(port, connections);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      const { rate, seconds } = (await request.json()) as BystandersOrder;
      const load = await lines.run(rate, seconds);
      const felt: Felt = {
        load,
        latenciesUs: lines.latenciesMs.map((ms) => Math.round(ms * 1_000)),
      };
      return Response.json(felt);
    },
  });
  process.stdout.write(`${JSON.stringify({ control: server.port })}\n`);
}
