/** What a git command that spoke with a remote failed of. */
export type RemoteTrouble =
  /** The remote does not know the user, or does not let it. */
  | "auth"
  /** There is no such repository, as far as this user is told. */
  | "absent"
  /** The connection broke, could not be made, or the server was out of order: the same may work a moment later. */
  | "broken"
  | "other";

const AUTH =
  /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|returned error: 40[13]\b|Permission denied|Host key verification failed|access denied|not authorized|insufficient permission/i;
const ABSENT = /returned error: 404\b|not found|does not exist|does not appear to be a git repository|no such/i;
const BROKEN =
  /hung up|early EOF|unexpected disconnect|RPC failed|Connection (?:reset|refused|timed out|closed)|Could not resolve|Empty reply|transfer closed|unable to access|unable to connect|SSL|GnuTLS|TLS|Broken pipe|kex_exchange|bad line length|protocol error|invalid index-pack output|index-pack (?:failed|died)|unpack-objects|bad pack header|pack (?:has bad|is corrupted|signature mismatch)|expected (?:flush|response|ok\/error|'?packfile)|unexpected end|Network is unreachable|Operation (?:timed out|too slow)|returned error: (?:408|425|429|5\d\d)\b|remote-?\w* (?:died|reported)|invalid server response|did not send|sideband|inflate|zlib|bogus|malformed|invalid response|fetch-pack: |send-pack: /i;

/** Judges by git's words, which are the C locale's. */
export function troubleOf(said: string): RemoteTrouble {
  if (AUTH.test(said)) return "auth";
  if (/returned error: 404\b/.test(said)) return "absent";
  if (BROKEN.test(said) && !/repository '[^']*' not found/.test(said))
    return ABSENT.test(said) && /does not appear|not found/i.test(said) ? "absent" : "broken";
  return ABSENT.test(said) ? "absent" : "other";
}

const ADVICE: Readonly<Record<RemoteTrouble, string>> = {
  auth: "Nobody is asked for a password here: let publish.auth name a token or an ssh key that may do this, or set up git's own credential helper.",
  absent: "Check publish.remote in halite.yaml. Hosts also say so to users that may not see the repository: check publish.auth.",
  broken: "Check publish.remote in halite.yaml and the network; running again is safe.",
  other: "Run the same git command by hand to see more; running again is safe.",
};

/** What to do about it. */
export function adviceFor(trouble: RemoteTrouble): string {
  return ADVICE[trouble];
}

/** What the remote's own hooks and its host have said: the text after `remote:`. */
export function remoteLines(said: string): string[] {
  return said
    .split("\n")
    .filter((line) => line.startsWith("remote:"))
    .map((line) => line.slice("remote:".length).trim())
    .filter((line) => line !== "");
}
