// The server of the interoperability tests, on PORT of loopback. It prints `listening`, and `cancelled METHOD` for each call
// that its caller gave up.
import { setTimeout as sleep } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import { largeMetadata, TestService } from "./service.mjs";

const INITIAL = "x-grpc-test-echo-initial";
const TRAILING = "x-grpc-test-echo-trailing-bin";
/** Not of the interoperability tests: `STATUS TIMES KEY` fails the first TIMES calls of this KEY before they are served. */
const FAIL = "test-fail";
/** Not of the interoperability tests: the request's fields come back as `test-seen`, in JSON. */
const SEEN = "test-show-metadata";

const failed = new Map();

function statusToFailWith(call) {
  const [order] = call.metadata.get(FAIL);
  if (order === undefined) return undefined;
  const [code, times, key] = order.split(" ");
  const before = failed.get(key) ?? 0;
  if (before >= Number(times)) return undefined;
  failed.set(key, before + 1);
  return { code: Number(code), details: `failure ${before + 1} of ${times}` };
}

/** Sends the fields that begin the answer, and gives those that end it. */
function echoMetadata(call) {
  const initial = new grpc.Metadata();
  const trailing = new grpc.Metadata();
  for (const value of call.metadata.get(INITIAL)) initial.add(INITIAL, value);
  for (const value of call.metadata.get(TRAILING)) trailing.add(TRAILING, value);
  if (call.metadata.get(SEEN).length > 0)
    initial.set("test-seen", JSON.stringify(call.metadata.getMap()));
  if (Object.keys(initial.getMap()).length > 0) call.sendMetadata(initial);
  return trailing;
}

const payload = (size) => ({ type: "COMPRESSABLE", body: Buffer.alloc(size) });

const asError = ({ code, message }, metadata) => ({ code, details: message, metadata });

function unaryCall(call, callback) {
  const failure = statusToFailWith(call);
  if (failure !== undefined) return callback(failure);
  const trailing = echoMetadata(call);
  const { responseStatus, responseSize } = call.request;
  if (responseStatus) return callback(asError(responseStatus, trailing));
  callback(null, { payload: payload(responseSize) }, trailing);
}

function emptyCall(call, callback) {
  const failure = statusToFailWith(call);
  if (failure !== undefined) callback(failure);
  else callback(null, {}, echoMetadata(call));
}

function streamingInputCall(call, callback) {
  let aggregatedPayloadSize = 0;
  let isAnswered = false;
  noteCancel(call, "StreamingInputCall", () => isAnswered);
  call.on("data", ({ payload }) => {
    aggregatedPayloadSize += payload.body.length;
  });
  call.on("end", () => {
    isAnswered = true;
    callback(null, { aggregatedPayloadSize });
  });
}

async function streamingOutputCall(call) {
  await answer(call, call.request);
  call.end();
}

function fullDuplexCall(call) {
  let isAnswered = false;
  let last = Promise.resolve();
  noteCancel(call, "FullDuplexCall", () => isAnswered);
  const trailing = echoMetadata(call);
  call.on("data", (request) => {
    last = last.then(() => answer(call, request));
    if (!request.responseStatus) return;
    isAnswered = true;
    call.emit("error", asError(request.responseStatus, trailing));
  });
  call.on("end", async () => {
    await last;
    if (isAnswered || call.cancelled) return;
    isAnswered = true;
    call.end(trailing);
  });
}

async function answer(call, { responseParameters }) {
  for (const { size, intervalUs } of responseParameters) {
    if (intervalUs > 0) await sleep(intervalUs / 1000);
    call.write({ payload: payload(size) });
  }
}

/** The event comes after every call; one that was given up has not been answered then. */
function noteCancel(call, method, isAnswered) {
  call.on("cancelled", () => {
    if (!isAnswered()) console.log(`cancelled ${method}`);
  });
}

const server = new grpc.Server(largeMetadata);
server.addService(TestService.service, {
  emptyCall,
  unaryCall,
  streamingInputCall,
  streamingOutputCall,
  fullDuplexCall,
});
server.bindAsync(
  `127.0.0.1:${process.env.PORT}`,
  grpc.ServerCredentials.createInsecure(),
  (cause) => {
    if (cause) throw cause;
    console.log("listening");
  },
);
