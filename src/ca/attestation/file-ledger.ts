import { type FileHandle, open, readFile } from "node:fs/promises";
import type { Clock } from "#core/clock.ts";
import { CaError } from "../ca-error.ts";
import { isCode, replaceFile, storageError } from "../root/private-file.ts";
import { type Redemption, RedemptionCount, type RedemptionLedger } from "./redemption-ledger.ts";

/** An open ledger; disposing of it closes the file. */
export interface FileLedger extends RedemptionLedger, AsyncDisposable {}

type Entry = Omit<Redemption, "usesMax">;

/**
 * A ledger in one file, a JSON line per use, for one process. A last line that a power cut left unfinished was never
 * acknowledged and is dropped; damage anywhere else is refused (CaError `storage`), since guessing could let a spent token
 * in. Opening writes it anew without what is over.
 */
export async function openFileLedger(path: string, clock: Clock): Promise<FileLedger> {
  const count = new RedemptionCount();
  for (const entry of readEntries(await readText(path), path)) count.add(entry);
  const text = Array.from(count.remaining(clock.wallMs()), lineOf).join("");
  await replaceFile(path, text, 0o600);
  const file = await open(path, "r+").catch((cause: unknown) => {
    throw storageError(`cannot open ${path}`, cause);
  });
  return new AppendingLedger(file, path, count, Buffer.byteLength(text));
}

class AppendingLedger implements FileLedger {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #count: RedemptionCount;
  #sizeBytes: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: FileHandle, path: string, count: RedemptionCount, sizeBytes: number) {
    this.#file = file;
    this.#path = path;
    this.#count = count;
    this.#sizeBytes = sizeBytes;
  }

  /** One at a time: two callers with one token must not both find a use left. */
  redeem(redemption: Redemption): Promise<boolean> {
    const turn = this.#last.then(() => this.#redeem(redemption));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #redeem(redemption: Redemption): Promise<boolean> {
    const verdict = this.#count.verdict(redemption);
    if (verdict !== "new") return verdict === "again";
    await this.#append(lineOf(redemption));
    this.#count.add(redemption);
    return true;
  }

  async #append(line: string): Promise<void> {
    const octets = Buffer.from(line);
    try {
      // Whatever a failed write left behind the last whole line goes first.
      await this.#file.truncate(this.#sizeBytes);
      const { bytesWritten } = await this.#file.write(octets, 0, octets.length, this.#sizeBytes);
      if (bytesWritten !== octets.length) throw new Error("the disk took only a part");
      await this.#file.datasync();
      this.#sizeBytes += octets.length;
    } catch (cause) {
      throw storageError(`cannot write ${this.#path}`, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#file.close();
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return "";
    throw storageError(`cannot read ${path}`, cause);
  }
}

function readEntries(text: string, path: string): readonly Entry[] {
  const lines = text.split("\n");
  lines.pop(); // what follows the last line feed: nothing, or an unfinished line
  return lines.map((line, i) => {
    const entry = readEntry(line);
    if (entry) return entry;
    throw new CaError(
      "storage",
      `${path}, line ${i + 1}, is damaged: move the file away and revoke open tokens by replacing the token key`,
    );
  });
}

function readEntry(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!Array.isArray(value) || value.length !== 3) return undefined;
    const [tokenId, publicKeyHash, expiresAtMs]: unknown[] = value;
    if (typeof tokenId !== "string" || typeof publicKeyHash !== "string") return undefined;
    return typeof expiresAtMs === "number" ? { tokenId, publicKeyHash, expiresAtMs } : undefined;
  } catch {
    return undefined; // no JSON: the caller names the line
  }
}

const lineOf = ({ tokenId, publicKeyHash, expiresAtMs }: Entry): string =>
  `${JSON.stringify([tokenId, publicKeyHash, expiresAtMs])}\n`;
