// A workload that makes gRPC calls when a test says so. It prints the loopback port where it takes orders:
// POST /case {case, target}, /unary and /server-stream {target, method, request, metadata, deadlineMs}.
import http from "node:http";
import { json } from "node:stream/consumers";
import grpc from "@grpc/grpc-js";
import { cases, ending, sizesOf, unary } from "./cases.mjs";
import { largeMetadata, TestService, UnimplementedService } from "./service.mjs";

const clientsByTarget = new Map();

function clientsOf(target) {
  const known = clientsByTarget.get(target);
  if (known !== undefined) return known;
  const plaintext = grpc.credentials.createInsecure();
  const options = { ...largeMetadata, "grpc.enable_retries": 0 };
  const clients = {
    test: new TestService(target, plaintext, options),
    unimplemented: new UnimplementedService(target, plaintext, options),
    compressing: new TestService(target, plaintext, {
      ...options,
      "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
    }),
  };
  clientsByTarget.set(target, clients);
  return clients;
}

async function runCase(order) {
  await cases[order.case](clientsOf(order.target));
  return {};
}

async function callUnary({ target, method, request = {}, metadata = {}, deadlineMs }) {
  const fields = new grpc.Metadata();
  for (const [name, value] of Object.entries(metadata)) fields.set(name, value);
  const deadline = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  const { test } = clientsOf(target);
  const { response, error, initial, status } = await unary(test, method, request, {
    metadata: fields,
    ...deadline,
  });
  const ended = error ?? status;
  return {
    response,
    code: ended.code,
    details: ended.details,
    initial: initial?.getMap() ?? {},
    trailing: ended.metadata.getMap(),
  };
}

async function callServerStream({ target, method, request = {}, metadata = {} }) {
  const fields = new grpc.Metadata();
  for (const [name, value] of Object.entries(metadata)) fields.set(name, value);
  const { status, received, initial } = await ending(
    clientsOf(target).test[method](request, fields),
  );
  return {
    received: sizesOf(received),
    code: status.code,
    details: status.details,
    initial: initial?.getMap() ?? {},
    trailing: status.metadata.getMap(),
  };
}

const orders = { "/case": runCase, "/unary": callUnary, "/server-stream": callServerStream };

const server = http.createServer(async (request, response) => {
  try {
    const answer = await orders[request.url](await json(request));
    response.end(JSON.stringify(answer));
  } catch (cause) {
    response.writeHead(500).end(cause.stack);
  }
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
