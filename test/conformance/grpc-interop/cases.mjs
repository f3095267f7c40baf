// The cases that every implementation of gRPC tests itself with, as far as they need no TLS or cloud of their own. Each takes
// the clients of one target, and throws unless all was as it has to be.
import assert from "node:assert/strict";
import { once } from "node:events";
import grpc from "@grpc/grpc-js";

const REQUEST_SIZES = [27_182, 8, 1_828, 45_904];
const RESPONSE_SIZES = [31_415, 9, 2_653, 58_979];
const INITIAL = "x-grpc-test-echo-initial";
const TRAILING = "x-grpc-test-echo-trailing-bin";

const payload = (size) => ({ type: "COMPRESSABLE", body: Buffer.alloc(size) });
const output = (size) => ({
  responseType: "COMPRESSABLE",
  responseParameters: [{ size }],
});

/** One call with one answer: `{ response }` or `{ error }`, with the fields that begin and end it. */
export function unary(
  client,
  method,
  request,
  { metadata = new grpc.Metadata(), ...options } = {},
) {
  return new Promise((resolve) => {
    const seen = {};
    const call = client[method](request, metadata, options, (error, response) => {
      if (error) seen.error = error;
      else seen.response = response;
      if (seen.status !== undefined || error) resolve(seen);
    });
    call.on("metadata", (initial) => {
      seen.initial = initial;
    });
    call.on("status", (status) => {
      seen.status = status;
      if (seen.response !== undefined || seen.error !== undefined) resolve(seen);
    });
  });
}

/** The status that a stream ends with, and what came before it. */
export async function ending(call) {
  const received = [];
  call.on("data", (message) => received.push(message));
  call.on("error", () => undefined); // the status says the same
  let initial;
  call.on("metadata", (metadata) => {
    initial = metadata;
  });
  const status = await new Promise((resolve) => call.on("status", resolve));
  return { status, received, initial };
}

export const sizesOf = (messages) => messages.map(({ payload }) => payload.body.length);

async function largeUnary({ test }, more = {}) {
  const request = {
    responseType: "COMPRESSABLE",
    responseSize: 314_159,
    payload: payload(271_828),
    ...more,
  };
  const { response, error } = await unary(test, "unaryCall", request);
  assert.ifError(error);
  assert.deepEqual(response.payload.body, Buffer.alloc(314_159));
}

async function clientStreaming({ test }) {
  const answered = new Promise((resolve, reject) => {
    const call = test.streamingInputCall((error, response) =>
      error ? reject(error) : resolve(response),
    );
    for (const size of REQUEST_SIZES) call.write({ payload: payload(size) });
    call.end();
  });
  assert.equal((await answered).aggregatedPayloadSize, 74_922);
}

function echoFields(value = "test_initial_metadata_value") {
  const metadata = new grpc.Metadata();
  metadata.set(INITIAL, value);
  metadata.set(TRAILING, Buffer.from([0xab, 0xab, 0xab]));
  return metadata;
}

function assertEchoed(initial, trailing, value = "test_initial_metadata_value") {
  assert.deepEqual(initial.get(INITIAL), [value]);
  assert.deepEqual(trailing.get(TRAILING), [Buffer.from([0xab, 0xab, 0xab])]);
}

async function echoes({ test }, value) {
  const metadata = echoFields(value);
  const request = { responseSize: 314_159, payload: payload(271_828) };
  const { error, initial, status } = await unary(test, "unaryCall", request, { metadata });
  assert.ifError(error);
  assertEchoed(initial, status.metadata, value);
  const call = test.fullDuplexCall(metadata);
  const ended = ending(call);
  call.write({ ...output(314_159), payload: payload(271_828) });
  call.end();
  const stream = await ended;
  assert.equal(stream.status.code, grpc.status.OK);
  assertEchoed(stream.initial, stream.status.metadata, value);
}

async function failsWith({ test }, { code, message }) {
  const responseStatus = { code, message };
  const { error } = await unary(test, "unaryCall", { responseStatus });
  assert.deepEqual([error?.code, error?.details], [code, message]);
  const call = test.fullDuplexCall();
  const ended = ending(call);
  call.write({ responseStatus });
  call.end();
  const { status } = await ended;
  assert.deepEqual([status.code, status.details], [code, message]);
}

