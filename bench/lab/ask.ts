import { connect } from "node:net";

export interface Answer {
  readonly status: number;
  /** Of everything behind the head, framing of chunks included. */
  readonly bodyBytes: number;
}

const DEADLINE_MS = 5_000;

/** Sends one head on a connection of its own and takes what comes until the end of the answer. Throws when none comes. */
export function ask(port: number, head: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let octets = Buffer.alloc(0);
    const finish = (): void => {
      socket.destroy();
      const answer = readAnswer(octets);
      if (answer === undefined) reject(new Error(`no whole answer on port ${port}`));
      else resolve(answer);
    };
    socket.setTimeout(DEADLINE_MS, finish);
    socket.on("connect", () => socket.write(head));
    socket.on("data", (chunk: Buffer) => {
      octets = Buffer.concat([octets, chunk]);
      if (isWhole(octets)) finish();
    });
    socket.on("end", finish);
    socket.on("error", reject);
  });
}

function readAnswer(octets: Buffer): Answer | undefined {
  const end = octets.indexOf("\r\n\r\n");
  const status = /^HTTP\/1\.[01] (\d{3}) /.exec(octets.toString("latin1", 0, 16))?.[1];
  if (end < 0 || status === undefined) return undefined;
  return { status: Number(status), bodyBytes: octets.length - end - 4 };
}

function isWhole(octets: Buffer): boolean {
  const end = octets.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(octets.toString("latin1", 0, end))?.[1];
  if (length !== undefined) return octets.length - end - 4 >= Number(length);
  return octets.subarray(-5).toString("latin1") === "0\r\n\r\n";
}
