import type { Bootstrap } from "../bootstrap.ts";
import { type ProxyLimits, proxyLimits } from "./limit-table.ts";
import { memoryLimit } from "./memory-limit.ts";

/** The limits of one process of a proxy: its share where several workers divide one. */
export function processLimits({ limits = {}, worker }: Bootstrap): ProxyLimits {
  const all = proxyLimits(limits);
  return proxyLimits({ ...all, memory: memoryLimit(all.memory) }, worker?.count);
}
