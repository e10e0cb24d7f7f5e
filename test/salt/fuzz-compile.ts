import { printFinding, FindingError, type Finding } from "../../src/finding/index.ts";
import { MemoryFileRoots, minionOf, parseMinionConfig, SaltCompiler } from "../../src/salt/index.ts";

/** What a compile of a tree came to, and what it cost. */
export interface Compiled {
  /** Codes of the errors found, sorted, each once; `THROWN …` for what is no finding. */
  readonly codes: readonly string[];
  /** Seconds of CPU. */
  readonly cpu: number;
  /** MiB by which the heap has grown. */
  readonly heap: number;
}

export type Files = Readonly<Record<string, string | Uint8Array>>;

const ROOT = /^(states|pillar)\//;

/** Compiles pillar, top, high, low and files of a tree, and prints every finding. */
export function compileTree(files: Files): Compiled {
  const heap = process.memoryUsage().heapUsed;
  const start = process.cpuUsage();
  const codes = new Set<string>();
  const note = (findings: readonly Finding[]): void => {
    for (const finding of findings) {
      printFinding(finding);
      if (finding.severity === "error") codes.add(finding.code);
    }
  };
  try {
    const config = parseMinionConfig("id: m1\n", "minion");
    const roots = (kind: string): MemoryFileRoots =>
      new MemoryFileRoots(
        {
          base: Object.fromEntries(
            Object.entries(files).flatMap(([path, file]) => (ROOT.exec(path)?.[1] === kind ? [[path.slice(kind.length + 1), file]] : [])),
          ),
        },
        kind,
      );
    const compiler = new SaltCompiler().forMinion(minionOf(config, roots("states"), roots("pillar")), { trace: true });
    note(compiler.pillar().findings);
    note(compiler.top().findings);
    note(compiler.low().findings);
    const { value, findings } = compiler.files();
    note(findings);
    for (const file of value?.files.values() ?? []) if (file.kind === "error") note(file.findings);
  } catch (error) {
    if (error instanceof FindingError) note(error.findings);
    else codes.add(`THROWN ${error instanceof Error ? error.stack : String(error)}`);
  }
  const used = process.cpuUsage(start);
  return { codes: [...codes].sort(), cpu: (used.user + used.system) / 1e6, heap: (process.memoryUsage().heapUsed - heap) / 2 ** 20 };
}
