// The lines of a Prometheus text, as Envoy writes it, one by one.

export interface PrometheusSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/g;

/** Comments, and lines that are no samples, are left out. */
export function readPrometheusLines(text: string): readonly PrometheusSample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    return [{ name, labels: readLabels(labels), value: Number(value) }];
  });
}

function readLabels(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from(text.matchAll(LABEL), ([, name = "", value = ""]) => [name, unescaped(value)]),
  );
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter));
}
