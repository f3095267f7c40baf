import { notFound, serve } from "./serve.ts";

serve(async (call) => {
  if (call.path !== "/checkout" || call.method !== "POST") return notFound;
  const { item } = (await call.json()) as { item: string };
  const quote = await call.ask("GET", `http://shipping/quote?item=${encodeURIComponent(item)}`);
  if (quote.status !== 200) return { status: 502, body: { error: "no shipping quote" } };
  const charge = await call.ask("POST", "http://payments:9090/charge", { item });
  if (charge.status !== 200) return { status: 502, body: { error: "not charged" } };
  return { status: 200, body: { item, shipping: quote.body, payment: charge.body } };
});
