/**
 * Searches what a program leaves behind for secret values: canaries that a test has planted in its sources.
 *
 * A canary is looked for as it is, in base64 at each of the three places that it can have in a group of three bytes (both alphabets), in
 * hexadecimal, in percent encoding, and each of these backwards; everywhere with white space, line ends written as `\n`, and the folding of
 * YAML's quoted scalars taken out first. A half of it counts too: excerpts are cut.
 */
import { spawn } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, inflateSync, unzipSync } from "node:zlib";

export interface Canary {
  /** Where it was planted. */
  readonly source: string;
  /** Without white space, 20 characters or more. */
  readonly value: string;
}

/** Where a canary was found, and how it was written there. */
export interface Leak {
  readonly source: string;
  readonly place: string;
  readonly form: string;
}

interface Needle {
  readonly source: string;
  readonly form: string;
  readonly text: string;
}

/** A canary for each of some sources: texts that stand nowhere else. */
export function plantCanaries<Source extends string>(...sources: readonly Source[]): Record<Source, Canary> {
  const entries = sources.map((source, index) => [
    source,
    { source, value: `cNRy${index}/Zq7+${source.replaceAll(/\W/g, "")}x9Kf3Lw8Vb${index}==` },
  ]);
  return Object.fromEntries(entries);
}

export class CanarySearch {
  readonly #needles: readonly Needle[];

  constructor(canaries: readonly Canary[]) {
    this.#needles = canaries.flatMap(needlesOf);
  }

  /** Bytes of any kind: as text, and what they are compressed. */
  bytes(place: string, bytes: Uint8Array): Leak[] {
    const leaks = this.#text(place, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"));
    const plain = decompressed(bytes);
    return plain === undefined ? leaks : [...leaks, ...this.#text(`${place} (decompressed)`, plain.toString("latin1"))];
  }

  text(place: string, text: string): Leak[] {
    return this.bytes(place, Buffer.from(text, "utf8"));
  }

  /** A folder with all that is below it: names, contents, what links lead to. `except`: whether a path below it is not looked at. */
  folder(folder: string, except: (path: string) => boolean = () => false): Leak[] {
    const leaks: Leak[] = [];
    const walk = (path: string): void => {
      for (const name of readdirSync(join(folder, path))) {
        const own = path === "" ? name : `${path}/${name}`;
        if (except(own)) continue;
        leaks.push(...this.text(`name of ${own}`, name));
        const status = lstatSync(join(folder, own), { throwIfNoEntry: false });
        if (status === undefined) continue;
        if (status.isDirectory()) walk(own);
        else if (status.isSymbolicLink()) leaks.push(...this.text(own, readlinkSync(join(folder, own))));
        else if (status.isFile()) leaks.push(...this.bytes(own, readFileSync(join(folder, own))));
      }
    };
    walk("");
    return leaks;
  }

  /** Every object of a git repository, loose or packed, reachable or not, its deltas resolved. */
  async repository(gitDir: string): Promise<Leak[]> {
    const objects = await output("git", ["--git-dir", gitDir, "cat-file", "--batch-all-objects", "--batch", "--unordered"]);
    return this.bytes(`objects of ${gitDir}`, objects);
  }

  #text(place: string, text: string): Leak[] {
    const found = new Map<string, Leak>();
    for (const view of views(text)) {
      const lower = view.toLowerCase();
      for (const { source, form, text: needle } of this.#needles) {
        // Hexadecimal digits may be of either case, those of %HH too.
        const anyCase = form.startsWith("hexadecimal") || form.startsWith("percent");
        if ((anyCase ? lower : view).includes(anyCase ? needle.toLowerCase() : needle))
          found.set(`${source} ${form}`, { source, place, form });
      }
    }
    return [...found.values()];
  }
}

/** One leak a line, for messages of tests. */
export function leaksText(leaks: readonly Leak[]): string {
  return [...new Set(leaks.map(({ source, place, form }) => `canary of ${source} in ${place}, ${form}`))].join("\n");
}

