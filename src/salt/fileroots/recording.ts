import type { FileRoots, SourceFile } from "../types.ts";

/** Is told of every question that was asked of file roots, with the answer. */
export interface FileRecorder {
  /** A look-up; `file` is undefined where there was none, which is an answer that can change too. */
  found(saltenv: string, path: string, file: SourceFile | undefined): void;
  listed(saltenv: string, what: "files" | "directories", paths: readonly string[]): void;
  environments(names: readonly string[]): void;
}

/** File roots that tell a recorder what was read of them. */
export class RecordingFileRoots implements FileRoots {
  readonly #inner: FileRoots;
  readonly #recorder: FileRecorder;

  constructor(inner: FileRoots, recorder: FileRecorder) {
    this.#inner = inner;
    this.#recorder = recorder;
  }

  environments(): readonly string[] {
    const names = this.#inner.environments();
    this.#recorder.environments(names);
    return names;
  }
  find(saltenv: string, path: string): SourceFile | undefined {
    const file = this.#inner.find(saltenv, path);
    this.#recorder.found(saltenv, path, file);
    return file;
  }
  list(saltenv: string): readonly string[] {
    const paths = this.#inner.list(saltenv);
    this.#recorder.listed(saltenv, "files", paths);
    return paths;
  }
  listDirectories(saltenv: string): readonly string[] {
    const paths = this.#inner.listDirectories(saltenv);
    this.#recorder.listed(saltenv, "directories", paths);
    return paths;
  }
}
