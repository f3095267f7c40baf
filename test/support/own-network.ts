import { type Spawned, spawnProgram } from "./spawn-weft.ts";

/** Loopback of its own, so that a page may use the default ports whatever else runs on this machine. */
export interface OwnNetwork extends AsyncDisposable {
  /** To be put before a command line. Empty where the machine's own network has to do: only root may make another. */
  readonly prefix: readonly string[];
}

/** A network namespace that lives as long as the scope; the machine's own network when there cannot be one. */
export async function ownNetwork(): Promise<OwnNetwork> {
  const keeper = spawnProgram([
    "sh",
    "-c",
    "exec unshare --net sh -c 'ip link set lo up && echo up && exec sleep 2147483'",
  ]);
  const isUp = await keeper.stdout.line(/^up$/).then(
    () => true,
    () => false,
  );
  if (isUp)
    return { prefix: enter(keeper), [Symbol.asyncDispose]: () => keeper[Symbol.asyncDispose]() };
  await keeper[Symbol.asyncDispose]();
  return { prefix: [], [Symbol.asyncDispose]: async () => undefined };
}

const enter = ({ pid }: Spawned): readonly string[] => ["nsenter", `--net=/proc/${pid}/ns/net`];
