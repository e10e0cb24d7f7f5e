import { createHash } from "node:crypto";
import type { FleetDiff, FoldedChange } from "../fleet-diff.ts";
import { refOf } from "../fold.ts";
import { DANGER_LEVELS } from "../model.ts";
import { showField, yamlOf, type ShownField, type ShownLine } from "./field-lines.ts";
import { SCRIPT, STYLE } from "./html-assets.ts";
import { objectName, placeChange, placesOf, plural, rolloutsIn, summaryOf, verbOf } from "./overview.ts";
import { addonText, causeText, clusterText, names, sideText } from "./sentences.ts";

const MOST_NAMES = 8;

/**
 * The difference as one page that needs nothing else: no network, and no script to be read. Its script narrows the list by cluster, addon,
 * kind and danger; what is chosen, and a change that is opened, stand in the address.
 */
export function diffHtml(diff: FleetDiff): string {
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  const changes = diff.changes;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${html(summaryOf(diff))}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${html(summaryOf(diff))}</h1>
<p class="sides"><code>${html(sideText(diff.base))}</code> → <code>${html(sideText(diff.head))}</code></p>
</header>
<main>
${failures(diff)}${section("Clusters", diff.clusterChanges.map(clusterText))}${section(
    "Addons",
    diff.addonChanges.map((change) => addonText(change, MOST_NAMES)),
  )}${section(
    "Restarts",
    rolloutsIn(diff).map(({ workload, how, clusters }) => `${workload} in ${plural(clusters.length, "cluster")}: ${how}`),
  )}<form id="filter" hidden>
${choice("cluster", "Cluster", diff.clusters.changed)}
${choice("addon", "Addon", unique(changes.map(({ change }) => refOf(change).addon)))}
${choice("kind", "Kind", unique(changes.map(({ change }) => refOf(change).kind)))}
${choice(
  "danger",
  "Danger",
  DANGER_LEVELS.filter((level) => changes.some(({ dangers }) => dangers[0]?.level === level)),
)}
<label>Text <input type="search" name="text" autocomplete="off"></label>
<label class="check"><input type="checkbox" name="quiet"> changes of writing alone</label>
<output id="count"></output>
</form>
${changes.map(article).join("\n")}
<p id="nothing" hidden>Nothing matches.</p>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)].toSorted();
}

function choice(name: string, label: string, values: readonly string[]): string {
  const options = values.map((value) => `<option>${html(value)}</option>`).join("");
  return `<label>${label} <select name="${name}"><option value="">all</option>${options}</select></label>`;
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return `<section><h2>${title}</h2><ul>${lines.map((line) => `<li>${html(line)}</li>`).join("")}</ul></section>\n`;
}

function failures({ failures: all }: FleetDiff): string {
  if (all.length === 0) return "";
  const items = all.map(({ side, addon, why, clusters, objects }) => {
    const what = `${addon === null ? "the cluster" : `addon ${addon}`} ${side === "head" ? "fails" : "failed at base"} in ${names(clusters, MOST_NAMES)}`;
    const lost = objects === 0 ? "" : `, ${plural(objects, "object")} of the other side`;
    return `<li>${html(`${what}${lost}`)}<ul>${why.map(({ message, file }) => `<li>${html(`${file === undefined ? "" : `${file}: `}${message}`)}</li>`).join("")}</ul></li>`;
  });
  return `<section class="failed"><h2>Not compared</h2><ul>${items.join("")}</ul></section>\n`;
}

function article(each: FoldedChange): string {
  const { change, dangers, clusters, notIn, id, quiet, causes } = each;
  const ref = refOf(change);
  const worst = dangers[0]?.level ?? "";
  const verb = verbOf(each);
  const place = placeChange(each);
  const data = [
    ["clusters", ` ${clusters.join(" ")} `],
    ["addon", ref.addon],
    ["kind", ref.kind],
    ["danger", worst],
    ["quiet", quiet ? "1" : ""],
  ] as const;
  return `<article id="c-${id}" ${data.map(([name, value]) => `data-${name}="${html(value)}"`).join(" ")}>
<details${worst === "critical" || worst === "high" ? " open" : ""}><summary><span class="verb ${verb}">${verb}</span> <strong>${html(objectName(each))}</strong> <span class="addon">${html(ref.addon)}</span>${worst === "" ? "" : ` <span class="level ${worst}">${worst}</span>`}<br><span class="places">${html(placesOf(each, MOST_NAMES))}</span></summary>
<div class="body">${place === undefined ? "" : `<p>${html(place)}</p>`}${dangerList(each)}${body(each)}${
    causes.length === 0 ? "" : `<ul class="causes">${causes.map((cause) => `<li>${html(causeText(cause))}</li>`).join("")}</ul>`
  }<details class="where"><summary>${plural(clusters.length, "cluster")}</summary><p>${html(clusters.join(", "))}</p>${
    notIn.length === 0 ? "" : `<p>not in: ${html(notIn.join(", "))}</p>`
  }</details><p class="file">${html(`${ref.addon}/${ref.file}`)} · SLS ${html(each.sls)} · <a href="#c-${id}">link</a></p></div></details>
</article>`;
}

function dangerList({ dangers }: FoldedChange): string {
  if (dangers.length === 0) return "";
  return `<ul class="dangers">${dangers.map(({ level, message }) => `<li><span class="level ${level}">${level}</span> ${html(message)}</li>`).join("")}</ul>`;
}

function body({ change }: FoldedChange): string {
  if (change.change === "added" || change.change === "removed")
    return pre(yamlOf(change.value).map((text) => ({ sign: change.change === "added" ? "+" : "-", text })));
  return change.fields.flatMap(showField).map(field).join("");
}

function field({ path, brief, lines, note }: ShownField): string {
  const suffix = note === undefined ? "" : ` <span class="note">${html(note)}</span>`;
  return `<div class="field"><code>${html(path)}</code>${brief === undefined ? "" : `: <code class="brief">${html(brief)}</code>`}${suffix}${lines.length === 0 ? "" : pre(lines)}</div>`;
}

const CLASSES: Readonly<Record<ShownLine["sign"], string>> = { "+": "add", "-": "del", "@": "at", " ": "" };

function pre(lines: readonly ShownLine[]): string {
  return `<pre>${lines.map(({ sign, text }) => `<span class="${CLASSES[sign]}">${sign === "@" ? "" : sign} ${html(text)}</span>`).join("\n")}</pre>`;
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
