import { anyMatches, isBelow } from "../glob.ts";
import type { Policy } from "../types.ts";
import { hostMounts, podOf, WORKLOADS, type Container } from "./pods.ts";

/** Policies of what a container is and may do. */
export const CONTAINER_POLICIES: readonly Policy[] = [
  {
    code: "policy-privileged",
    title: "Privileged without need",
    severity: "error",
    reason: "A privileged container is root on the node: whoever breaks into it has every volume and every key of every pod there.",
    advice: "drop `privileged` and add the capabilities it needs, or accept it with the reason",
    looksAt:
      "`securityContext.privileged: true`, `capabilities.add: [ALL]` and `windowsOptions.hostProcess: true` of every container. It is needed, and not said, where the container hands mounts on to the host (`mountPropagation: Bidirectional`, which the API server allows to privileged containers alone: what a CSI node plugin does) or opens the host's devices (a hostPath `/dev` or below it: LVM, SMART, dm-crypt). `privileged` of the settings lists others, as `NAMESPACE/NAME/CONTAINER` with `*`.",
    kinds: WORKLOADS,
    *check(object, { limits }) {
      const pod = podOf(object);
      if (pod === undefined) return;
      const mounts = hostMounts(pod);
      for (const container of pod.containers) {
        const context = container.at.at("securityContext");
        const all = context.at("capabilities", "add").items.find((item) => item.text === "ALL");
        const hostProcess = context.at("windowsOptions", "hostProcess");
        const found =
          context.at("privileged").value === true
            ? { what: "is privileged", at: context.at("privileged") }
            : all !== undefined
              ? { what: "has all capabilities, which is nearly as much as privileged", at: all }
              : hostProcess.value === true
                ? { what: "is a Windows host process", at: hostProcess }
                : undefined;
        if (found === undefined) continue;
        const own = mounts.filter((mount) => mount.container === container);
        if (own.some(({ propagates, path }) => propagates || isBelow(["/dev"], path))) continue;
        if (anyMatches(limits.privileged, `${object.namespace ?? ""}/${object.name}/${container.name}`)) continue;
        yield {
          message: `${called(container)} ${found.what}, and neither mounts for the host (mountPropagation: Bidirectional) nor opens its devices (hostPath /dev)`,
          pointer: found.at.path,
          subject: container.name,
        };
      }
    },
  },
  {
    code: "policy-host-path",
    title: "Writable folder of the host outside the allowlist",
    severity: "error",
    reason:
      "What a pod writes into the host's folders outlives it, is shared by all pods of the node and can break or take over the node: /etc, /usr or a runtime's socket are the whole machine.",
    advice: "mount it readOnly, use a narrower folder, list it under `hostPaths` of the settings, or accept it with the reason",
    looksAt:
      "Every `volumeMounts` entry of a `hostPath` volume without `readOnly: true`, with its `subPath`. Allowed are the folders in `hostPaths` with all below them; by default the kubelet's contract with plugins (`/var/lib/kubelet/plugins`, `/var/lib/kubelet/plugins_registry`, `/var/lib/kubelet/pods`) and `/dev`.",
    kinds: WORKLOADS,
    *check(object, { limits }) {
      const pod = podOf(object);
      if (pod === undefined) return;
      for (const { container, mount, path, writable } of hostMounts(pod)) {
        if (!writable || isBelow(limits.hostPaths, path)) continue;
        const { pointer, subject } = { pointer: mount.at("name").path, subject: path };
        yield { message: `${called(container)} can write to ${path} of the host`, pointer, subject };
      }
    },
  },
  {
    code: "policy-requests",
    title: "No resource requests",
    severity: "warning",
    reason:
      "Without requests the scheduler counts the pod as free and packs the node full; when memory runs short it is among the first to be evicted, and a storage plugin takes the mounts of others with it.",
    advice: "give `resources.requests` for cpu and memory: measure, and leave room",
    looksAt:
      "`resources.requests` (or `limits`, which stand in for them) for `cpu` and `memory` of every container of a workload, init containers too as the scheduler counts them; or `resources` of the pod as a whole (Kubernetes 1.34).",
    kinds: WORKLOADS,
    *check(object) {
      const pod = podOf(object);
      if (pod === undefined) return;
      for (const container of pod.containers) {
        const missing = ["cpu", "memory"].filter(
          (resource) =>
            ![container.at, pod.spec].some(
              (at) => at.at("resources", "requests", resource).present || at.at("resources", "limits", resource).present,
            ),
        );
        if (missing.length === 0) continue;
        yield {
          message: `${called(container)} requests no ${missing.join(" and no ")}`,
          pointer: [...container.at.path, "resources", "requests"],
          subject: container.name,
        };
      }
    },
  },
  {
    code: "policy-image-tag",
    title: "Mutable image",
    severity: "error",
    reason:
      "A tag that moves gives two nodes two programs under one name: a rollout that nobody made, not to be seen in git and not to be rolled back.",
    advice: "name a version's tag, better with its digest: name:v1.2.3@sha256:…",
    looksAt:
      "`image` of every container, and image volumes: none at all, without a tag, or with a tag that is meant to move (`latest`, `stable`, `main`, `master`, `edge`, `nightly`, `canary`, `dev`). With `images: digest` in the settings, every image without a digest.",
    kinds: WORKLOADS,
    *check(object, { limits }) {
      const pod = podOf(object);
      if (pod === undefined) return;
      const images = [
        ...pod.containers.map((container) => ({ what: called(container), subject: container.name, at: container.at.at("image") })),
        ...pod.spec.at("volumes").items.flatMap((volume) => {
          const at = volume.at("image", "reference");
          const name = volume.at("name").text ?? "";
          return at.present ? [{ what: `volume ${name}`, subject: name, at }] : [];
        }),
      ];
      for (const { what, subject, at } of images) {
        const wrong = imageProblem(at.text ?? "", limits.images);
        if (wrong !== undefined) yield { message: `${what}: ${wrong}`, pointer: at.path, subject };
      }
    },
  },
];

const MOVING = new Set(["latest", "stable", "main", "master", "edge", "nightly", "canary", "dev", "devel", "head"]);

function imageProblem(image: string, demand: "tag" | "digest"): string | undefined {
  if (image === "") return "no image is named";
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return undefined;
  const name = image.slice(image.lastIndexOf("/") + 1);
  const colon = name.indexOf(":");
  const tag = colon < 0 ? "" : name.slice(colon + 1);
  if (tag === "") return `the image ${image} has no tag, which means latest`;
  if (MOVING.has(tag.toLowerCase())) return `the image ${image} has the tag ${tag}, which is made to move`;
  return demand === "digest" ? `the image ${image} is not named by digest` : undefined;
}

function called({ name, isInit }: Pick<Container, "name" | "isInit">): string {
  return `${isInit ? "init container" : "container"} ${name}`;
}
