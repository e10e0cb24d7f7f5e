/**
 * A storage node for tests: a virtual machine with Debian's kernel, udev, LVM, dm-crypt, file systems and real (emulated) disks. It runs by
 * emulation alone, so that it does wherever Node and QEMU do: it starts in some ten seconds, and is some ten times slower than this machine.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Agent, type ScriptResult } from "./agent.ts";
import { buildNodeImage, guestProgram, type NodeImage } from "./build.ts";
import { deviceId, diskArguments, makeDisks, type Disk } from "./disks.ts";
import { cpio } from "./initramfs.ts";
import { Monitor } from "./qmp.ts";

export type { ScriptResult } from "./agent.ts";
export { nodeImage } from "./build.ts";
export type { Disk, DiskKind } from "./disks.ts";

export interface NodeOptions {
  /** Default: none. */
  readonly disks?: readonly Disk[];
  /** Folders of this machine that the node has below /host, to be read only: /usr/bin as /host/usr/bin. */
  readonly shares?: readonly string[];
  /** In MiB. Default: 1024. */
  readonly memory?: number;
  /**
   * Ports of 127.0.0.1 here that lead to ports of the node's 10.0.2.15, on its eth0; this machine's loopback is 10.0.2.2 there. Without it the node has
   * no network.
   */
  readonly forward?: readonly { readonly host: number; readonly node: number }[];
}

