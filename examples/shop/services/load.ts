// Customers: browses, buys, and now and then opens the report, at `RATE` visits a second. One visit in a hundred asks for the
// canary. Prints a line of totals when it is told to stop.
import { items } from "./items.ts";

const rate = Number(process.env.RATE ?? 20);
let visits = 0;
let failures = 0;

const timer = setInterval(() => void visit(visits++), 1_000 / rate);
process.once("SIGTERM", stop);
process.once("SIGINT", stop);

function stop(): void {
  clearInterval(timer);
  process.stdout.write(`${JSON.stringify({ visits, failures })}\n`);
  process.exit(0);
}

async function visit(n: number): Promise<void> {
  const item = items[n % items.length]?.id ?? "lamp";
  const headers: Record<string, string> = n % 100 === 2 ? { "x-canary": "true" } : {};
  try {
    await get("http://web/", headers);
    await get(`http://web/items/${item}`, headers);
    if (n % 2 === 0) await buy(item, headers);
    if (n % 10 === 0) await get("http://web/report", headers);
  } catch {
    failures += 1; // counted; the mesh says why
  }
}

async function get(url: string, headers: Record<string, string>): Promise<void> {
  const response = await fetch(url, { headers });
  await response.text();
  if (!response.ok) failures += 1;
}

async function buy(item: string, headers: Record<string, string>): Promise<void> {
  const body = JSON.stringify({ item });
  const response = await fetch("http://web/checkout", { method: "POST", body, headers });
  await response.text();
  if (!response.ok) failures += 1;
}
