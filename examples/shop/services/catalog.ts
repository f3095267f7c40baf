import { items } from "./items.ts";
import { notFound, serve } from "./serve.ts";

serve(({ path }) => {
  if (path === "/items") return { status: 200, body: items };
  const item = items.find(({ id }) => path === `/items/${id}`);
  return item ? { status: 200, body: item } : notFound;
});
