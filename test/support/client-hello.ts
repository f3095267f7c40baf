/** First messages of TLS, as clients send them. */

export interface HelloParts {
  /** Entries of the server name extension: kind and name. Absent: no extension. */
  readonly names?: readonly (readonly [kind: number, name: string])[];
  readonly protocols?: readonly string[];
  /** Further extensions: type and content. */
  readonly more?: readonly (readonly [type: number, content: Buffer])[];
}

/** One handshake message, without its record. */
export function helloMessage({ names, protocols, more = [] }: HelloParts): Buffer {
  const extensions = [
    ...(names === undefined ? [] : [extension(0, nameList(names))]),
    ...(protocols === undefined
      ? []
      : [
          extension(16, vector(2, Buffer.concat(protocols.map((name) => vector(1, latin1(name)))))),
        ]),
    ...more.map(([type, content]) => extension(type, content)),
  ];
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 1)),
    vector(2, Buffer.of(0x13, 0x01, 0x13, 0x02)),
    vector(1, Buffer.of(0)),
    vector(2, Buffer.concat(extensions)),
  ]);
  return Buffer.concat([Buffer.of(1), vector(3, body)]);
}

/** The message in records of at most `recordBytes`. */
export function clientHello(parts: HelloParts, recordBytes = 16_384): Buffer {
  return inRecords(helloMessage(parts), recordBytes);
}

export function inRecords(message: Buffer, recordBytes = 16_384): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const payload = message.subarray(at, at + recordBytes);
    records.push(Buffer.of(22, 3, 1), vector(2, payload));
  }
  return Buffer.concat(records);
}

export function helloFor(name: string, protocols?: readonly string[]): Buffer {
  return clientHello({ names: [[0, name]], ...(protocols && { protocols }) });
}

function nameList(names: NonNullable<HelloParts["names"]>): Buffer {
  const entries = names.map(([kind, name]) =>
    Buffer.concat([Buffer.of(kind), vector(2, latin1(name))]),
  );
  return vector(2, Buffer.concat(entries));
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type >> 8, type & 255), vector(2, content)]);
}

function vector(size: number, content: Buffer): Buffer {
  const length = Buffer.alloc(size);
  length.writeUIntBE(content.length, 0, size);
  return Buffer.concat([length, content]);
}

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
