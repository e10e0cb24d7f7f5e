import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePorts } from "../control-plane/ports.ts";

export const haveHttp = existsSync("/usr/sbin/lighttpd");

/** A port that is nobody else's as long as this process lives. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** Resolves as soon as somebody listens; rejects when the process that is to do so has ended. */
export async function listening(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface GitServer {
  readonly port: number;
  /** The folder of bare repositories. */
  readonly repositories: string;
  /** The folder for temporary files of what the server runs, hooks too. */
  readonly temporary: string;
  /** Makes a bare repository that may be pushed to, and gives its path. */
  add(name: string): string;
  stop(): Promise<void>;
}

/**
 * Smart HTTP as hosts have it: git's own http-backend behind lighttpd, with basic authentication.
 *
 * @param users `NAME:PASSWORD` each
 */
export async function startHttp(folder: string, users: readonly string[]): Promise<GitServer> {
  const repositories = join(folder, "repositories");
  const temporary = join(folder, "tmp");
  for (const path of [repositories, temporary]) mkdirSync(path, { recursive: true });
  writeFileSync(join(folder, "users"), users.map((user) => `${user}\n`).join(""));
  const backend = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend");
  const port = await freePort();
  writeFileSync(
    join(folder, "lighttpd.conf"),
    `server.modules = ("mod_auth", "mod_authn_file", "mod_cgi", "mod_alias", "mod_setenv")
server.document-root = "${repositories}"
server.bind = "127.0.0.1"
server.port = ${port}
server.errorlog = "${join(folder, "error.log")}"
server.upload-dirs = ("${folder}")
alias.url = ("/" => "${backend}/")
cgi.assign = ("" => "")
setenv.add-environment = (
  "GIT_PROJECT_ROOT" => "${repositories}", "GIT_HTTP_EXPORT_ALL" => "1", "PATH" => "${process.env["PATH"] ?? ""}",
  "TMPDIR" => "${temporary}",
  "GIT_CONFIG_COUNT" => "1", "GIT_CONFIG_KEY_0" => "safe.directory", "GIT_CONFIG_VALUE_0" => "*"
)
auth.backend = "plain"
auth.backend.plain.userfile = "${join(folder, "users")}"
auth.require = ("" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
`,
  );
  const child = spawn("/usr/sbin/lighttpd", ["-D", "-f", join(folder, "lighttpd.conf")], { stdio: "ignore" });
  await listening(port, child);
  return {
    port,
    repositories,
    temporary,
    add: (name) => {
      const path = join(repositories, name);
      execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", path]);
      for (const option of ["http.receivepack", "uploadpack.allowFilter"]) execFileSync("git", ["-C", path, "config", option, "true"]);
      return path;
    },
    stop: () => stopped(child),
  };
}

export function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  return ended;
}
