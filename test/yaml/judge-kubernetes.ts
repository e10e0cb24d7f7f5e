import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { FindingError } from "../../src/finding/index.ts";
import { PyDict, PyFloat, str, type Value } from "../../src/python/index.ts";
import { loadKubernetes } from "../../src/yaml/index.ts";

const SOURCE = fileURLToPath(new URL("kubernetes-oracle", import.meta.url));
const BINARY = fileURLToPath(new URL("../.cache/bin/kubernetes-yaml", import.meta.url));

/** What came of a stream: its documents in one comparable form, or that it was refused. */
export type Outcome = { readonly documents: readonly unknown[] } | { readonly error: string; readonly code?: string };

/** Whether the real readers are there, or can be built: Go is on this machine. */
export function kubernetesOracleIsThere(): boolean {
  if (existsSync(BINARY)) return true;
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** sigs.k8s.io/yaml and apimachinery's stream reader in one long-lived process. */
export class KubernetesOracle {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: ((line: string) => void)[] = [];

  constructor() {
    const main = fileURLToPath(new URL("kubernetes-oracle/main.go", import.meta.url));
    if (!existsSync(BINARY) || statSync(BINARY).mtimeMs < statSync(main).mtimeMs) {
      execFileSync("go", ["build", "-trimpath", "-o", BINARY, "."], { cwd: SOURCE, stdio: ["ignore", "ignore", "inherit"] });
    }
    this.#child = spawn(BINARY);
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#waiting.shift()?.(line));
  }

  async loads(texts: readonly string[]): Promise<Outcome[]> {
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin.write(`${JSON.stringify({ texts })}\n`);
    const answers = JSON.parse(await line) as { documents?: unknown[]; error?: string }[];
    return answers.map((answer) =>
      answer.error === undefined ? { documents: normalise(answer.documents ?? []) as unknown[] } : { error: answer.error },
    );
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin.end();
    await gone;
  }
}

/** Numbers in one spelling. */
function normalise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([kind, body]) => [kind, kind === "number" ? numberText(String(body)) : normalise(body)]),
  );
}

function numberText(text: string): string {
  return /^-?[0-9]+$/.test(text) && text.length < 21 ? String(BigInt(text)) : String(Number(text));
}

/** Halite's answer in the same form. */
export function haliteLoads(text: string): Outcome {
  try {
    return { documents: loadKubernetes(text, { file: "case.yaml" }).map(({ value }) => encodeJson(value)) };
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return { error: error.message, code: error.findings[0].code };
  }
}

/** JSON-like data in the form of the Go program. */
export function encodeJson(value: Value): unknown {
  if (Array.isArray(value)) return value.map(encodeJson);
  if (typeof value === "number" || typeof value === "bigint") return { number: numberText(String(value)) };
  if (value instanceof PyFloat) return { number: numberText(String(value.value)) };
  if (!(value instanceof PyDict)) return value;
  const pairs = [...value.entries()].map(([key, item]) => [str(key), encodeJson(item)] as const);
  return { dict: pairs.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))) };
}
