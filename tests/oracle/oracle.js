// Every message type and field that the client's protobuf module knows, and every captured frame:
//   client's encoder -> our .proto (names and numbers, by protoc) and our decoder and encoder -> client's decoder.
// Usage: node oracle.js <folder for node_modules> <signal_tool> <protoc> <src> <tests/captures>
"use strict";
const fs = require("fs");
const path = require("path");
const assert = require("assert");
const { spawnSync } = require("child_process");

const [workFolder, tool, protoc, src, captures] = process.argv.slice(2);
const work = path.resolve(workFolder);
const modulePath = path.join(work, "node_modules", "amazon-chime-sdk-js", "build", "signalingprotocol", "SignalingProtocol");

if (!fs.existsSync(modulePath + ".js")) {
  fs.mkdirSync(work, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) fs.copyFileSync(path.join(__dirname, file), path.join(work, file));
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: work, stdio: "inherit" });
  assert.strictEqual(npm.status, 0, "npm ci failed");
}
const protocol = require(modulePath);
const { SdkSignalFrame } = protocol;

// ---- what there is, from the module's type declarations ----
const declarations = fs.readFileSync(modulePath + ".d.ts", "utf8");
const interfaces = {};
for (const m of declarations.matchAll(/interface I(\w+) \{([\s\S]*?)\n\s*\}/g)) {
  interfaces[m[1]] = [...m[2].matchAll(/^\s*(\w+)\??: \(?([^;]+?)\)?;/gm)].map(f => ({ name: f[1], type: f[2].replace(/\|null$/, "").replace(/^\(|\)$/g, "") }));
}
assert.ok(Object.keys(interfaces).length >= 35, "the declarations were not understood");

function enumValues(name) {
  const found = name.split(".").reduce((at, part) => at && at[part], protocol);
  return found && Object.values(found).filter(v => typeof v === "number");
}

let counter = 1;
function sample(type, depth, choose) {
  type = type.trim();
  if (type.endsWith("[]")) {
    const element = type.slice(0, -2).replace(/^\(|\)$/g, "");
    return [sample(element, depth + 1, choose), sample(element, depth + 1, choose)];
  }
  if (type === "string") return "text-" + counter++;
  if (type === "boolean") return true;
  if (type === "Uint8Array") return Buffer.from([1, 2, 3, counter++ & 255]);
  if (type === "number" || type === "number|Long" || type === "(number|Long)") return 1 + (counter++ % 100);
  if (type.startsWith("I") && interfaces[type.slice(1)]) {
    const out = {};
    for (const f of interfaces[type.slice(1)]) out[f.name] = sample(f.type, depth + 1, choose);
    return out;
  }
  const values = enumValues(type);
  assert.ok(values && values.length, "unknown type " + type);
  return values[choose % values.length];
}

const frames = [];
const types = Object.entries(SdkSignalFrame.Type).filter(([, v]) => typeof v === "number");
const subFrames = interfaces.SdkSignalFrame.filter(f => !["timestampMs", "type"].includes(f.name));
for (const [name, value] of types) frames.push({ what: "type " + name, object: { timestampMs: 1795335296227, type: value } });
for (const f of subFrames) {
  // Several rounds, so that every value of every enumeration occurs.
  for (let round = 0; round < 12; ++round) {
    frames.push({ what: `${f.name} (round ${round})`, object: { timestampMs: 1000 + round, type: types[0][1], [f.name]: sample(f.type, 0, round) } });
  }
}
const generated = frames.length;
for (const folder of fs.readdirSync(captures)) {
  const file = path.join(captures, folder, "frames.json");
  if (!fs.existsSync(file)) continue;
  for (const item of JSON.parse(fs.readFileSync(file, "utf8")).frames) {
    if (item.f && item.f.type) frames.push({ what: `${folder} at ${item.t} ms`, object: item.f });
  }
}
const captured = frames.length - generated;
assert.ok(captured > 200, "the captures were not found");

// ---- there and back ----
const plain = message => SdkSignalFrame.toObject(message, { longs: String, enums: String, bytes: String });
for (const f of frames) {
  f.message = SdkSignalFrame.fromObject(f.object);
  f.bytes = Buffer.from(SdkSignalFrame.encode(f.message).finish());
}
const run = spawnSync(tool, { input: frames.map(f => "05" + f.bytes.toString("hex")).join("\n") + "\n", maxBuffer: 1 << 28 });
assert.strictEqual(run.status, 0, "signal_tool failed");
const lines = run.stdout.toString().trim().split("\n");
assert.strictEqual(lines.length, frames.length);
let failures = 0;
function check(what, body) {
  try {
    body();
  } catch (error) {
    if (++failures <= 10) console.error(`${what}: ${error.message}`);
  }
}
frames.forEach((f, i) => check(f.what, () => {
  assert.notStrictEqual(lines[i], "refused", "our decoder refuses it");
  const again = Buffer.from(lines[i], "hex");
  assert.strictEqual(again[0], 5, "no type byte");
  assert.deepStrictEqual(plain(SdkSignalFrame.decode(again.subarray(1))), plain(f.message));
}));

// ---- our own names for every field: what protoc knows by number only is missing from our .proto ----
const camel = name => name.replace(/_([a-z0-9])/g, (_, c) => c.toUpperCase());
function namesOf(object, into) {
  for (const [key, value] of Object.entries(object)) {
    into.add(key);
    for (const v of Array.isArray(value) ? value : [value]) {
      if (v && typeof v === "object" && !Buffer.isBuffer(v)) namesOf(v, into);
    }
  }
  return into;
}
let fields = 0;
for (const f of frames.slice(types.length, generated).filter((_, i) => i % 12 === 0)) {
  check(f.what, () => {
    const text = spawnSync(protoc, ["--decode=upcall.signal.SdkSignalFrame", "-I" + src, path.join(src, "wire/signal/signal.proto")], { input: f.bytes });
    assert.strictEqual(text.status, 0, text.stderr.toString());
    const ours = new Set();
    for (const m of text.stdout.toString().matchAll(/^\s*(\w+)(?::| \{)/gm)) {
      assert.ok(!/^\d+$/.test(m[1]), `field ${m[1]} is missing from our .proto`);
      ours.add(camel(m[1]));
    }
    const theirs = namesOf(f.object, new Set());
    fields += theirs.size;
    assert.deepStrictEqual([...ours].sort(), [...theirs].sort());
  });
}
assert.ok(fields > 150, "too few fields were compared");
console.log(`${generated} made frames, ${captured} captured ones, ${fields} field names; ${failures} failures`);
process.exit(failures ? 1 : 0);
