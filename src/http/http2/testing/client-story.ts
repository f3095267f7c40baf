import type { ClientConnection, ConnectionOwner } from "../../client/connection.ts";
import type {
  ClientExchangeEvents,
  FieldView,
  PeerError,
  ResponseHead,
  SendProgress,
} from "../../exchange.ts";

/** Everything that happened to one exchange of a client, as words in order. */
export class ClientStory implements ClientExchangeEvents {
  readonly words: string[] = [];
  body = "";
  head: ResponseHead | undefined = undefined;
  trailers: FieldView | undefined = undefined;
  error: PeerError | undefined = undefined;
  progress: SendProgress | undefined = undefined;
  onHead: (head: ResponseHead) => void = () => undefined;
  readonly #over = Promise.withResolvers<this>();
  readonly over: Promise<this> = this.#over.promise;

  onInformational(head: ResponseHead): void {
    this.words.push(`${head.status}`);
  }

  onResponse(head: ResponseHead): void {
    this.words.push(`${head.status}`);
    this.head = head;
    this.onHead(head);
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    this.body += bytes.toString("latin1", start, end);
  }

  onResponseEnd(trailers: FieldView | undefined): void {
    this.words.push("end");
    this.trailers = trailers;
    this.#over.resolve(this);
  }

  onRequestDrain(): void {
    this.words.push("drain");
  }

  onUpstreamError(error: PeerError, progress: SendProgress): void {
    this.words.push("error");
    this.error = error;
    this.progress = progress;
    this.#over.resolve(this);
  }
}

/** What a pool is told, in words. */
export class OwnerStory implements ConnectionOwner {
  readonly words: string[] = [];
  retiredBy: PeerError | undefined = undefined;
  readonly #retired = Promise.withResolvers<void>();
  readonly retired: Promise<void> = this.#retired.promise;

  onAvailable(connection: ClientConnection): void {
    this.words.push(`available ${connection.available}`);
  }

  onRetired(_: ClientConnection, error: PeerError | undefined): void {
    this.words.push("retired");
    this.retiredBy = error;
    this.#retired.resolve();
  }
}
