import { createHash } from "node:crypto";
import type { Fleet } from "../load.ts";
import type { FileRoots, FileStamp } from "../../salt/index.ts";

/**
 * What the tree answers to the questions about files that compiles ask. A question is a text: `file_roots`, `pillar_roots`, `sealed`; then `find`,
 * `files`, `directories` or `environments`; then the environment and the path; joined by NUL.
 */
export class FileAnswers {
  readonly #roots: Readonly<Record<string, FileRoots>>;
  readonly #answers = new Map<string, string>();

  constructor({ fileRoots, pillarRoots, sealedRoots }: Pick<Fleet, "fileRoots" | "pillarRoots" | "sealedRoots">) {
    this.#roots = { file_roots: fileRoots, pillar_roots: pillarRoots, sealed: sealedRoots };
  }

  /** A short text equal for equal answers: the file with its name and permissions, or the list. */
  answer(question: string): string {
    let answer = this.#answers.get(question);
    if (answer === undefined) {
      answer = this.#ask(question);
      this.#answers.set(question, answer);
    }
    return answer;
  }

  /** What the file looked like when it was read, or would be read now; `undefined` for what is no file, and for what is not there. */
  stampRead(question: string): FileStamp | undefined {
    const [root = "", what, saltenv = "", path = ""] = question.split("\0");
    return what === "find" ? this.#roots[root]?.find(saltenv, path)?.stamp : undefined;
  }
  stampNow(question: string): FileStamp | undefined {
    const [root = "", what, saltenv = "", path = ""] = question.split("\0");
    return what === "find" ? this.#roots[root]?.stamp?.(saltenv, path) : undefined;
  }

  #ask(question: string): string {
    const [root = "", what, saltenv = "", path = ""] = question.split("\0");
    const roots = this.#roots[root];
    if (roots === undefined) return "";
    switch (what) {
      case "find": {
        const file = roots.find(saltenv, path);
        return file === undefined ? "-" : `${file.digest} ${file.mode} ${file.display}`;
      }
      case "files":
        return listed(roots.list(saltenv));
      case "directories":
        return listed(roots.listDirectories(saltenv));
      default:
        return listed(roots.environments());
    }
  }
}

function listed(names: readonly string[]): string {
  return createHash("sha256").update(names.join("\0")).digest("base64");
}
