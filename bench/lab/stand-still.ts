// What is not measured stands still: a proxy with a thousand clusters takes a twentieth of a core for its own counting, and
// every wake-up of a neighbour costs the one that is measured its caches.

/** Waits for orders, and lets everything go on when nobody can give any more: a stopped process hears no SIGTERM. */
const KEEPER = `
while read -r order pids; do
  kill -"$order" $pids 2>/dev/null
  case $order in STOP) stopped=$pids ;; *) stopped= ;; esac
  echo "$order"
done
[ -z "$stopped" ] || kill -CONT $stopped 2>/dev/null
`;

/** Stops and continues processes, whatever becomes of the bench itself. */
export class Stillness implements AsyncDisposable {
  readonly #keeper = Bun.spawn(["sh", "-c", KEEPER], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true, // neither a terminal's Ctrl-C nor our own death ends it before it has done its part
  });
  readonly #answers = this.#keeper.stdout.getReader();
  #stopped: readonly number[] = [];

  /** These stand still from now on. Only when none does. */
  async stop(pids: readonly number[]): Promise<void> {
    if (pids.length === 0) return;
    this.#stopped = pids;
    await this.#order("STOP", pids);
  }

  /** All of them. */
  async goOn(): Promise<void> {
    if (this.#stopped.length === 0) return;
    await this.#order("CONT", this.#stopped);
    this.#stopped = [];
  }

  async #order(order: "STOP" | "CONT", pids: readonly number[]): Promise<void> {
    this.#keeper.stdin.write(`${order} ${pids.join(" ")}\n`);
    await this.#keeper.stdin.flush();
    await this.#answers.read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper.stdin.end();
    await this.#keeper.exited;
  }
}
