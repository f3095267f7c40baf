// The page that customers see. It also has a report page that nobody thought through: it reads the payments ledger, which
// the policy of the shop does not let it do.
import type { Item } from "./items.ts";
import { type Answer, type Call, notFound, serve } from "./serve.ts";

serve(async (call) => {
  if (call.path === "/") return await call.ask("GET", "http://catalog/items");
  if (call.path.startsWith("/items/")) return await itemPage(call);
  if (call.path === "/checkout" && call.method === "POST") return await checkout(call);
  if (call.path === "/report") return await report(call);
  return notFound;
});

async function itemPage(call: Call): Promise<Answer> {
  const id = call.path.slice("/items/".length);
  const item = await call.ask("GET", `http://catalog/items/${id}`);
  if (item.status !== 200) return item;
  const reviews = await call.ask("GET", `http://reviews/reviews/${id}`);
  // A page without reviews is better than no page: only the mesh's signals show that something is wrong.
  return {
    status: 200,
    body: { ...(item.body as Item), reviews: reviews.status === 200 ? reviews.body : [] },
  };
}

async function checkout(call: Call): Promise<Answer> {
  return await call.ask("POST", "http://cart/checkout", await call.json());
}

async function report(call: Call): Promise<Answer> {
  const ledger = await call.ask("GET", "http://payments:9090/ledger");
  return { status: 200, body: { ledger: ledger.status === 200 ? ledger.body : "not for us" } };
}
