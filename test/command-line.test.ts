// What holds for every command line, whatever the command: exit codes, streams, and what the environment may do.
import { expect, test } from "bun:test";
import { runProgram, runWeft } from "./support/spawn-weft.ts";

test("an unknown command is a usage error that says what was meant, on standard error alone", async () => {
  expect(await runWeft(["verison"])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: 'weft: unknown command "verison"\n  did you mean: weft version\n',
  });
});

test("an unknown option and a missing argument are usage errors that name the help", async () => {
  const option = await runWeft(["version", "--no-such-option"]);
  expect(option.exitCode).toBe(1);
  expect(option.stderr).toContain("unknown option '--no-such-option'");
  expect(option.stderr).toContain("weft version --help");
  const argument = await runWeft(["completion"]);
  expect(argument.exitCode).toBe(1);
  expect(argument.stderr).toContain("missing required argument 'shell'");
});

test("help goes to standard output and is a success, however it is asked for", async () => {
  const asked = await Promise.all([[], ["--help"], ["-h"], ["help"]].map((args) => runWeft(args)));
  for (const { exitCode, stdout } of asked) {
    expect(exitCode).toBe(0);
    expect(stdout).toStartWith("Weft: a service mesh");
  }
  const one = await Promise.all([runWeft(["help", "version"]), runWeft(["version", "--help"])]);
  expect(one[0]).toEqual(one[1]);
  expect(one[0].exitCode).toBe(0);
});

test("a reader that goes away ends a command without a word", async () => {
  const script = "./weft --help | true; ./weft --help | head -n 1";
  const { stderr, stdout } = await runProgram(["sh", "-c", script], {
    cwd: `${import.meta.dir}/..`,
  });
  expect(stderr).toBe("");
  expect(stdout).toStartWith("Weft: a service mesh");
});

test("a setting that would turn off every certificate check is refused", async () => {
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  const { exitCode, stderr } = await runWeft(["version"], { env });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("weft: NODE_TLS_REJECT_UNAUTHORIZED=0 would turn off");
});

test("the launcher works through links and from any folder, and passes the exit code on", async () => {
  const script = `
    root=$PWD; links=$(mktemp -d); trap 'rm -rf "$links"' EXIT
    ln -s "$root/weft" "$links/one"; ln -s one "$links/two"
    cd "$links" && ./two version -o json && "$root/weft" version && ./two nonsense`;
  const { exitCode, stdout } = await runProgram(["sh", "-c", script], {
    cwd: `${import.meta.dir}/..`,
  });
  expect(stdout).toMatch(/^\{"version".*\}\nweft \d/);
  expect(exitCode).toBe(1);
});
