import { gitFailed, runGit, type GitRunOptions } from "./run.ts";
import type { Signature } from "./source.ts";
import type { Tree, TreeChanges } from "./tree.ts";

/** A commit to make. */
export interface CommitRequest {
  /** The commit that it follows; null for the first of a branch. */
  readonly parent: string | null;
  readonly tree: Tree;
  /** What `tree` changes in the parent's. */
  readonly changes: TreeChanges;
  readonly message: string;
  readonly author: Signature;
  readonly committer: Signature;
}

/** Writes a commit with one `git fast-import`, without a work tree or index; only what differs from the parent is sent. Gives its id. */
export async function writeCommit(request: CommitRequest, ref: string, options: GitRunOptions): Promise<string> {
  const args = ["fast-import", "--quiet", "--done", "--force", "--date-format=raw"];
  const run = await runGit(args, { ...options, input: stream(request, ref), timeout: 600_000 });
  if (run.status !== 0) throw gitFailed(args, run);
  return run.stdout.toString("utf8").trim();
}

async function* stream(request: CommitRequest, ref: string): AsyncGenerator<Uint8Array> {
  const { parent, changes } = request;
  const message = Buffer.from(request.message, "utf8");
  yield Buffer.concat([
    Buffer.from(
      `commit ${ref}\nmark :1\nauthor ${signature(request.author)}\ncommitter ${signature(request.committer)}\ndata ${message.length}\n`,
      "utf8",
    ),
    message,
    Buffer.from(`\n${parent === null ? "" : `from ${parent}\n`}`),
  ]);
  yield Buffer.from(changes.removed.map((path) => `D ${quotePath(path)}\n`).join(""), "utf8");
  for (const path of [...changes.added, ...changes.changed]) {
    const content = request.tree.get(path) ?? "";
    if (typeof content === "object" && "blob" in content) {
      yield Buffer.from(`M 100644 ${content.blob} ${quotePath(path)}\n`, "utf8");
      continue;
    }
    const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
    yield Buffer.concat([Buffer.from(`M 100644 inline ${quotePath(path)}\ndata ${bytes.length}\n`, "utf8"), bytes, Buffer.from("\n")]);
  }
  yield Buffer.from("get-mark :1\ndone\n", "utf8");
}

/** A name, an address and a time as they stand in a commit. */
function signature(who: Signature): string {
  return `${clean(who.name)} <${clean(who.email)}> ${who.date}`;
}

/** A name or address without the characters that end it in a commit. */
export function clean(text: string): string {
  return text.replace(/[<>\n\0]/g, "").trim();
}

/** A path in fast-import's quoted form, which any byte may stand in. */
function quotePath(path: string): string {
  return `"${path.replace(/["\\]/g, (character) => `\\${character}`).replace(/\n/g, "\\n")}"`;
}
