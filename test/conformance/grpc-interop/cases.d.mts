/** By the names that the gRPC project gives them. */
export declare const cases: Readonly<Record<string, (clients: object) => Promise<void>>>;
