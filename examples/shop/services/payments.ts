// Two versions run at once: `VERSION` tells which one this is. The new one is a little slower.
import { notFound, serve } from "./serve.ts";

const version = process.env.VERSION ?? "v1";
const workMs = version === "v1" ? 2 : 6;
let charges = 0;

serve(async ({ path, method }) => {
  if (path === "/charge" && method === "POST") {
    await Bun.sleep(workMs);
    charges += 1;
    return { status: 200, body: { charged: true, version } };
  }
  return path === "/ledger" ? { status: 200, body: { charges, version } } : notFound;
});
