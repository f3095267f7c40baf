/** What routing and policy may ask of a request. One reused record per connection implements it; it is read, never kept. */
export interface RequestFacts {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** `host` or `host:port`, lower case. */
  readonly authority: string;
  /** Normalised, without query: the string that is also forwarded. */
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;
  /** Value of a header by its lower-case name; several lines joined with `,`; absent: undefined. */
  header(name: string): string | undefined;
}
