import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../control-plane/ports.ts";
import { Program } from "../control-plane/process.ts";
import { mustRun } from "../real/run.ts";

/** Whether Debian's packages of Barbican and Keystone are here. */
export const haveBarbican = existsSync("/etc/barbican/barbican-api-paste.ini") && existsSync("/usr/bin/keystone-manage");

export interface Service {
  readonly url: string;
  readonly folder: string;
  stop(): Promise<void>;
}

/** A real Barbican with its simple crypto plugin and sqlite; with Keystone's URL it asks that for tokens, else X-Project-Id decides. */
export async function startBarbican(keystone?: KeystoneService): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), "halite-barbican-"));
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const paste = await readFile("/etc/barbican/barbican-api-paste.ini", "utf8");
  await writeFile(
    join(folder, "paste.ini"),
    paste.replace(/^\/v1: .*/m, `/v1: ${keystone === undefined ? "barbican_api" : "barbican-api-keystone"}`),
  );
  await writeFile(join(folder, "barbican.conf"), barbicanConfig(folder, url, keystone), { mode: 0o600 });
  await writeFile(join(folder, "serve.py"), SERVE_BARBICAN);
  const program = new Program("barbican", "/usr/bin/python3", ["serve.py", folder, String(port)], folder);
  await program.ready(() => answers(url));
  return { url, folder, stop: () => stopped(program, folder) };
}

async function stopped(program: Program, folder: string): Promise<void> {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return true;
  } catch {
    return false;
  }
}

function barbicanConfig(folder: string, url: string, keystone: KeystoneService | undefined): string {
  const auth =
    keystone === undefined
      ? ""
      : `[keystone_authtoken]
www_authenticate_uri = ${keystone.url}
auth_url = ${keystone.url}
auth_type = password
username = admin
password = admin
project_name = admin
user_domain_name = Default
project_domain_name = Default
token_cache_time = -1
`;
  return `[DEFAULT]
sql_connection = sqlite:///${folder}/barbican.sqlite
db_auto_create = true
host_href = ${url}
log_file = ${folder}/barbican.log
[database]
connection = sqlite:///${folder}/barbican.sqlite
[queue]
enable = false
[secretstore]
enabled_secretstore_plugins = store_crypto
[crypto]
enabled_crypto_plugins = simple_crypto
[simple_crypto_plugin]
kek = ${randomBytes(32).toString("base64")}
${auth}`;
}

const SERVE_BARBICAN = `import sys
folder, port = sys.argv[1], int(sys.argv[2])
sys.argv = ['barbican-api']
from barbican.common import config
config.CONF(['--config-file', folder + '/barbican.conf'], project='barbican')
config.CONF.__class__.__call__ = lambda *a, **k: None
from paste import deploy
app = deploy.loadapp('config:' + folder + '/paste.ini')
from wsgiref.simple_server import make_server, WSGIRequestHandler
class Handler(WSGIRequestHandler):
    def log_message(self, *a): pass
make_server('127.0.0.1', port, app, handler_class=Handler).serve_forever()
`;

export interface KeystoneService extends Service {
  /** An application credential of a user of its own. */
  readonly credential: { readonly id: string; readonly secret: string };
  /** Ends the credential's tokens and itself. */
  removeCredential(): Promise<void>;
}

/** A real Keystone on sqlite with fernet tokens, with a project, a user and its application credential. */
export async function startKeystone(): Promise<KeystoneService> {
  const folder = await mkdtemp(join(tmpdir(), "halite-keystone-"));
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}/v3`;
  await writeFile(join(folder, "keystone.conf"), keystoneConfig(folder));
  await writeFile(join(folder, "serve.py"), SERVE_KEYSTONE);
  await mustRun("mkdir", ["fernet", "credkeys"], { cwd: folder });
  const manage = (...args: string[]): Promise<string> =>
    mustRun("keystone-manage", ["--config-file", "keystone.conf", ...args], { cwd: folder, timeout: 300_000 });
  await manage("db_sync");
  await manage("fernet_setup", "--keystone-user", "root", "--keystone-group", "root");
  await manage("credential_setup", "--keystone-user", "root", "--keystone-group", "root");
  await manage(
    "bootstrap",
    "--bootstrap-password",
    "admin",
    "--bootstrap-public-url",
    url,
    "--bootstrap-internal-url",
    url,
    "--bootstrap-admin-url",
    url,
    "--bootstrap-region-id",
    "lab",
  );
  const program = new Program("keystone", "/usr/bin/python3", ["serve.py", join(folder, "keystone.conf"), String(port)], folder);
  await program.ready(() => answers(url));
  const admin = await tokenOf(
    url,
    { methods: ["password"], password: { user: { name: "admin", domain: { id: "default" }, password: "admin" } } },
    { project: { name: "admin", domain: { id: "default" } } },
  );
  const call = async (
    method: string,
    path: string,
    body?: object,
    token = admin,
  ): Promise<Record<string, { id: string; secret: string }[] & { id: string; secret: string }>> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { "x-auth-token": token, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text === "" ? {} : JSON.parse(text);
  };
  const project = (await call("POST", "/projects", { project: { name: "storage", domain_id: "default" } }))["project"]?.id ?? "";
  const user = (await call("POST", "/users", { user: { name: "halite", password: "halite-pw", domain_id: "default" } }))["user"]?.id ?? "";
  const role = (await call("POST", "/roles", { role: { name: "creator" } }))["role"]?.id ?? "";
  await call("PUT", `/projects/${project}/users/${user}/roles/${role}`);
  const own = await tokenOf(
    url,
    { methods: ["password"], password: { user: { id: user, password: "halite-pw" } } },
    { project: { id: project } },
  );
  const made = (await call("POST", `/users/${user}/application_credentials`, { application_credential: { name: "halite" } }, own))[
    "application_credential"
  ];
  const credential = { id: made?.id ?? "", secret: made?.secret ?? "" };
  return {
    url,
    folder,
    credential,
    removeCredential: async () => {
      await call("DELETE", `/users/${user}/application_credentials/${credential.id}`, undefined, own);
    },
    stop: () => stopped(program, folder),
  };
}

async function tokenOf(url: string, identity: object, scope: object): Promise<string> {
  const answer = await fetch(`${url}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ auth: { identity, scope } }),
  });
  const token = answer.headers.get("x-subject-token");
  if (token === null) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
  return token;
}

function keystoneConfig(folder: string): string {
  return `[DEFAULT]
log_file = ${folder}/keystone.log
[database]
connection = sqlite:///${folder}/keystone.sqlite
[token]
provider = fernet
[fernet_tokens]
key_repository = ${folder}/fernet
[credential]
key_repository = ${folder}/credkeys
[cache]
# Without one Keystone reads through a second connection while the first one writes, which sqlite refuses.
enabled = true
backend = dogpile.cache.memory
`;
}

const SERVE_KEYSTONE = `import sys
conf, port = sys.argv[1], int(sys.argv[2])
sys.argv = sys.argv[:1]
from keystone.server.flask import core
app = core.initialize_application(name='public', config_files=[conf])
from wsgiref.simple_server import make_server, WSGIRequestHandler
class Handler(WSGIRequestHandler):
    def log_message(self, *a): pass
# One thread: a connection of sqlite belongs to the thread that made it.
make_server('127.0.0.1', port, app, handler_class=Handler).serve_forever()
`;
