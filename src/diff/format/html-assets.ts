/** The page's style. */
export const STYLE = `
:root { color-scheme: light dark; --fg: #1f2328; --bg: #fff; --soft: #59636e; --line: #d1d9e0; --box: #f6f8fa; --add: #dafbe1; --del: #ffebe9; --link: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --fg: #e6edf3; --bg: #0d1117; --soft: #9198a1; --line: #3d444d; --box: #151b23; --add: #12351f; --del: #471a1d; --link: #79c0ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg); }
header, main { max-width: 70rem; margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 1.2rem 0 0.3rem; }
h2 { font-size: 1rem; margin: 1.2rem 0 0.3rem; }
.sides { margin: 0 0 1rem; color: var(--soft); overflow-wrap: anywhere; }
ul { margin: 0.3rem 0; padding-left: 1.3rem; overflow-wrap: anywhere; }
.failed { border-left: 4px solid #cf222e; padding-left: 0.8rem; }
form { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 0.4rem 0.9rem; align-items: center; padding: 0.6rem 0; background: var(--bg); border-bottom: 1px solid var(--line); }
form[hidden], article[hidden], [hidden] { display: none; }
label { color: var(--soft); }
select, input[type="search"] { font: inherit; max-width: 14rem; color: var(--fg); background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: 0.2rem 0.4rem; }
article { border: 1px solid var(--line); border-radius: 6px; margin: 0.8rem 0; scroll-margin-top: 5rem; }
article:target { outline: 2px solid var(--link); }
summary { cursor: pointer; padding: 0.5rem 0.8rem; overflow-wrap: anywhere; }
.body { padding: 0 0.8rem 0.6rem; }
.where summary { padding: 0.2rem 0; color: var(--soft); }
.addon, .places, .file, .note { color: var(--soft); }
.verb, .level { font-size: 0.8rem; border-radius: 1em; padding: 0.05rem 0.5rem; border: 1px solid currentColor; }
.verb.new { color: #1a7f37; } .verb.deleted { color: #cf222e; } .verb.changed, .verb.moved, .verb.renamed { color: #9a6700; }
.level.critical { background: #cf222e; color: #fff; } .level.high { color: #cf222e; } .level.medium { color: #9a6700; } .level.low { color: var(--soft); }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 0.3rem 0; padding: 0.5rem 0; overflow-x: auto; background: var(--box); border-radius: 6px; }
pre span { display: inline-block; min-width: 100%; padding: 0 0.7rem; white-space: pre; }
pre .add { background: var(--add); } pre .del { background: var(--del); } pre .at { color: var(--soft); }
.field { margin: 0.4rem 0; }
a { color: var(--link); }
@media (max-width: 40rem) { form { position: static; } label { width: 100%; display: flex; gap: 0.5rem; } label select, label input[type="search"] { flex: 1; max-width: none; min-width: 0; } }
@media print { form { display: none; } }
`;

/** The page's script: narrows the list; what is chosen stands behind the # of the address, where a link can hold it. */
export const SCRIPT = `
"use strict";
const form = document.getElementById("filter");
const articles = Array.from(document.querySelectorAll("article"));
form.hidden = false;
function show() {
  const { cluster, addon, kind, danger, text, quiet } = form.elements;
  let count = 0;
  for (const article of articles) {
    const data = article.dataset;
    const wanted = text.value.toLowerCase();
    const shown =
      (cluster.value === "" || data.clusters.includes(" " + cluster.value + " ")) &&
      (addon.value === "" || data.addon === addon.value) &&
      (kind.value === "" || data.kind === kind.value) &&
      (danger.value === "" || data.danger === danger.value) &&
      (quiet.checked || data.quiet === "" || "#" + article.id === location.hash) &&
      (wanted === "" || article.textContent.toLowerCase().includes(wanted));
    article.hidden = !shown;
    if (shown) count++;
  }
  document.getElementById("count").textContent = count + " of " + articles.length;
  document.getElementById("nothing").hidden = count > 0 || articles.length === 0;
}
function keep() {
  const chosen = new URLSearchParams();
  for (const field of form.elements) {
    if (field.type === "checkbox") { if (field.checked) chosen.set(field.name, "1"); }
    else if (field.name && field.value) chosen.set(field.name, field.value);
  }
  history.replaceState(null, "", "#" + chosen);
  show();
}
function restore() {
  const hash = location.hash.slice(1);
  if (!hash.startsWith("c-")) {
    const chosen = new URLSearchParams(hash);
    for (const field of form.elements) {
      if (field.type === "checkbox") field.checked = chosen.get(field.name) === "1";
      else if (field.name) field.value = chosen.get(field.name) || "";
    }
  }
  show();
  const target = hash.startsWith("c-") ? document.getElementById(hash) : null;
  if (target) { target.hidden = false; target.querySelector("details").open = true; target.scrollIntoView(); }
}
form.addEventListener("input", keep);
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", restore);
restore();
`;
