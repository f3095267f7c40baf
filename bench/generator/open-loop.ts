// The open-loop generator, a process of its own: requests leave at a fixed rate whether or not the answers come, and every
// latency counts from the moment at which the request was due. It polls without pause and so needs its core for itself.
// usage: open-loop.ts PORT RATE CONNECTIONS SECONDS → one line of JSON
import { AnswerReader } from "./answer-reader.ts";
import { LoopbackSockets } from "./loopback-sockets.ts";

const STUCK_NS = 10e9;
const request = Buffer.from("GET / HTTP/1.1\r\nHost: bench\r\n\r\n", "latin1");

interface Schedule {
  readonly port: number;
  /** Requests per second. */
  readonly rate: number;
  readonly connections: number;
  readonly seconds: number;
}

/** Latencies in nanoseconds, in the order of the answers. A connection carries one request at a time. */
function run({ port, rate, connections, seconds }: Schedule): Float64Array {
  const sockets = new LoopbackSockets(port, connections);
  const readers = Array.from({ length: connections }, () => new AnswerReader());
  const dueNs = new Float64Array(connections); // of the request that is on its way
  const free = Array.from({ length: connections }, (_, index) => index);
  const latencies = new Float64Array(Math.round(rate * seconds));
  const into = Buffer.alloc(65_536);
  const everyNs = 1e9 / rate;
  const startNs = Bun.nanoseconds() + everyNs;
  let sent = 0;
  let answered = 0;
  let lastNs = startNs;
  while (answered < latencies.length) {
    const nowNs = Bun.nanoseconds();
    while (sent < latencies.length && startNs + sent * everyNs <= nowNs) {
      const index = free.shift(); // the one idle for longest, so that all of them are used
      if (index === undefined) break; // late, and counted as late
      dueNs[index] = startNs + sent++ * everyNs;
      sockets.send(index, request);
    }
    if (sockets.poll() > 0) {
      for (let index = 0; index < connections; index++) {
        if (!sockets.isReadable(index)) continue;
        if (readers[index]?.take(into, sockets.receive(index, into)) !== true) continue;
        lastNs = Bun.nanoseconds();
        latencies[answered++] = lastNs - (dueNs[index] ?? 0);
        free.push(index);
      }
    } else if (nowNs - lastNs > STUCK_NS) {
      throw new Error(`no answer for ${STUCK_NS / 1e9} s; ${answered} of ${sent} came`);
    }
  }
  sockets.close();
  return latencies;
}

const [port = 0, rate = 0, connections = 0, seconds = 0] = process.argv.slice(2).map(Number);
const latenciesUs = run({ port, rate, connections, seconds })
  .sort()
  .map((ns) => ns / 1e3);
const at = (share: number): number =>
  Math.round(
    latenciesUs[Math.min(latenciesUs.length - 1, Math.floor(share * latenciesUs.length))] ?? 0,
  );
process.stdout.write(
  `${JSON.stringify({
    requests: latenciesUs.length,
    p50Us: at(0.5),
    p90Us: at(0.9),
    p99Us: at(0.99),
    p999Us: at(0.999),
    maxUs: at(1),
    over50Ms: latenciesUs.filter((us) => us > 50_000).length,
  })}\n`,
);
