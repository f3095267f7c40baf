import { describe, expect, test } from "bun:test";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { createConnection, type Socket } from "node:net";
import { backend } from "../../../test/support/backend.ts";
import { eventually } from "../../../test/support/eventually.ts";
import {
  bytesTo,
  destination,
  endpoint,
  inboundCluster,
  inboundListener,
  outboundResources,
  resource,
  upstreamListener,
} from "../../../test/support/proxy-config.ts";
import { runPlane, SECRET } from "../../../test/support/running-plane.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

function ask(session: ClientHttp2Session, path: string, body?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const stream = session.request({ ":path": path, ":method": body === undefined ? "GET" : "POST" });
  let status = 0;
  let text = "";
  stream.on("response", (head) => {
    status = Number(head[":status"]);
  });
  stream.setEncoding("utf8");
  stream.on("data", (piece: string) => {
    text += piece;
  });
  stream.on("end", () => resolve({ status, body: text })).on("error", reject);
  stream.end(body);
  return promise;
}

async function session(port: number, socket?: Socket): Promise<ClientHttp2Session> {
  const options = socket === undefined ? {} : { createConnection: () => socket };
  const made = connectHttp2(`http://127.0.0.1:${port}`, options);
  made.on("error", () => undefined);
  return made;
}

describe("HTTP/2 with prior knowledge", () => {
  const toPayments = (port: number, content: "http" | "detect") =>
    outboundResources(
      [
        destination("payments", [endpoint(port)], {
          ...(content === "detect" && { connections: bytesTo("payments") }),
        }),
      ],
      upstreamListener("upstream|1", "payments"),
    );

  test.each(["http", "detect"] as const)(
    "is served beside HTTP/1 on a loopback port whose content is %s",
    async (content) => {
      await using server = await backend((request, response) => response.end(`${request.url}`));
      await using web = await runPlane({
        name: "web",
        sockets: ["upstream|1"],
        resources: toPayments(server.port, content),
      });
      const port = web.port("upstream|1");
      const client = await session(port);
      const answers = await Promise.all(["/a", "/b", "/c"].map((path) => ask(client, path)));
      expect(answers).toEqual(["/a", "/b", "/c"].map((body) => ({ status: 200, body })));
      expect(await ask(client, "/post", "body")).toMatchObject({ status: 200 });
      client.close();
      expect(await (await fetch(`http://127.0.0.1:${port}/one`)).text()).toBe("/one");
      const lines = await web.log();
      expect(lines.map(({ protocol }) => protocol)).toContain("HTTP/2");
      expect(lines.at(-1)).toMatchObject({ protocol: "HTTP/1.1", path: "/one" });
    },
  );

  test("is served inside CONNECT, by the routes of its host", async () => {
    await using server = await backend((request, response) => response.end(`${request.url}`));
    await using web = await runPlane({
      name: "web",
      sockets: ["http-proxy"],
      resources: outboundResources([destination("payments", [endpoint(server.port)])]),
    });
    const port = web.port("http-proxy");
    const socket = createConnection(port, "127.0.0.1");
    let head = "";
    const onData = (bytes: Buffer): void => {
      head += bytes.toString("latin1");
    };
    socket.on("data", onData);
    const secret = Buffer.from(`weft:${SECRET}`).toString("base64");
    socket.write(
      `CONNECT payments:80 HTTP/1.1\r\nhost: payments:80\r\nproxy-authorization: Basic ${secret}\r\n\r\n`,
    );
    await eventually(() => head.includes("\r\n\r\n"));
    expect(head).toStartWith("HTTP/1.1 200");
    socket.off("data", onData);
    const client = await session(port, socket);
    expect(await ask(client, "/inside")).toEqual({ status: 200, body: "/inside" });
    client.close();
    expect((await web.log()).at(-1)).toMatchObject({ protocol: "HTTP/2", path: "/inside" });
  });

  test("is served by an inbound port in plaintext", async () => {
    await using server = await backend((request, response) => response.end(`${request.url}`));
    const name = `inbound|${server.port}`;
    await using payments = await runPlane({
      name: "payments",
      sockets: [name],
      resources: [
        resource("listener", inboundListener(server.port, "permissive")),
        resource("cluster", inboundCluster(server.port)),
      ],
    });
    const client = await session(payments.port(name));
    expect(await ask(client, "/in")).toEqual({ status: 200, body: "/in" });
    client.close();
  });
});
