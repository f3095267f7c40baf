import { describeStore } from "../contract.ts";
import { openMemoryStore } from "./open-memory-store.ts";

describeStore("memory store", (options) => openMemoryStore(options));
