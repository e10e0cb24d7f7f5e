import { mkdirSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PyBytes, PyDict, PyFloat, PyOrderedDict, PySet, PyTuple, int, type Value } from "../../src/python/index.ts";
import type { Oracle } from "../oracle/oracle.ts";

/** A file of a tree: its text, or text and mode. */
export type TreeFile = string | Uint8Array | { readonly content: string | Uint8Array; readonly mode: number };

/** One case: SLS, templates and pillar as a user would write them. Every state of `a.sls` is applied. */
export interface Tree {
  readonly title: string;
  /** `a.sls` and the files beside it. */
  readonly states: Readonly<Record<string, TreeFile>>;
  /** Files of the environment `dev`. */
  readonly dev?: Readonly<Record<string, TreeFile>>;
  readonly pillar?: string;
  readonly grains?: Readonly<Record<string, unknown>>;
}

/** What the real `state.apply` left and said. */
export interface Applied {
  readonly files: Readonly<Record<string, { readonly content: string; readonly mode: string } | { readonly link: string }>>;
  readonly low: unknown;
  readonly pillar: unknown;
  readonly states?: readonly {
    readonly tag: string;
    readonly id: string | null;
    readonly name: string;
    readonly result: boolean | null;
    readonly comment: string;
    readonly changed: boolean;
  }[];
  readonly errors?: readonly string[];
  /** What ended the whole run. */
  readonly raised: string | null;
}

export interface WrittenTree {
  readonly directory: string;
  readonly config: Readonly<Record<string, unknown>>;
  remove(): void;
}

export const GRAINS = { kernel: "Linux", os: "Debian", os_family: "Debian", az: "sjc1", list: ["a", "b"], empty: "" };

/** Puts a tree on disk, for Python. */
export function writeTree(tree: Tree): WrittenTree {
  const directory = mkdtempSync(join(tmpdir(), "halite-tree-"));
  const put = (path: string, file: TreeFile): void => {
    const full = join(directory, path);
    mkdirSync(dirname(full), { recursive: true });
    const plain = typeof file === "string" || file instanceof Uint8Array ? { content: file, mode: 0o644 } : file;
    writeFileSync(full, plain.content);
    chmodSync(full, plain.mode);
  };
  for (const [path, file] of Object.entries(tree.states)) put(`states/${path}`, file);
  for (const [path, file] of Object.entries(tree.dev ?? {})) put(`dev/${path}`, file);
  mkdirSync(join(directory, "pillar"), { recursive: true });
  mkdirSync(join(directory, "dev"), { recursive: true });
  if (tree.pillar !== undefined) {
    put("pillar/top.sls", "base:\n  '*': [data]\n");
    put("pillar/data.sls", tree.pillar);
  }
  return {
    directory,
    config: {
      id: "m1",
      file_roots: { base: [join(directory, "states")], dev: [join(directory, "dev")] },
      pillar_roots: { base: [join(directory, "pillar")] },
      grains: { ...GRAINS, ...tree.grains },
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Applies `a.sls` with the real Salt. @throws Error with Python's own where it raised one */
export async function applyReally(oracle: Oracle, written: WrittenTree): Promise<Applied> {
  const answer = await oracle.ask("apply", { config: written.config, sls: ["a"], directories: ["/etc/kubernetes/addons"] });
  if ("error" in answer) throw new Error(answer.error.trace);
  return answer.ok as Applied;
}

/** The twin of `encode_ordered` in ops_salt_apply.py. */
export function decodeValue(encoded: unknown): Value {
  if (encoded === null || typeof encoded === "string" || typeof encoded === "boolean") return encoded;
  if (Array.isArray(encoded)) return encoded.map(decodeValue);
  const [[kind, body] = ["", null]] = Object.entries(encoded as Record<string, unknown>);
  const list = (): unknown[] => body as unknown[];
  const entries = (): [Value, Value][] => (body as [unknown, unknown][]).map(([key, value]) => [decodeValue(key), decodeValue(value)]);
  switch (kind) {
    case "int":
      return int(BigInt(body as string));
    case "float":
      return new PyFloat(Number((body as string).replace("inf", "Infinity")));
    case "dict":
      return PyDict.of(entries());
    case "ordered": {
      const dict = new PyOrderedDict();
      for (const [key, value] of entries()) dict.set(key, value);
      return dict;
    }
    case "tuple":
      return new PyTuple(list().map(decodeValue));
    case "set":
      return new PySet(list().map(decodeValue));
    case "bytes":
      return new PyBytes(new Uint8Array(Buffer.from(body as string, "hex")));
    default:
      throw new Error(`cannot decode ${kind}`);
  }
}
