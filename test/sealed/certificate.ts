import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "../real/run.ts";

/** A sealing key and its certificate, as the controller makes them. */
export interface SealingPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** By openssl: Node makes no certificates. `days` may be negative for one that has run out. */
export async function sealingPair(bits = 2048, from = "20200101000000Z", until = "20400101000000Z"): Promise<SealingPair> {
  const folder = await mkdtemp(join(tmpdir(), "halite-cert-"));
  try {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    await writeFile(join(folder, "key.pem"), pem, { mode: 0o600 });
    await writeFile(join(folder, "ca.cnf"), CONFIG);
    await writeFile(join(folder, "index"), "");
    await mustRun("openssl", ["req", "-new", "-key", "key.pem", "-subj", "/CN=sealing", "-out", "csr.pem"], { cwd: folder });
    const dates = ["-startdate", from, "-enddate", until];
    await mustRun(
      "openssl",
      [
        "ca",
        "-batch",
        "-selfsign",
        "-config",
        "ca.cnf",
        "-keyfile",
        "key.pem",
        "-in",
        "csr.pem",
        "-out",
        "cert.pem",
        "-notext",
        "-create_serial",
        ...dates,
      ],
      { cwd: folder },
    );
    return { certificate: await readFile(join(folder, "cert.pem"), "utf8"), privateKey: pem };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const CONFIG = `[ca]
default_ca = own
[own]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
`;
