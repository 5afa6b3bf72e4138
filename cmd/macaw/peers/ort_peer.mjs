// ONNX Runtime's side of `macaw bench peers`; the requests are those of torch_peer.py:
//
//   {"open": "infer resnet18 32", "folder": "..."}   {"seconds": 0.5}
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [threads, modules] = process.argv.slice(2);
const say = (answer) => console.log(JSON.stringify(answer));
let ort;
try {
  const require = createRequire(join(modules, "peer.js"));
  ort = require("onnxruntime-node");
  say({ name: "ONNX Runtime", version: require("onnxruntime-node/package.json").version });
} catch (e) {
  say({ error: e.message.split("\n")[0] });
  process.exit(1);
}

const shapes = { mlp: [784], lenet: [1, 28, 28], resnet18: [3, 32, 32], gpt: [256] };

function input(name, batch) {
  const dims = [batch, ...shapes[name]];
  const n = dims.reduce((a, b) => a * b);
  if (name === "gpt") return new ort.Tensor("int64", BigInt64Array.from({ length: n }, () => BigInt(Math.floor(Math.random() * 256))), dims);
  return new ort.Tensor("float32", Float32Array.from({ length: n }, () => Math.random() * 2 - 1), dims);
}

let session, feeds;

async function open(work, folder) {
  const [, name, batch] = work.split(" ");
  await session?.release();
  session = await ort.InferenceSession.create(join(folder, name + ".onnx"), {
    executionProviders: ["cpu"], intraOpNumThreads: Number(threads), interOpNumThreads: 1,
  });
  feeds = { input: input(name, Number(batch)) };
  for (let i = 0; i < 3; i++) await session.run(feeds);
  return {};
}

async function measure(seconds) {
  const times = [];
  for (const end = performance.now() + 1e3 * seconds; times.length < 3 || performance.now() < end;) {
    const start = performance.now();
    await session.run(feeds);
    times.push((performance.now() - start) / 1e3);
  }
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], least: times[0], runs: times.length };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  try {
    say(await ("open" in request ? open(request.open, request.folder) : measure(request.seconds)));
  } catch (e) {
    say({ error: e.message });
  }
}
process.exit(0);
