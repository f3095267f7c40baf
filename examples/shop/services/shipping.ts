import { notFound, serve } from "./serve.ts";

serve(({ path }) =>
  path.startsWith("/quote") ? { status: 200, body: { days: 2, cents: 490 } } : notFound,
);
