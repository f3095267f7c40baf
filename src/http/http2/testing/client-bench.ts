import { connect } from "#net/connect.ts";
import { localRequestHead } from "#wire/http1/local-head.ts";
import { type Http2ClientConnection, http2Client } from "../client-connection.ts";
import type { Http2Options } from "../http2-options.ts";
import { ClientStory, OwnerStory } from "./client-story.ts";
import { type PeerOptions, type ScriptedPeer, scriptedServer } from "./scripted-peer.ts";

/** A client under test, and the server that the test plays. */
export interface ClientBench extends AsyncDisposable {
  readonly connection: Http2ClientConnection;
  readonly owner: OwnerStory;
  readonly peer: ScriptedPeer;
}

export async function clientBench(
  options: Partial<Http2Options> = {},
  peerOptions: Partial<PeerOptions> = {},
): Promise<ClientBench> {
  const server = await scriptedServer(peerOptions);
  const transport = await connect({ address: { host: "127.0.0.1", port: server.port } });
  const owner = new OwnerStory();
  const connection = http2Client(transport, owner, options);
  const peer = await server.peer();
  if (!("settings" in peerOptions && peerOptions.settings === undefined)) await peer.settled();
  return {
    connection,
    owner,
    peer,
    [Symbol.asyncDispose]: async () => {
      connection.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A request without a body, whole. */
export function get(connection: Http2ClientConnection, story = new ClientStory()): ClientStory {
  const head = localRequestHead({ method: "GET", target: "/", fields: [["Host", "a"]] });
  connection.send(head, undefined, story).end();
  return story;
}
