// What any Node program does, without a word about a mesh: calls URL with `node:http` and with `fetch`, and prints both answers.
const http = require("node:http");

const url = process.env.URL;

function get() {
  return new Promise((resolve, reject) => {
    const request = http.get(url, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, body }));
    });
    request.on("error", reject);
  });
}

async function fetched() {
  const response = await fetch(url);
  return { status: response.status, body: await response.text() };
}

async function main() {
  const answers = { http: await get(), fetch: await fetched() };
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}

main().catch((cause) => {
  console.error(cause);
  process.exitCode = 1;
});
