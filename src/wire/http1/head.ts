/**
 * A request or response head, kept as the bytes that came with offsets into them. Strings are made when asked for; the
 * encoder passes the original bytes on.
 */
import { Buffer } from "node:buffer";
import { type FieldName, fieldName, TOKEN_LOWER } from "./field-name.ts";
import { latin1Slice } from "./latin1.ts";
import { TextMemory } from "./text-memory.ts";

/** By which protocol a message came. */
export type HttpVersion = "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";

export type BodyKind = "none" | "length" | "chunked" | "until-close";

/** Offsets of one field take this many places in `offsets`: packed name, packed value, hash of the name. */
export const STRIDE = 3;

/** Fields that framing and forwarding look at, by bit. */
export const KNOWN = {
  host: 1,
  "content-length": 2,
  "transfer-encoding": 4,
  connection: 8,
  expect: 16,
  upgrade: 32,
  "keep-alive": 64,
  "proxy-connection": 128,
  te: 256,
} as const;

export type KnownName = keyof typeof KNOWN;

/** A block of fields: of a head, or trailers. Offsets are relative to `base`, below 65,536, packed in pairs. */
export class Fields {
  readonly bytes: Buffer;
  /** Where the head begins in `bytes`. */
  readonly base: number;
  readonly fieldCount: number;
  readonly offsets: Int32Array;
  /** One bit per name hash. */
  readonly mask: number;
  /** Bits of `KNOWN` that are present. */
  readonly known: number;
  /** One bit per name hash, of fields whose sender does not want them kept in compression tables (RFC 7541 §6.2.3). */
  readonly sensitive: number;

  constructor(
    bytes: Buffer,
    base: number,
    fieldCount: number,
    offsets: Int32Array,
    mask: number,
    known: number,
    sensitive = 0,
  ) {
    this.bytes = bytes;
    this.base = base;
    this.fieldCount = fieldCount;
    this.offsets = offsets;
    this.mask = mask;
    this.known = known;
    this.sensitive = sensitive;
  }

  /** The index of the first field of that name at or after `from`, or -1. */
  indexOf(name: FieldName, from = 0): number {
    if ((this.mask & (1 << (name.hash & 31))) === 0) return -1;
    const { offsets, fieldCount } = this;
    for (let i = from; i < fieldCount; i++)
      if (offsets[i * STRIDE + 2] === name.hash && this.isNamed(i, name.lower)) return i;
    return -1;
  }

  field(name: FieldName | string): string | undefined {
    const wanted = typeof name === "string" ? fieldName(name) : name;
    let index = this.indexOf(wanted);
    if (index < 0) return undefined;
    let value = this.fieldValue(index);
    for (;;) {
      index = this.indexOf(wanted, index + 1);
      if (index < 0) return value;
      value += `,${this.fieldValue(index)}`;
    }
  }

  has(name: FieldName | string): boolean {
    return this.indexOf(typeof name === "string" ? fieldName(name) : name) >= 0;
  }

  /** Where the value of a field begins in `bytes`. */
  valueStart(index: number): number {
    return this.base + ((this.offsets[index * STRIDE + 1] as number) >>> 16);
  }

  /** Where it ends. */
  valueEnd(index: number): number {
    return this.base + ((this.offsets[index * STRIDE + 1] as number) & 0xffff);
  }

  fieldName(index: number): string {
    return this.#slice(index * STRIDE, index);
  }

  fieldValue(index: number): string {
    return this.#slice(index * STRIDE + 1, index);
  }

  #slice(place: number, index: number): string {
    this.#check(index);
    const packed = this.offsets[place] ?? 0;
    return latin1Slice(this.bytes, this.base + (packed >>> 16), this.base + (packed & 0xffff));
  }

  #check(index: number): void {
    if (!(index >= 0 && index < this.fieldCount)) throw new RangeError(`no field ${index}`);
  }

  /** Whether the field has that name; for callers that have compared the hash. */
  isNamed(index: number, lower: string): boolean {
    const packed = this.offsets[index * STRIDE] ?? 0;
    const start = this.base + (packed >>> 16);
    const length = (packed & 0xffff) - (packed >>> 16);
    if (length !== lower.length) return false;
    for (let i = 0; i < length; i++)
      if (TOKEN_LOWER[this.bytes[start + i] ?? 0] !== lower.charCodeAt(i)) return false;
    return true;
  }
}

/** A block while its head is being made of it: one object, filled again for each. */
export class FieldBlock extends Fields {
  declare bytes: Buffer;
  declare base: number;
  declare fieldCount: number;
  declare offsets: Int32Array;
  declare mask: number;
  declare known: number;
  declare sensitive: number;

