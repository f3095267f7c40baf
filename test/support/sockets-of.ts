import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Inodes of the TCP sockets on which these processes listen. Linux only. */
export function listeningInodes(pids: readonly number[]): ReadonlySet<string> {
  const listening = everyListeningInode();
  return new Set(pids.flatMap(socketInodes).filter((inode) => listening.has(inode)));
}

/** Inodes of all listening TCP sockets, whoever has them: proc(5) `net/tcp`, column 10. */
export function everyListeningInode(): ReadonlySet<string> {
  const rows = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) =>
    readFileSync(path, "utf8").split("\n").slice(1),
  );
  return new Set(
    rows
      .map((row) => row.trim().split(/\s+/))
      .filter(([, , , state]) => state === "0A")
      .map((columns) => columns[9] ?? ""),
  );
}

function socketInodes(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return []; // it ended meanwhile
  }
}
