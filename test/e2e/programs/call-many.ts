// Calls URL COUNT times, PARALLEL at once, and prints how often each answer came, as JSON: by status, and by the `version`
// and `name` of the bodies. HEADERS is a JSON object. Until STOP_FILE exists when COUNT is 0.
import { existsSync } from "node:fs";

const {
  URL: url = "",
  COUNT = "1",
  PARALLEL = "16",
  HEADERS = "{}",
  STOP_FILE = "",
  METHOD = "GET",
} = process.env;
const headers = JSON.parse(HEADERS) as Record<string, string>;
const total = Number(COUNT) || Number.POSITIVE_INFINITY;
const statuses: Record<string, number> = {};
const versions: Record<string, number> = {};
const names: Record<string, number> = {};
const failures: string[] = [];
let started = 0;

const add = (counts: Record<string, number>, key: string) => {
  counts[key] = (counts[key] ?? 0) + 1;
};

async function callOnce(): Promise<void> {
  try {
    const response = await fetch(url, { method: METHOD, headers });
    const text = await response.text();
    add(statuses, `${response.status}`);
    if (response.status !== 200) {
      if (failures.length < 5)
        failures.push(`${response.status} ${response.headers.get("weft-error")} ${text}`);
      return;
    }
    const body = JSON.parse(text) as { version: string; name: string };
    add(versions, body.version);
    add(names, body.name);
  } catch (cause) {
    add(statuses, "error");
    if (failures.length < 5) failures.push(String(cause));
  }
}

async function worker(): Promise<void> {
  while (started < total && !(total === Number.POSITIVE_INFINITY && existsSync(STOP_FILE))) {
    started += 1;
    await callOnce();
  }
}

await Promise.all(Array.from({ length: Number(PARALLEL) }, worker));
process.stdout.write(
  `${JSON.stringify({ calls: started, statuses, versions, names, failures })}\n`,
);
