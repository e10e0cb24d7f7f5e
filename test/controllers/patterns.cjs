// Writes words into block devices and files, and reads what is there. Runs in the node. Each line is a question in JSON, answered by a line: what was found, or
// `{"error": …}`.
// - `["device", PATH]`: for each extent of 4 MiB what lies in its first block and in its middle one
// - `["fill", PATH, WORD]`: the same, after the word was written there everywhere
// - `["file", PATH]`: the words that the blocks of a file begin with, each once; nothing where there is no file
// - `["write", PATH, WORD, MIB]`: the same, after the file was written anew, as long as is said
const { closeSync, existsSync, fsyncSync, openSync, readSync, writeSync } = require("node:fs");
const { createServer } = require("node:net");
const { createInterface } = require("node:readline");
const MIB = 2 ** 20;
const EXTENT = 4 * MIB;
const BLOCK = 4096;
const ZEROS = Buffer.alloc(BLOCK);

function at(path, flags, act) {
  const file = openSync(path, flags);
  try {
    return act(file);
  } finally {
    closeSync(file);
  }
}

/** What a block begins with; "" for zeros. */
function wordOf(block) {
  // An emulated processor is slow at going through bytes one by one.
  if (block.equals(ZEROS)) return "";
  const end = block.findIndex((byte) => byte < 33 || byte > 126);
  return end === 0 ? `bytes:${block.toString("hex", 0, 32)}` : block.toString("latin1", 0, end < 0 ? 64 : end);
}

/** Where words are: twice in each extent. */
function* places(file) {
  const block = Buffer.alloc(BLOCK);
  for (let position = 0; readSync(file, block, 0, BLOCK, position) > 0; position += EXTENT / 2) yield [position, block];
}

function device(path) {
  return at(path, "r", (file) => {
    const found = [];
    for (const [position, block] of places(file)) {
      const word = wordOf(block);
      const extent = Math.floor(position / EXTENT);
      const before = found[extent];
      found[extent] = before === undefined || before === word ? word : `${before}|${word}`;
    }
    return found;
  });
}

function blockOf(word) {
  const block = Buffer.alloc(BLOCK);
  block.write(word, "latin1");
  return block;
}

function fill(path, word) {
  at(path, "r+", (file) => {
    const block = blockOf(word);
    for (const [position] of places(file)) writeSync(file, block, 0, BLOCK, position);
    fsyncSync(file);
  });
  return device(path);
}

function words(path) {
  if (!existsSync(path)) return [];
  return at(path, "r", (file) => {
    const found = new Set();
    const piece = Buffer.alloc(MIB);
    for (let read = readSync(file, piece, 0, MIB); read > 0; read = readSync(file, piece, 0, MIB))
      for (let offset = 0; offset < read; offset += BLOCK) found.add(wordOf(piece.subarray(offset, Math.min(read, offset + BLOCK))));
    return [...found];
  });
}

function write(path, word, mib) {
  at(path, "w", (file) => {
    const piece = Buffer.concat(Array(MIB / BLOCK).fill(blockOf(word)));
    for (let count = 0; count < mib; count++) writeSync(file, piece);
    fsyncSync(file);
  });
  return words(path);
}

const QUESTIONS = { device, fill, file: words, write };
createServer((socket) => {
  socket.on("error", () => undefined);
  createInterface({ input: socket }).on("line", (line) => {
    let answer;
    try {
      const [question, ...given] = JSON.parse(line);
      answer = QUESTIONS[question](...given);
    } catch (error) {
      answer = { error: String(error) };
    }
    socket.write(`${JSON.stringify(answer)}\n`);
  });
}).listen(Number(process.argv[2]), "10.0.2.15");
