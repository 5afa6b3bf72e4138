// Runs models in onnxruntime-node for the tests of this module.
//
// usage: node ort_run.mjs NODE_MODULES < jobs.jsonl > results.jsonl
//
// Each line in is a job {"model": path, "inputs": {name: {type, dims, data}}}; each
// line out is {"outputs": {name: {type, dims, data}}} or {"error": text}. Numbers
// travel as base64 of little-endian bytes, strings as a JSON array.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(resolve(process.argv[2], "package.json"));
const ort = require("onnxruntime-node");
ort.env.logLevel = "fatal";

const arrays = {
  float32: Float32Array, float64: Float64Array, int32: Int32Array, int64: BigInt64Array,
  uint8: Uint8Array, int8: Int8Array, bool: Uint8Array,
};

function decode({ type, dims, data }) {
  if (type === "string") return new ort.Tensor("string", data, dims);
  const bytes = Buffer.from(data, "base64");
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return new ort.Tensor(type, new arrays[type](copy), dims);
}

function encode(t) {
  if (t.type === "string") return { type: t.type, dims: t.dims, data: t.data };
  const bytes = Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength);
  return { type: t.type, dims: t.dims, data: bytes.toString("base64") };
}

const sessions = new Map();

async function run({ model, inputs }) {
  if (!sessions.has(model)) {
    sessions.set(model, await ort.InferenceSession.create(model, { executionProviders: ["cpu"], logSeverityLevel: 4, intraOpNumThreads: 1, interOpNumThreads: 1 }));
  }
  const feeds = Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, decode(v)]));
  const outs = await sessions.get(model).run(feeds);
  return { outputs: Object.fromEntries(Object.entries(outs).map(([k, v]) => [k, encode(v)])) };
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = await run(JSON.parse(line));
  } catch (e) {
    reply = { error: String(e.message ?? e) };
  }
  process.stdout.write(JSON.stringify(reply) + "\n");
}