  constructor() {
    super(NOTHING, 0, 0, new Int32Array(0), 0, 0);
  }
}

const NOTHING = Buffer.alloc(0);

/** Targets that were met lately. */
const targets = new TextMemory(256);

/** What the decoder found in a request's first line and framing fields. */
export interface RequestFacts {
  readonly method: string;
  readonly targetStart: number;
  readonly targetEnd: number;
  readonly form: TargetForm;
  readonly authority: string;
  readonly pathStart: number;
  /** What the target says; "" for a target of HTTP/1 without one. */
  readonly scheme: "" | "http" | "https";
  readonly version: HttpVersion;
  /** Of HTTP/1; 1 for HTTP/2. */
  readonly minor: 0 | 1;
  readonly bodyKind: BodyKind;
  readonly contentLength: number;
  readonly keepAlive: boolean;
  readonly upgrade: string;
  readonly expectsContinue: boolean;
  /** Lower-case options of Connection other than `close`, `keep-alive`, `upgrade`, `te`: fields that must go. */
  readonly nominated: readonly string[];
  readonly sizeBytes: number;
  /** Where the first field line begins. */
  readonly fieldsStart: number;
}

export type TargetForm = "origin" | "absolute" | "authority" | "asterisk";

/** Implements `RequestHead` of `src/http/exchange.ts`. Positions in facts are relative to `base`. */
export class Http1RequestHead extends Fields {
  readonly kind = "request";
  readonly facts: RequestFacts;
  #target: string | undefined;

  constructor(block: Fields, facts: RequestFacts) {
    const { bytes, base, fieldCount, offsets, mask, known, sensitive } = block;
    super(bytes, base, fieldCount, offsets, mask, known, sensitive);
    this.facts = facts;
  }

  get method(): string {
    return this.facts.method;
  }

  get target(): string {
    const { targetStart, targetEnd } = this.facts;
    this.#target ??= targets.text(this.bytes, this.base + targetStart, this.base + targetEnd);
    return this.#target;
  }

  get form(): TargetForm {
    return this.facts.form;
  }

  get authority(): string {
    return this.facts.authority;
  }

  get path(): string {
    const { form, pathStart, targetStart } = this.facts;
    if (form === "authority") return "";
    if (form !== "absolute") return this.target;
    const path = this.target.slice(pathStart - targetStart);
    return path.startsWith("/") ? path : `/${path}`;
  }

  get protocol(): HttpVersion {
    return this.facts.version;
  }

  get bodyKind(): BodyKind {
    return this.facts.bodyKind;
  }

  get contentLength(): number {
    return this.facts.contentLength;
  }

  /** Whether the client will send another request on this connection. */
  get keepAlive(): boolean {
    return this.facts.keepAlive;
  }

  get upgrade(): string {
    return this.facts.upgrade;
  }

  get expectsContinue(): boolean {
    return this.facts.expectsContinue;
  }

  get sizeBytes(): number {
    return this.facts.sizeBytes;
  }
}

export interface ResponseFacts {
  readonly status: number;
  readonly reasonStart: number;
  readonly reasonEnd: number;
  readonly version: HttpVersion;
  /** Of HTTP/1; 1 for HTTP/2. */
  readonly minor: 0 | 1;
  readonly bodyKind: BodyKind;
  readonly contentLength: number;
  readonly keepAlive: boolean;
  readonly upgrade: string;
  readonly nominated: readonly string[];
  /** The message ended with its head: neither body nor trailers can follow. */
  readonly isWhole: boolean;
  readonly sizeBytes: number;
  readonly fieldsStart: number;
}

/** Implements `ResponseHead` of `src/http/exchange.ts`. */
export class Http1ResponseHead extends Fields {
  readonly kind = "response";
  readonly facts: ResponseFacts;

  constructor(block: Fields, facts: ResponseFacts) {
    const { bytes, base, fieldCount, offsets, mask, known, sensitive } = block;
    super(bytes, base, fieldCount, offsets, mask, known, sensitive);
    this.facts = facts;
  }

  get status(): number {
    return this.facts.status;
  }

  get reason(): string {
    const { reasonStart, reasonEnd } = this.facts;
    return latin1Slice(this.bytes, this.base + reasonStart, this.base + reasonEnd);
  }

  get protocol(): HttpVersion {
    return this.facts.version;
  }

  get bodyKind(): BodyKind {
    return this.facts.bodyKind;
  }

  get contentLength(): number {
    return this.facts.contentLength;
  }

  /** Whether the server will take another request on this connection. */
  get keepAlive(): boolean {
    return this.facts.keepAlive;
  }

  get upgrade(): string {
    return this.facts.upgrade;
  }

  get sizeBytes(): number {
    return this.facts.sizeBytes;
  }
}
