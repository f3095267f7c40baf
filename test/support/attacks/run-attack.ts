// Drives an attack from several connections at a time, for a while, and counts what each connection was told.
import type { SecureContext } from "node:tls";
import type { Answer, Attack, Lane, Over } from "./attack.ts";
import { AttackSocket } from "./attack-socket.ts";
import type { AttackCase } from "./attack-table.ts";
import type { HostileUpstream } from "./hostile-upstream.ts";
import type { UpstreamAttack } from "./upstream-attacks.ts";

/** Where the proxy under attack is met. */
export interface AttackSite {
  readonly host: string;
  /** The inbound port that the bystanders use too. */
  readonly inboundPort: number;
  /** Certificate of a workload of the mesh. */
  readonly context: SecureContext;
  /** Loopback ports that lead to the hostile servers, in HTTP/1 and in HTTP/2. */
  readonly upstreamPorts: readonly [number, number];
  readonly hostile: HostileUpstream;
}

export interface AttackLength {
  /** How long new attempts are begun. */
  readonly ms: number;
  /** Attempts of each connection at the most. */
  readonly rounds?: number;
  /** An attempt that was told what it has to be told goes on no further. */
  readonly endsWhenAnswered?: true;
  /** Of those who read nothing; default: as long as it takes. */
  readonly patienceMs?: number;
}

export interface AttackTally {
  /** Attacking connections at a time. */
  readonly connections: number;
  /** Attempts that came to their end: the peer closed, or the attack itself did. */
  attempts: number;
  /** Attempts that were told one of the words that they have to be told. */
  answered: number;
  /** Attempts that were still held when it was over. */
  held: number;
  /** Connections that were refused. */
  refused: number;
  /** How many attempts heard each word. */
  readonly words: Record<string, number>;
}

const PAUSE_MS = 20;
const CALLER_PATIENCE_MS = 2_000;
const LARGE = Buffer.alloc(64 * 1024, "x");

export async function runAttack(
  site: AttackSite,
  each: AttackCase,
  length: AttackLength,
): Promise<AttackTally> {
  const { connections, answer } = each.attack;
  const tally: AttackTally = {
    ...{ connections, attempts: 0, answered: 0, held: 0, refused: 0, words: {} },
  };
  const over = Promise.withResolvers<void>();
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    over.resolve();
  }, length.ms);
  if (each.side === "upstream") site.hostile.behaviour = each.attack.serve;
  const patience = (): Promise<void> => Bun.sleep(length.patienceMs ?? length.ms);
  const endsWhenAnswered = length.endsWhenAnswered === true;
  const lane = { isOver: () => isOver, over: over.promise, patience, endsWhenAnswered };
  const attempt = (): Promise<AttackSocket[]> =>
    each.side === "client"
      ? attackOnce(site, each.attack, each.over, lane)
      : callOnce(site, each.attack, lane);
  const { rounds = Number.POSITIVE_INFINITY } = length;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let round = 0; round < rounds && !isOver; round++) {
        try {
          note(tally, answer, await attempt());
        } catch {
          tally.refused++; // the connection, or its handshake
        }
        await Bun.sleep(PAUSE_MS);
      }
    }),
  );
  clearTimeout(timer);
  over.resolve();
  if (each.side === "upstream") site.hostile.hangUp();
  return tally;
}

interface Ending extends Pick<Lane, "isOver" | "over" | "patience"> {
  readonly endsWhenAnswered: boolean;
}

async function attackOnce(
  site: AttackSite,
  attack: Attack,
  over: Over,
  ending: Ending,
): Promise<AttackSocket[]> {
  const opened: AttackSocket[] = [];
  const alpn = attack.speaks === "http2" ? ["istio-h2"] : ["istio-http/1.1"];
  const speaks = attack.speaks === "http2" ? "http2" : "http1";
  const target = { host: site.host, port: site.inboundPort };
  const open = async (isTls: boolean): Promise<AttackSocket> => {
    const tls = isTls ? { tls: { context: site.context, alpn } } : {};
    const socket = await AttackSocket.open({ ...target, ...tls }, speaks);
    opened.push(socket);
    if (ending.endsWhenAnswered) endWhenAnswered(socket, attack.answer);
    return socket;
  };
  const lane: Lane = {
    open: () => open(over === "mtls"),
    openRaw: () => open(false),
    ...ending,
  };
  try {
    await attack.run(lane);
    for (const socket of opened) socket.readAgain(); // what it was told last may wait unread
    if (!ending.isOver()) await Promise.race([Bun.sleep(PAUSE_MS), ...opened.map((s) => s.closed)]);
  } finally {
    for (const socket of opened) socket.destroy();
  }
  return opened;
}

function endWhenAnswered(socket: AttackSocket, answer: Answer): void {
  if (answer.kind === "bounded") return;
  socket.words.onWord = (word) => {
    if (answer.words.includes(word)) setTimeout(() => socket.destroy(), PAUSE_MS);
  };
}

/** A caller of the hostile server, who has patience for a while. */
async function callOnce(
  { host, upstreamPorts }: AttackSite,
  { speaks, body, method = body === undefined ? "GET" : "POST" }: UpstreamAttack,
  ending: Ending,
): Promise<AttackSocket[]> {
  const port = upstreamPorts[speaks === "http1" ? 0 : 1];
  const socket = await AttackSocket.open({ host, port }, "http1");
  const framing = body === undefined ? "" : "Content-Length: 1000000000\r\n";
  await socket.send(`${method} / HTTP/1.1\r\nHost: hostile\r\n${framing}\r\n`);
  const until = performance.now() + CALLER_PATIENCE_MS;
  const isAnswered = (): boolean =>
    [...socket.words.counts.keys()].some((word) => /^HTTP [2-5]/.test(word));
  while (!isAnswered() && !socket.isClosed && !ending.isOver() && performance.now() < until) {
    if (body === undefined) await Promise.race([Bun.sleep(5), socket.closed]);
    else await Promise.race([socket.send(LARGE), Bun.sleep(50)]);
  }
  if (isAnswered()) await Promise.race([Bun.sleep(30), socket.closed]); // a body may come
  socket.destroy();
  return [socket];
}

function note(tally: AttackTally, answer: Answer, sockets: readonly AttackSocket[]): void {
  const heard = new Set(sockets.flatMap((socket) => [...socket.words.counts.keys()]));
  for (const word of heard) tally.words[word] = (tally.words[word] ?? 0) + 1;
  tally.attempts++;
  if (answer.kind === "bounded") return;
  if (answer.words.some((word) => heard.has(word))) tally.answered++;
  else tally.held++;
}
