import { resolve } from "node:path";
import { FindingError } from "../finding/index.ts";
import { maskText } from "./clean-text.ts";

/** Where a branch is published to. */
export type Remote =
  /** A bare repository on this machine that nobody else need look after: it is made where it is absent, and written to without a push. */
  | { readonly kind: "embedded"; readonly path: string; readonly display: string }
  | { readonly kind: "url"; readonly url: string; readonly transport: "http" | "ssh" | "other"; readonly display: string };

/**
 * Reads a remote as git writes them: a URL, ssh's `HOST:PATH`, else a path, relative to `folder`.
 *
 * @throws FindingError `remote-password` for a URL with a password: it would stand in git's history and in lists of processes
 */
export function parseRemote(text: string, folder: string): Remote {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  const display = maskText(text, []);
  if (scheme === undefined && !/^[^/]+:/.test(text)) return { kind: "embedded", path: resolve(folder, text), display: text };
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/@]*:[^/@]*@/i.test(text)) {
    throw new FindingError({
      code: "remote-password",
      severity: "error",
      message: `the remote ${display} holds a password`,
      advice:
        "Take it out, have it withdrawn where it was in git, and let publish.auth name an environment variable or a file that has the new one.",
    });
  }
  const transport = scheme === "http" || scheme === "https" ? "http" : scheme === "ssh" || scheme === undefined ? "ssh" : "other";
  return { kind: "url", url: text, transport, display };
}
