// The application behind the proxy under attack: small and large answers, bodies that are read and dropped, and a page that
// says what came through.
// usage: attacked-application.ts PORT → one line of JSON when it listens
const [port = 0] = process.argv.slice(2).map(Number);
const piece = new Uint8Array(64 * 1024);
const LARGE_PIECES = 1_024;
const seen: Record<string, number> = {};

async function drop(request: Request): Promise<void> {
  const reader = request.body?.getReader();
  while (reader !== undefined && !(await reader.read()).done);
}

/** 64 MiB, made as they are taken. */
function large(): ReadableStream<Uint8Array> {
  let pieces = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(piece);
      if (++pieces === LARGE_PIECES) controller.close();
    },
  });
}

Bun.serve({
  hostname: "127.0.0.1",
  port,
  idleTimeout: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/seen") return Response.json(seen);
    seen[pathname] = (seen[pathname] ?? 0) + 1;
    if (pathname === "/big") return new Response(large());
    await drop(request);
    return new Response("ok\n");
  },
});
process.stdout.write(`${JSON.stringify({ port })}\n`);
