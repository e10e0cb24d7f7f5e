import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort, listening, stopped } from "./http-server.ts";

export const haveSsh = existsSync("/usr/sbin/sshd");

export interface SshServer {
  readonly port: number;
  readonly user: string;
  /** A private key that may log in, and one that may not. */
  readonly key: string;
  readonly strangerKey: string;
  readonly knownHosts: string;
  stop(): Promise<void>;
}

/** OpenSSH's server as this user: keys only, and nothing but git's commands. */
export async function startSsh(folder: string): Promise<SshServer> {
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  mkdirSync(folder, { recursive: true });
  const key = (name: string): string => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
    return join(folder, name);
  };
  const [host, own, strangerKey] = [key("host"), key("id"), key("stranger")];
  const command = 'git-shell -c \\"$SSH_ORIGINAL_COMMAND\\"';
  writeFileSync(join(folder, "authorized"), `command="${command}",restrict ${readFileSync(`${own}.pub`, "utf8")}`);
  const port = await freePort();
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${readFileSync(`${host}.pub`, "utf8").split(" ").slice(0, 2).join(" ")}\n`);
  const options = {
    Port: String(port),
    ListenAddress: "127.0.0.1",
    HostKey: host,
    AuthorizedKeysFile: join(folder, "authorized"),
    PasswordAuthentication: "no",
    KbdInteractiveAuthentication: "no",
    UsePAM: "no",
    StrictModes: "no",
    PidFile: "none",
    PermitRootLogin: "forced-commands-only",
    MaxStartups: "100",
  };
  const args = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", "/dev/null", ...args], { stdio: "ignore" });
  await listening(port, child);
  return { port, user: userInfo().username, key: own, strangerKey, knownHosts, stop: () => stopped(child) };
}
