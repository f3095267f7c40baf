// What a client sends right behind a request to change the protocol, without waiting for the answer: it belongs to the new
// protocol only when the server agrees, and is a request like any other, under every policy, when it does not.
import { expect, test } from "bun:test";
import type { Authorization } from "#config/authorization.ts";
import { eventually } from "../support/eventually.ts";
import { pair } from "../support/proxy-pair.ts";
import { rawClient } from "../support/raw-client.ts";
import { OK, onHeads, rawServer } from "../support/raw-server.ts";
import { direct } from "../support/running-plane.ts";

const upgrade =
  "GET /chat HTTP/1.1\r\nhost: payments\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const switching =
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: payments\r\n\r\n`;
const pathOf = (head: string): string => head.split(" ")[1] ?? "";

test("bytes behind a request to upgrade wait for the server's word, and reach it then", async () => {
  const chat = { said: "", agree: undefined as (() => void) | undefined };
  await using app = await rawServer((socket) => {
    let head = "";
    socket.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      if (head.endsWith("\r\n\r\n")) {
        chat.said += text;
        socket.write(`heard ${text}`);
        return;
      }
      const end = (head + text).indexOf("\r\n\r\n") + 4;
      if (end === 3) head += text;
      else {
        chat.said = (head + text).slice(end);
        head = (head + text).slice(0, end);
        if (pathOf(head) !== "/chat") socket.write(OK);
        else chat.agree = () => void socket.write(switching);
      }
    });
    socket.on("end", () => socket.end());
  });
  await using mesh = await pair({ appPort: app.port });
  using client = await rawClient(mesh.port);
  client.send(`${upgrade}early`);
  const agree = await eventually(() => chat.agree);
  // By the time that another request has been there and back, the bytes would be there too.
  expect((await direct(mesh.port, "/other")).status).toBe(200);
  expect([chat.said, client.text]).toEqual(["", ""]);
  agree();
  await eventually(() => client.text.endsWith("heard early"));
  expect(client.text).toStartWith("HTTP/1.1 101 Switching Protocols\r\n");
  expect(chat.said).toBe("early");
  client.send(", and late");
  await eventually(() => client.text.endsWith("heard , and late"));
});

const noSecrets: Authorization = {
  deny: [
    {
      name: "ns[shop]-policy[no-secrets]-rule[0]",
      origin: { kind: "AuthorizationPolicy", namespace: "shop", name: "no-secrets", generation: 1 },
      when: { kind: "path", match: { kind: "exact", value: "/secret" } },
    },
  ],
};

test.each([
  ["200 OK", "not here"],
  ["400 Bad Request", "what?"],
  ["426 Upgrade Required", ""],
])(
  "behind an upgrade that is refused with %s they are requests, under policy",
  async (status, body) => {
    const paths: string[] = [];
    await using app = await rawServer((socket) => {
      onHeads(socket, (head) => {
        paths.push(pathOf(head));
        const isUpgrade = pathOf(head) === "/chat";
        const length = `content-length: ${body.length}`;
        socket.write(isUpgrade ? `HTTP/1.1 ${status}\r\n${length}\r\n\r\n${body}` : OK);
      });
    });
    await using mesh = await pair({ appPort: app.port, authorization: noSecrets });
    using client = await rawClient(mesh.port);
    client.send(upgrade + get("/secret") + get("/open"));
    await eventually(() => client.text.endsWith("ok\n"));
    client.send(get("/again"));
    await eventually(() => client.text.split("ok\n").length === 3);
    const statuses = [...client.text.matchAll(/HTTP\/1\.1 (\d+ [\w ]+)\r\n/g)].map(
      ([, line]) => line,
    );
    expect(statuses).toEqual([status, "403 Forbidden", "200 OK", "200 OK"]);
    expect(client.text).toContain("weft-error: denied-by-policy; by=payments-1/inbound");
    expect(paths).toEqual(["/chat", "/open", "/again"]);
  },
);