function needlesOf({ source, value }: Canary): Needle[] {
  if (value.length < 20 || /\s/.test(value)) throw new Error(`the canary of ${source} is too short, or has white space`);
  const middle = value.length >> 1;
  const parts: readonly (readonly [string, string])[] = [
    ["", value],
    [", first half", value.slice(0, middle)],
    [", second half", value.slice(middle)],
  ];
  return parts.flatMap(([part, text]) => {
    const bytes = Buffer.from(text, "utf8");
    const forms: (readonly [string, string])[] = [
      ["plain", text],
      ["hexadecimal", bytes.toString("hex")],
      ["percent encoding", encodeURIComponent(text)],
      ["percent encoding of every byte", [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")],
      ...[0, 1, 2].flatMap((phase) => {
        const encoded = base64At(bytes, phase);
        return [
          [`base64 at ${phase}`, encoded] as const,
          [`base64url at ${phase}`, encoded.replaceAll("+", "-").replaceAll("/", "_")] as const,
        ];
      }),
    ];
    const both = forms.flatMap(([form, each]) => [
      [form, each] as const,
      [`${form}, backwards`, Array.from(each).reverse().join("")] as const,
    ]);
    return both.map(([form, each]) => ({ source, form: `${form}${part}`, text: each }));
  });
}

/** What no other byte has a say in of base64, where so many bytes stand before. */
function base64At(bytes: Uint8Array, before: number): string {
  const all = Buffer.concat([Buffer.alloc(before), bytes]);
  return all.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6));
}

/** A text as it is; without white space; and without what YAML, JSON and shells break lines with. */
function* views(text: string): Generator<string> {
  yield text;
  const dense = text.replace(/\s+/g, "");
  yield dense;
  if (dense.includes("\\")) yield dense.replace(/\\(?:r\\n|[nrt])?/g, "");
  if (/["'+]/.test(dense)) yield dense.replace(/["'][,+]?["']/g, "");
  // Lines of diffs and of quoted text begin with a sign.
  if (/^\s*[-+>#|]/m.test(text)) yield text.replace(/^\s*[-+>#|]+\s?/gm, "").replace(/\s+/g, "");
}

function decompressed(bytes: Uint8Array): Buffer | undefined {
  for (const run of [gunzipSync, inflateSync, unzipSync]) {
    try {
      return run(bytes, { maxOutputLength: 256 * 1024 * 1024 });
    } catch {
      // It is of another kind, or of none.
    }
  }
  return undefined;
}

function output(program: string, args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", reject);
    child.once("close", (status) => (status === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(`${program} ended with ${status}`))));
  });
}

/**
 * Reads arguments and environment of every process that has begun since, again and again. What lives shorter than a look takes may be missed.
 */
export class ProcessWatch {
  /** Numbers of complete looks. */
  looks = 0;
  readonly #search: CanarySearch;
  readonly #leaks = new Map<string, Leak>();
  readonly #seen = new Map<string, string>();
  readonly #before = new Set(readdirSync("/proc"));
  readonly #timer: NodeJS.Timeout;

  constructor(search: CanarySearch) {
    this.#search = search;
    this.#timer = setInterval(() => this.#look(), 2);
  }

  /** Ends it and gives what was found. */
  end(): readonly Leak[] {
    clearInterval(this.#timer);
    return [...this.#leaks.values()];
  }

  #look(): void {
    const now = new Set(readdirSync("/proc"));
    // What has ended meanwhile may have another after it by its number.
    for (const pid of this.#before) if (!now.has(pid)) this.#before.delete(pid);
    for (const pid of now) {
      if (!/^\d+$/.test(pid) || this.#before.has(pid)) continue;
      for (const file of ["cmdline", "environ"]) {
        const path = `/proc/${pid}/${file}`;
        let content: string;
        try {
          content = readFileSync(path, "latin1");
        } catch {
          continue;
        }
        // A process number may be another process's later, and exec changes both.
        if (this.#seen.get(path) === content) continue;
        this.#seen.set(path, content);
        for (const leak of this.#search.text(`${file} of a process`, content))
          this.#leaks.set(`${leak.source} ${leak.place} ${leak.form}`, leak);
      }
    }
    this.looks++;
  }
}