export const cases = {
  async empty_unary({ test }) {
    const { response, error } = await unary(test, "emptyCall", {});
    assert.ifError(error);
    assert.deepEqual(response, {});
  },

  large_unary: (clients) => largeUnary(clients),

  /** This library cannot say for one message whether it is compressed, so all of a channel's are. */
  client_compressed_unary: ({ compressing }) => largeUnary({ test: compressing }),

  client_compressed_streaming: ({ compressing }) => clientStreaming({ test: compressing }),

  client_streaming: clientStreaming,

  async server_streaming({ test }) {
    const responseParameters = RESPONSE_SIZES.map((size) => ({ size }));
    const call = test.streamingOutputCall({ responseType: "COMPRESSABLE", responseParameters });
    const { status, received } = await ending(call);
    assert.equal(status.code, grpc.status.OK);
    assert.deepEqual(sizesOf(received), RESPONSE_SIZES);
  },

  async ping_pong({ test }) {
    const call = test.fullDuplexCall();
    const ended = ending(call);
    for (const [i, size] of RESPONSE_SIZES.entries()) {
      call.write({ ...output(size), payload: payload(REQUEST_SIZES[i]) });
      const [message] = await once(call, "data");
      assert.deepEqual(sizesOf([message]), [size]);
    }
    call.end();
    const { status, received } = await ended;
    assert.equal(status.code, grpc.status.OK);
    assert.equal(received.length, RESPONSE_SIZES.length);
  },

  async empty_stream({ test }) {
    const call = test.fullDuplexCall();
    call.end();
    const { status, received } = await ending(call);
    assert.equal(status.code, grpc.status.OK);
    assert.deepEqual(received, []);
  },

  custom_metadata: (clients) => echoes(clients),

  /** As large as a head may be that a proxy and this library let through. */
  large_metadata: (clients) => echoes(clients, "0123456789abcdef".repeat(2_048)),

  status_code_and_message: (clients) =>
    failsWith(clients, { code: 2, message: "test status message" }),

  special_status_message: (clients) =>
    failsWith(clients, {
      code: 2,
      message: "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
    }),

  async unimplemented_method({ test }) {
    const { error } = await unary(test, "unimplementedCall", {});
    assert.equal(error?.code, grpc.status.UNIMPLEMENTED);
  },

  async unimplemented_service({ unimplemented }) {
    const { error } = await unary(unimplemented, "unimplementedCall", {});
    assert.equal(error?.code, grpc.status.UNIMPLEMENTED);
  },

  async cancel_after_begin({ test }) {
    const answered = new Promise((resolve) => {
      const call = test.streamingInputCall((error) => resolve(error));
      call.cancel();
    });
    assert.equal((await answered)?.code, grpc.status.CANCELLED);
  },

  /** Of the same kind, but with the call under way at the server. */
  async cancel_after_first_request({ test }) {
    const answered = new Promise((resolve) => {
      const call = test.streamingInputCall((error) => resolve(error));
      call.write({ payload: payload(REQUEST_SIZES[0]) }, () => call.cancel());
    });
    assert.equal((await answered)?.code, grpc.status.CANCELLED);
  },

  async cancel_after_first_response({ test }) {
    const call = test.fullDuplexCall();
    const ended = ending(call);
    const responseParameters = [{ size: 31_415 }, { size: 9, intervalUs: 20_000_000 }];
    call.write({ responseParameters, payload: payload(27_182) });
    await once(call, "data");
    call.cancel();
    assert.equal((await ended).status.code, grpc.status.CANCELLED);
  },

  async timeout_on_sleeping_server({ test }) {
    const call = test.fullDuplexCall({ deadline: Date.now() + 1 });
    call.on("error", () => undefined);
    const ended = ending(call);
    call.write({ payload: payload(27_182) });
    assert.equal((await ended).status.code, grpc.status.DEADLINE_EXCEEDED);
  },

  async deadline_while_the_server_works({ test }) {
    const call = test.fullDuplexCall({ deadline: Date.now() + 300 });
    const ended = ending(call);
    call.write({ responseParameters: [{ size: 9 }, { size: 9, intervalUs: 20_000_000 }] });
    const { status, received } = await ended;
    assert.equal(status.code, grpc.status.DEADLINE_EXCEEDED);
    assert.deepEqual(sizesOf(received), [9]);
  },
};