export interface StorageNode {
  /** A folder of this machine that the node has, to be written too, at /exchange. */
  readonly exchange: string;
  /**
   * Runs a script by bash as root.
   *
   * @param deadline in milliseconds. Default: four minutes, which is what is short on a busy machine and hangs
   * @throws an Error when it is not done by then: it is killed
   */
  run(script: string, deadline?: number): Promise<ScriptResult>;
  /** The output of a script. @throws an Error with all that it wrote where it fails */
  output(script: string, deadline?: number): Promise<string>;
  /** Pulls a disk out; done when the node has let go of it. */
  unplug(serial: string): Promise<void>;
  /** Cuts the power at once, without anything being written. The disks stay: `start` begins again with them. */
  powerOff(): Promise<void>;
  /** Starts the node again, after `powerOff`, with the disks as they were left. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Starts a node, makes its image first where it is not there, and gives it once it runs scripts. */
export async function startNode(options: NodeOptions = {}): Promise<StorageNode> {
  const image = await buildNodeImage();
  const folder = await mkdtemp(join(tmpdir(), "halite-node-"));
  const machine = new Machine(image, folder, options);
  try {
    await mkdir(machine.exchange);
    // Archives behind one another are unpacked one after the other.
    const scripts = ["init", "system.sh"].map(async (path) => ({
      path,
      content: await readFile(new URL(`./guest/${path}`, import.meta.url)),
    }));
    await writeFile(machine.initramfs, Buffer.concat([await readFile(image.initramfs), cpio(await Promise.all(scripts))]));
    await makeDisks(folder, options.disks ?? []);
    await machine.start();
    return machine;
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

/** So long a node may take to start, in milliseconds: an idle machine takes a twentieth. */
const START = 300_000;

class Machine implements StorageNode {
  readonly exchange: string;
  readonly initramfs: string;
  readonly #image: NodeImage;
  readonly #folder: string;
  readonly #options: NodeOptions;
  #running:
    | {
        readonly child: ChildProcess;
        readonly kill: () => void;
        readonly ended: Promise<void>;
        readonly agent: Agent;
        readonly monitor: Monitor;
      }
    | undefined;

  constructor(image: NodeImage, folder: string, options: NodeOptions) {
    this.exchange = join(folder, "exchange");
    this.initramfs = join(folder, "initramfs");
    this.#image = image;
    this.#folder = folder;
    this.#options = options;
  }

  async start(): Promise<void> {
    const [program, ...before] = guestProgram(this.#image.root, "qemu-system-x86_64");
    const child = spawn(program, [...before, ...this.#arguments()], {
      cwd: this.#folder,
      env: { QEMU_MODULE_DIR: join(this.#image.root, "usr/lib/x86_64-linux-gnu/qemu") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-4000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const kill = (): void => {
      child.kill("SIGKILL");
    };
    process.once("exit", kill);
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", (error) => {
        output += String(error);
        resolve();
      });
    });
    try {
      const until = Date.now() + 60_000;
      const listens = async (name: string): Promise<Socket> => {
        for (;;) {
          const socket = await tryConnect(this.#path(name));
          if (socket !== undefined) return socket;
          if (hasEnded(child) || Date.now() > until) throw new Error("QEMU did not start");
          await wait(20);
        }
      };
      const monitor = await Monitor.open(await listens("monitor.sock"));
      const agent = new Agent(await listens("agent.sock"), this.exchange);
      this.#running = { child, kill, ended, agent, monitor };
      const limit = new AbortController();
      const late = wait(START, undefined, { signal: limit.signal }).then(() => {
        throw new Error(`the node was not ready after ${START} ms`);
      });
      late.catch(() => undefined);
      await Promise.race([agent.ready, late]);
      limit.abort();
    } catch (error) {
      // Its files are removed next.
      kill();
      await ended;
      const said = await readFile(this.#path("console.log"), "utf8").catch(() => "");
      throw new Error(`${String(error)}\n${output}\n${said.slice(-4000)}`, { cause: error });
    }
  }

  async run(script: string, deadline = 240_000): Promise<ScriptResult> {
    if (this.#running === undefined) throw new Error("the node is off");
    return this.#running.agent.run(script, deadline);
  }

  async output(script: string, deadline?: number): Promise<string> {
    const { status, stdout, stderr } = await this.run(script, deadline);
    if (status !== 0) throw new Error(`exit status ${status} of:\n${script}\n${stdout}\n${stderr}`);
    return stdout;
  }

  async unplug(serial: string): Promise<void> {
    if (this.#running === undefined) throw new Error("the node is off");
    const device = deviceId(serial);
    await this.#running.monitor.execute("device_del", { id: device });
    // A PCI port gives the node five seconds to object.
    await this.#running.monitor.event("DEVICE_DELETED", (data) => data["device"] === device, 240_000);
    // Of a SCSI disk QEMU says so as soon as it has told the node.
    const lists = `lsblk --nodeps --noheadings --output SERIAL | grep -qwF -- '${serial}'`;
    await this.output(`while ${lists}; do sleep .1; done; udevadm settle -t 60`);
  }

  async powerOff(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    process.off("exit", running.kill);
    running.kill();
    await running.ended;
    running.agent.close();
    running.monitor.close();
    for (const name of ["agent.sock", "monitor.sock"]) await rm(this.#path(name), { force: true });
  }

  async stop(): Promise<void> {
    await this.powerOff();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #arguments(): string[] {
    const { disks = [], shares = [], memory = 1024, forward } = this.#options;
    const { root, kernel } = this.#image;
    const folders = [
      { tag: "root", path: root, more: ",readonly=on" },
      { tag: "exchange", path: this.exchange, more: "" },
      ...shares.map((path, index) => ({ tag: `share${index}`, path, more: ",readonly=on" })),
    ];
    const told = [...shares.map((path, index) => `node.share=share${index}:${path}`), ...disks.map(({ serial }) => `node.disk=${serial}`)];
    const options: (readonly [name: string, value?: string])[] = [
      ["accel", "tcg,thread=multi,tb-size=256"],
      // By RDRAND the kernel has its random numbers before it starts the second processor. Else it says so to getrandom(2) later, by changing the code that
      // runs (static_branch_enable of crng_is_ready), and an emulated processor that is in it just then may stand there for ever.
      ["cpu", "Nehalem,+rdrand"],
      ["machine", "q35"],
      ["smp", "2"],
      ["m", String(memory)],
      ["nodefaults"],
      ["no-user-config"],
      ["no-reboot"],
      ["display", "none"],
      ["L", join(root, "usr/share/qemu")],
      ["L", join(root, "usr/share/seabios")],
      ["kernel", kernel],
      ["initrd", this.initramfs],
      // Its check of the timer counts ticks by a delay loop, which a busy machine fails. What guards against speculation that an emulated processor
      // does not do takes two thirds of the time of a short program.
      ["append", `console=ttyS0 panic=-1 loglevel=5 no_timer_check mitigations=off ${told.join(" ")}`],
      ["serial", `file:${this.#path("console.log")}`],
      ["device", "virtio-rng-pci"],
      ["device", "virtio-serial-pci"],
      ["chardev", `socket,id=agent,path=${this.#path("agent.sock")},server=on,wait=off`],
      ["device", "virtserialport,chardev=agent,name=agent"],
      ["qmp", `unix:${this.#path("monitor.sock")},server=on,wait=off`],
      ...folders.flatMap(({ tag, path, more }): [string, string][] => [
        ["fsdev", `local,id=${tag},path=${path},security_model=none,multidevs=remap${more}`],
        ["device", `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`],
      ]),
    ];
    const network = (forward ?? []).map(({ host, node }) => `,hostfwd=tcp:127.0.0.1:${host}-10.0.2.15:${node}`).join("");
    if (forward !== undefined) options.push(["netdev", `user,id=net${network}`], ["device", "virtio-net-pci,netdev=net,romfile="]);
    const plain = options.flatMap(([name, value]) => [`-${name}`, ...(value === undefined ? [] : [value])]);
    return [...plain, ...diskArguments(this.#folder, disks)];
  }
}

/** Undefined where nobody listens yet: a socket has its file from when it is bound. */
async function tryConnect(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  return await new Promise((resolve) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}
