import { CsiError, type Texts } from "../csi/index.ts";
import { SUFFIXES } from "../storage-api/index.ts";

/** The limits, as parameters of a StorageClass or VolumeAttributesClass have them, in the order of the kernel's io.max. */
export const LIMITS = ["readBandwidth", "writeBandwidth", "readIops", "writeIops"] as const;
export type Limit = (typeof LIMITS)[number];
const KERNEL: Readonly<Record<Limit, string>> = { readBandwidth: "rbps", writeBandwidth: "wbps", readIops: "riops", writeIops: "wiops" };

/** Bytes or operations a second, for each pod that has the volume. What is left out is not limited. */
export type IoLimits = Readonly<Partial<Record<Limit, number>>>;

/**
 * The limits among parameters, which may be quantities (`200Mi`). `max` takes a limit away.
 *
 * @throws CsiError INVALID_ARGUMENT
 */
export function parseLimits(parameters: Texts, before: IoLimits = {}): IoLimits {
  const limits: Partial<Record<Limit, number>> = { ...before };
  for (const limit of LIMITS) {
    const text = parameters[limit];
    if (text === undefined) continue;
    if (text === "max") {
      delete limits[limit];
      continue;
    }
    const [, digits = "", suffix = ""] = /^([1-9]\d{0,14})([a-zA-Z]*)$/.exec(text) ?? [];
    const value = Number(digits) * (SUFFIXES[suffix] ?? Number.NaN);
    if (digits === "" || !Number.isSafeInteger(value))
      throw new CsiError(
        "INVALID_ARGUMENT",
        `${limit} is ${JSON.stringify(text)}, which is no whole number above 0 such as 5000 or 200Mi, nor max`,
      );
    limits[limit] = value;
  }
  return limits;
}

/** @throws CsiError INVALID_ARGUMENT for a parameter that can't be changed */
export function parseMutable(parameters: Texts, before: IoLimits): IoLimits {
  const other = Object.keys(parameters).filter((name) => !LIMITS.some((limit) => limit === name));
  if (other.length > 0)
    throw new CsiError("INVALID_ARGUMENT", `${other.sort().join(", ")} can't be changed of a volume: what can is ${LIMITS.join(", ")}`);
  return parseLimits(parameters, before);
}

/** What is written into a cgroup's io.max for a device: all four, as what is not named would stay as it was. */
export function ioMax(device: string, limits: IoLimits): string {
  return `${device} ${LIMITS.map((limit) => `${KERNEL[limit]}=${limits[limit] ?? "max"}`).join(" ")}`;
}

/** Whether the text of an io.max has these limits for a device. The kernel leaves out a device without any. */
export function hasLimits(text: string, device: string, limits: IoLimits): boolean {
  const line = text.split("\n").find((each) => each.startsWith(`${device} `));
  if (line === undefined) return LIMITS.every((limit) => limits[limit] === undefined);
  const words = new Set(line.trim().split(" ").slice(1));
  return LIMITS.every((limit) => words.has(`${KERNEL[limit]}=${limits[limit] ?? "max"}`));
}

/**
 * Where a pod's cgroup may be below /sys/fs/cgroup, whatever driver the kubelet has and whatever class the pod is of
 * (pkg/kubelet/cm/cgroup_manager_linux.go).
 */
export function podCgroups(uid: string): readonly string[] {
  const flat = uid.replaceAll("-", "_");
  return [
    ...["burstable", "besteffort"].map((qos) => `kubepods.slice/kubepods-${qos}.slice/kubepods-${qos}-pod${flat}.slice`),
    `kubepods.slice/kubepods-pod${flat}.slice`,
    ...["burstable/", "besteffort/", ""].map((qos) => `kubepods/${qos}pod${uid}`),
  ];
}
