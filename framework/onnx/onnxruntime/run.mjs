// Runs models in onnxruntime-node: jobs in, results out, a JSON line each.
//
// The first argument is the folder of node_modules. A job is {"key", "model",
// "inputs": {name: {type, dims, data}}}, a result {"outputs": {name: {type, dims,
// data}}} or {"error": text}. Models and numbers travel as base64, numbers in
// little-endian order, strings as an array. A model is loaded once for a key.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(resolve(process.argv[1], "package.json"));
const ort = require("onnxruntime-node");
ort.env.logLevel = "fatal";

const arrays = {
  float32: Float32Array, float64: Float64Array, int32: Int32Array, int64: BigInt64Array,
  uint8: Uint8Array, int8: Int8Array, bool: Uint8Array, int16: Int16Array, uint16: Uint16Array,
  uint32: Uint32Array, uint64: BigUint64Array, float16: globalThis.Float16Array ?? Uint16Array,
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

async function run({ key, model, inputs }) {
  if (!sessions.has(key)) {
    const options = { executionProviders: ["cpu"], logSeverityLevel: 4, intraOpNumThreads: 1, interOpNumThreads: 1 };
    sessions.set(key, await ort.InferenceSession.create(Buffer.from(model, "base64"), options));
  }
  const feeds = Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, decode(v)]));
  const outs = await sessions.get(key).run(feeds);
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
