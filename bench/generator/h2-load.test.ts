import { expect, test } from "bun:test";
import { readHttp2Load } from "./h2-load.ts";

const printed = (requests: string, codes: string): string => `
finished in 2.00s, 15849.50 req/s, 16.15MB/s
requests: ${requests}
status codes: ${codes}
traffic: 32.30MB (33867988) total, 340.98KB (349161) headers (space savings 91.33%), 31.11MB (32618271) data
                     min         max         mean         sd        +/- sd
time for request:     1.13ms     17.08ms      6.27ms      1.42ms    76.39%
`;

test("h2load's figures are read", () => {
  const text = printed(
    "31699 total, 31799 started, 31699 done, 31699 succeeded, 0 failed, 0 errored, 0 timeout",
    "31699 2xx, 0 3xx, 0 4xx, 0 5xx",
  );
  expect(readHttp2Load(text)).toEqual({
    requests: 31_699,
    failures: 0,
    metrics: { requestsPerSecond: 15_849.5, meanUs: 6_270 },
  });
});

test("what failed and what was not 2xx are failures", () => {
  const text = printed(
    "100 total, 100 started, 90 done, 65 succeeded, 25 failed, 5 errored, 0 timeout",
    "62 2xx, 3 3xx, 0 4xx, 20 5xx",
  );
  expect(readHttp2Load(text).failures).toBe(25 + 3);
});

test("an answer on its way when the time is up is no failure", () => {
  const text = printed(
    "90 total, 98 started, 90 done, 90 succeeded, 0 failed, 0 errored, 0 timeout",
    "98 2xx, 0 3xx, 0 4xx, 0 5xx",
  );
  expect(readHttp2Load(text)).toMatchObject({ requests: 90, failures: 0 });
});

test("anything else is refused", () => {
  expect(() => readHttp2Load("connection refused")).toThrow("no figures");
});
