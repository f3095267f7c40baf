// Calls one address at a fixed rate for a while, and says how many requests were answered as they should be.
// usage: steady-load.ts PORT RATE SECONDS CONNECTIONS → one line of JSON
import { SteadyLines } from "../../support/steady-lines.ts";

const [port = 0, rate = 0, seconds = 0, connections = 0] = process.argv.slice(2).map(Number);
const result = await new SteadyLines(port, connections).run(rate, seconds);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
