import type { CommandSpec, OptionSpec } from "./command.ts";
import { CONFIG } from "./option-specs.ts";
import { SYNC } from "./sync-spec.ts";

const CLUSTERS: OptionSpec = {
  name: "clusters",
  value: "TARGET",
  summary: "only the clusters that Salt's compound matcher picks, such as 'G@az:sjc1 and not *-canary'",
};
const JOBS: OptionSpec = {
  name: "jobs",
  short: "j",
  value: "N",
  summary: "worker threads (default: chosen by the amount of work; the bytes are the same)",
};

const NO_MEMO: OptionSpec = {
  name: "no-memo",
  summary: "compile every cluster by itself, taking nothing over from others or from earlier runs (the bytes are the same)",
};
const NO_CACHE: OptionSpec = {
  name: "no-cache",
  summary: "take nothing from earlier runs and leave nothing for later ones (.halite/cache)",
};
const MAX_DELETION: OptionSpec = {
  name: "max-deletion",
  value: "N",
  summary: "let N % of the published objects be deleted at once, instead of the config's publish.maxDeletion",
};
const ALLOW_PLAIN: OptionSpec = {
  name: "allow-plain",
  value: "PATH",
  multiple: true,
  summary: "publish this file of out/ although a secret seems to be in it",
};
const ALLOW_AZ_DELETION: OptionSpec = {
  name: "allow-az-deletion",
  value: "AZ",
  multiple: true,
  summary: "let this zone go with all its clusters; may be repeated",
};
const SHARDS: OptionSpec = { name: "shards", value: "N", summary: "render one of N parts of the fleet, as one pod of an Indexed Job" };
const SHARD: OptionSpec = { name: "shard", value: "I", summary: "which part, from 0 (default: JOB_COMPLETION_INDEX)" };

const CLUSTER: OptionSpec = { name: "cluster", value: "ID", summary: "the cluster, by its id in the roster" };
/** How a cluster's release and its API server are found. */
const ONE_CLUSTER: readonly OptionSpec[] = [
  CLUSTER,
  { name: "local", summary: "what out/ holds instead of what is published" },
  { name: "commit", value: "REVISION", summary: "that commit instead of the published branch's newest" },
  { name: "kubeconfig", value: "FILE", summary: "the kubeconfig (default: KUBECONFIG, then ~/.kube/config)" },
  {
    name: "context",
    value: "NAME",
    summary: "its context (default: the one named as the cluster, else the one that leads to the roster's host; never the current one)",
  },
  { name: "allow-rollback", summary: "also a commit that is older than the one applied, or of another history" },
  CONFIG,
];
const HAND_BACK: OptionSpec = {
  name: "hand-back",
  summary: "give everything back to who applies on the client side, such as the real addon manager; nothing is changed or deleted",
};
const BESIDE: OptionSpec = {
  name: "beside-addon-manager",
  summary: "although the real addon manager runs in the cluster: each undoes what the other does",
};

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "init",
    summary: "make a new fleet repository",
    synopsis: "DIR",
    description:
      "Writes halite.yaml, a roster with one cluster, a state with its pillar, schemas for editors and a .gitignore into DIR, so that `halite render` works at once. Nothing that is there is overwritten.",
    options: [
      { name: "bare", summary: "only halite.yaml, an empty roster and empty top files" },
      {
        name: "ci",
        value: "KIND",
        multiple: true,
        summary: "add ready files for CI: github, gitlab, pre-commit or pre-receive; also to a fleet that is there",
      },
    ],
    exits: [
      [0, "the repository was made"],
      [2, "called wrongly"],
      [3, "DIR holds files that would be overwritten, or can't be written"],
    ],
    examples: [
      ["halite init fleet && cd fleet && halite render", "a new fleet, compiled"],
      ["halite init . --ci github --ci pre-commit", "what CI needs, in the fleet that is here"],
    ],
    load: async () => (await import("./init.ts")).command,
  },
  {
    name: "render",
    summary: "compile the fleet into out/",
    synopsis: "",
    description:
      "Compiles every cluster of the roster: pillar, top file, states, files, addons; validates every object against the API of the cluster's Kubernetes version; and writes out/AZ/CLUSTER/ADDON/FILE.yaml with a release.yaml per cluster. A finding stops its own addon only: everything else is compiled, and the exit code is 1. With --shards one part of the fleet is rendered and out/.shards says so, for `halite publish --rendered`.",
    options: [
      CONFIG,
      CLUSTERS,
      { name: "check", summary: "write nothing; say whether out/ is what would be written" },
      { name: "out", value: "DIR", summary: "write there instead of the config's `out`" },
      JOBS,
      SHARDS,
      SHARD,
      NO_CACHE,
      NO_MEMO,
    ],
    exits: [
      [0, "compiled; with --check: out/ is fresh"],
      [1, "something failed to compile; with --check: out/ is stale"],
      [2, "called wrongly"],
      [3, "no halite.yaml, or out/ can't be written"],
    ],
    examples: [
      ["halite render", "the whole fleet"],
      ["halite render --clusters 'G@az:sjc1 and G@env:prod'", "part of it; the rest of out/ stays"],
      ["halite render --check", "in CI: is the committed out/ what the tree gives?"],
      ["halite render --shards 4 --shard 0", "a quarter of it; publish --rendered puts the quarters together"],
    ],
    load: async () => (await import("./render.ts")).command,
  },
  {
    name: "watch",
    summary: "recompile on every save, and print what that changes",
    synopsis: "",
    description:
      "Renders as `halite render` does, then again whenever a file of the config, the roster, the roots or the fleet's schemas has changed, until Ctrl-C. Says for each save which files of out/ became others, in which clusters, by how many lines, what is wrong, and what it took: only what the change reaches is compiled. What does not compile is printed, and the next save tried again.",
    options: [
      CONFIG,
      CLUSTERS,
      { name: "out", value: "DIR", summary: "write there instead of the config's `out`" },
      JOBS,
      NO_CACHE,
      NO_MEMO,
    ],
    exits: [
      [0, "ended by SIGINT (Ctrl-C) or SIGTERM"],
      [2, "called wrongly"],
      [3, "no halite.yaml, or the system lets no more folders be watched"],
    ],
    examples: [
      ["halite watch", "the whole fleet"],
      ["halite watch --clusters iad1-dev-01 --out /tmp/dev", "one cluster, beside out/"],
      ["halite watch --json | jq -c .files", "one object a recompile"],
    ],
    load: async () => (await import("./watch.ts")).command,
  },
  {
    name: "impact",
    summary: "say what a file, a pillar key or a grain reaches",
    synopsis: "PATH|pillar:KEY|grain:KEY…",
    description:
      "Tells which clusters, addons, files and objects hang on a file of the tree, on a pillar value or on a grain, from the record of what every compile read: counts first. KEY is a path such as ceph-csi-rbd:node:max_unavailable; an item of a list is its place, 0 for the first. A value is taken to stay of its kind and to be valid: what its schema would refuse, fails its addon. As a template may look at a value that changes nothing, other values are tried in each kind of cluster; in more than 12 kinds only with --try-all, which costs a compile of each, and without it the answer says in which clusters it is the record's. Clusters without a record, and those that something has changed for since, are compiled first, in memory; out/ is not touched.",
    options: [
      { name: "try-all", summary: "try other values in each kind of cluster, also where there are more than 12 kinds" },
      CONFIG,
      CLUSTERS,
      NO_CACHE,
    ],
    exits: [
      [0, "answered, be it with nothing"],
      [1, "the fleet can't be read"],
      [2, "called wrongly, or no such file"],
      [3, "no halite.yaml"],
    ],
    examples: [
      ["halite impact pillar:storage-classes:nfs:server", "whose objects name the NFS server"],
      ["halite impact states/manifest/macros.jinja", "what a shared macro is in"],
      ["halite impact grain:az --json", "what another zone would change, for a program"],
    ],
    load: async () => (await import("./impact.ts")).command,
  },
  {
    name: "show",
    summary: "show one stage of one cluster's compile",
    synopsis: "pillar|top|high|low|files [SLS…]",
    description:
      "Prints what Salt's own functions would: pillar as pillar.items, top as state.show_top, high as state.show_highstate or, with SLS names, state.show_sls, low as state.show_lowstate or state.show_low_sls, and files as what state.apply would leave behind. Any Salt tree works with --minion-config; without it the cluster is one of the roster.\nKeys that are no strings print as `!int 8`, `!bool true` or `!null`.",
    options: [
      { name: "cluster", value: "ID", summary: "the cluster (with --minion-config: its id by default)" },
      { name: "minion-config", value: "FILE", summary: "a Salt minion config instead of halite.yaml" },
      { name: "pillar", value: "JSON", summary: "pillar values that override, as salt-call's pillar=" },
      { name: "saltenv", value: "ENV", summary: "the environment of the SLS named" },
      CONFIG,
    ],
    exits: [
      [0, "shown"],
      [1, "it does not compile; the errors are on standard error"],
      [2, "called wrongly"],
      [3, "no config"],
    ],
    examples: [
      ["halite show pillar --cluster sjc1-prod-07", "the merged pillar"],
      ["halite show low ceph.rbd --cluster sjc1-prod-07 --json", "low chunks of one SLS"],
      ["halite show files --minion-config ./minion", "an existing Salt tree as it stands"],
    ],
    words: ["pillar", "top", "high", "low", "files"],
    load: async () => (await import("./show.ts")).command,
  },
  {
    name: "explain",
    summary: "say what stands behind a line of the compiled output",
    synopsis: "ADDON/FILE[:LINE]",
    description:
      "Names the state that wrote a file of out/AZ/CLUSTER/, the template line that printed the line, and each value of pillar and grains that the line hangs on, with the pillar line that won and those that it overrode: values change what the line says, conditions decide whether it is there. They are found by trying: each value that was read on the way to the file is changed by itself and the file compiled again. Without LINE it is the file as a whole. Sealed values are not shown.\nOnly this one file is checked; what hangs on other addons, such as a namespace that none makes, is for `halite validate` to find.",
    options: [{ name: "cluster", value: "ID", summary: "the cluster" }, CONFIG],
    exits: [
      [0, "explained"],
      [1, "the addon does not compile; the errors are on standard error"],
      [2, "called wrongly: there is no such cluster, addon, file or line"],
      [3, "no halite.yaml"],
    ],
    examples: [
      ["halite explain storage-classes/storageclass-rbd-ssd.yaml:18 --cluster sjc1-prod-02", "one line"],
      ["halite explain csi-driver-nfs/controller.yaml --cluster sjc1-prod-01 --json", "all that one file hangs on"],
    ],
    load: async () => (await import("./explain.ts")).command,
  },
  {
    name: "validate",
    summary: "compile and check everything, write nothing",
    synopsis: "",
    description:
      "Compiles the fleet in memory and prints every finding: schemas of Kubernetes objects, custom resources, pillar and roster, and policies (docs/policies.md). All findings of one run are printed, each once, with the clusters it concerns.",
    options: [
      CONFIG,
      CLUSTERS,
      { name: "strict", summary: "warnings count as errors" },
      { name: "accepted", summary: "list also what objects accept, with their reasons" },
      { name: "format", value: "FORMAT", summary: "text, json, sarif (2.1.0) or junit" },
      { name: "output", value: "FILE", summary: "write the report there; what is said on the terminal is said as well" },
      { name: "contained", summary: "refuse a config that names anything outside its folder, as for trees of strangers" },
      JOBS,
    ],
    exits: [
      [0, "no errors"],
      [1, "errors"],
      [2, "called wrongly"],
      [3, "no halite.yaml"],
    ],
    examples: [
      ["halite validate --clusters 'fra*'", "the clusters whose id begins with fra"],
      ["halite validate --format sarif --output halite.sarif", "for code scanning; URIs count from the fleet's folder"],
      ["halite validate --format junit --output halite.xml", "for GitLab and Jenkins: a suite a cluster, a case an addon"],
    ],
    load: async () => (await import("./validate.ts")).command,
  },
  {
    name: "diff",
    summary: "say what a change does to which clusters",
    synopsis: "",
    description:
      "Renders two states of the fleet in memory and prints what differs between them, object by object: the same change of several clusters once, dangerous ones first. One side is a commit, read from git without a checkout: halite.yaml, roster, pillar, states and schemas are that commit's; the other is the work tree as it lies there. Without --base it is the commit at which this branch parts from the main branch (origin's default branch, else main or master): what is shown is what a merge would bring. Only clusters that a changed file reaches are rendered.",
    options: [
      CONFIG,
      {
        name: "base",
        value: "REF",
        summary: "compare with this commit, branch or tag (default: where this branch parts from the main one), or with `published`",
      },
      { name: "head", value: "REF", summary: "the other side (default: worktree)" },
      { name: "merge-base", summary: "compare with the commit at which this branch parts from --base" },
      CLUSTERS,
      {
        name: "format",
        value: "FORMAT",
        summary: "text (default), markdown (for a pull request), html (one page) or json (schemas/diff.json)",
      },
      { name: "output", short: "o", value: "FILE", summary: "write there instead of to standard output" },
      { name: "exit-zero", summary: "exit 0 also where something differs" },
      { name: "full", summary: "show whole objects, every cluster's name, and changes of writing alone" },
      NO_CACHE,
      NO_MEMO,
    ],
    exits: [
      [0, "no differences"],
      [1, "differences, or a side that can't be compared"],
      [2, "called wrongly"],
      [3, "no halite.yaml, or git can't read a side"],
    ],
    examples: [
      ["halite diff", "what merging this branch would change"],
      ["halite diff --base HEAD", "what is not committed yet"],
      ["halite diff --base published", "what publishing would change"],
      ["halite diff --format html --output diff.html", "a page with filters, for a browser"],
      ["halite diff --base v1.4 --head main --clusters 'G@az:sjc1'", "two commits, one zone"],
    ],
    load: async () => (await import("./diff.ts")).command,
  },
  {
    name: "ci",
    summary: "validate a change and say what it does, for a pipeline",
    synopsis: "",
    description:
      "What a pipeline runs for a pull or merge request: validates the fleet as `halite validate` does, compares it with the branch that it will be merged into as `halite diff` does, and writes both as a comment. Differences are no failure: the exit code is that of the validation, unless --fail-on names a level of danger. Without --base the pipeline's own variables say what to compare with: CI_MERGE_REQUEST_DIFF_BASE_SHA (GitLab) names the commit, GITHUB_BASE_REF (GitHub Actions) the branch from which this one parts. The history must be there: fetch-depth 0, GIT_DEPTH 0.",
    options: [
      CONFIG,
      {
        name: "base",
        value: "REF",
        summary: "compare with this commit, branch or tag, or with `published` (default: as the pipeline says)",
      },
      { name: "head", value: "REF", summary: "the other side (default: worktree)" },
      { name: "merge-base", summary: "compare with the commit at which this branch parts from --base" },
      CLUSTERS,
      { name: "comment", value: "FILE", summary: "write findings and differences as Markdown, at most 65,000 characters" },
      { name: "html", value: "FILE", summary: "write the differences as a page" },
      { name: "diff-json", value: "FILE", summary: "write the differences as JSON (schemas/diff.json)" },
      { name: "sarif", value: "FILE", summary: "write the findings as SARIF 2.1.0" },
      { name: "junit", value: "FILE", summary: "write the findings as JUnit" },
      { name: "fail-on", value: "LEVEL", summary: "exit 1 where something is as dangerous as critical, high, medium or low" },
      { name: "strict", summary: "warnings count as errors" },
      { name: "full", summary: "show whole objects, every cluster's name, and changes of writing alone" },
      JOBS,
      NO_CACHE,
      NO_MEMO,
    ],
    exits: [
      [0, "valid, whatever differs"],
      [1, "not valid, or more dangerous than --fail-on allows"],
      [2, "called wrongly"],
      [3, "no halite.yaml, or git can't read a side"],
    ],
    examples: [
      ["halite ci --comment comment.md --html diff.html", "in a pipeline of a pull request"],
      ["halite ci --base origin/main --merge-base --fail-on critical", "anywhere; refuse what endangers data"],
    ],
    load: async () => (await import("./ci.ts")).command,
  },
  {
    name: "publish",
    summary: "commit the compiled addons to the branch that the zones pull",
    synopsis: "",
    description:
      "Compiles the fleet and commits the tree of out/ to the branch that halite.yaml names, without a work tree, on top of what is there. Nothing changed, nothing committed. The message says what changes in which zone and addon, and names the source commit, the compiler and the digest of its inputs. Refused are: a fleet with failed addons, a tree with changes that are not committed (but in the repository on this machine), a source that is older than the published one or does not contain it, what looks like a secret in plain, and the deletion of a zone or of many objects. Publishers at the same time end in one history: whose source is older gives way. With --rendered nothing is compiled: what shards have rendered is put together, if every shard is there once, of this tree and this build, with every file as it was rendered; the commit is the same.",
    options: [
      CONFIG,
      { name: "partial", summary: "publish although addons failed, with the published files of those carried over" },
      {
        name: "rendered",
        value: "DIR",
        multiple: true,
        summary: "publish what `halite render --shards` left in DIR; once for each such folder",
      },
      { name: "skip-superseded", summary: "an older source than the published one is no error: say so and exit 0, as for late jobs of CI" },
      { name: "allow-older", summary: "publish a source that comes before the published one" },
      { name: "allow-diverged", summary: "publish a source that does not contain the published one" },
      { name: "allow-foreign", summary: "replace what somebody else has committed to the branch" },
      ALLOW_PLAIN,
      MAX_DELETION,
      ALLOW_AZ_DELETION,
      JOBS,
    ],
    exits: [
      [0, "published, nothing to publish, or superseded by a later source meanwhile"],
      [1, "refused: the fleet does not compile, its shards are not whole, or see above"],
      [2, "called wrongly"],
      [3, "no halite.yaml, no git, or the repository can't be reached or written"],
    ],
    examples: [
      ["halite publish", "compile and commit"],
      ["halite publish --rendered out-0 --rendered out-1", "commit what two shards have rendered"],
      ["halite publish --allow-az-deletion sjc2", "zone sjc2 was given up"],
    ],
    load: async () => (await import("./publish.ts")).command,
  },
  {
    name: "plan",
    summary: "say what an apply would do to one cluster, and why",
    synopsis: "",
    description:
      "Holds the cluster's published release against what is live and what Halite made there before, and prints each operation with its reason: create, update, adopt (taken over in place), replace (deleted and made anew, where the manifest allows it), wait, prune, orphan (stays, no longer Halite's) and refuse. Writes nothing: what an apply would change is found by the API server's dry run.",
    options: [...ONE_CLUSTER, BESIDE, HAND_BACK],
    exits: [
      [0, "the cluster is as git wants it"],
      [1, "there is something to do, or something is refused"],
      [2, "called wrongly"],
      [3, "no halite.yaml, no kubeconfig, or the API server gives no answer"],
    ],
    examples: [
      ["halite plan --cluster sjc1-prod-02", "what is published, against the context sjc1-prod-02"],
      ["halite plan --cluster iad1-dev-01 --local --kubeconfig dev.yaml --json", "what out/ holds, for a program"],
    ],
    load: async () => (await import("./plan.ts")).command,
  },
  {
    name: "apply",
    summary: "make one cluster what git wants it to be",
    synopsis: "",
    description:
      "Plans as `halite plan` and carries the plan out: definitions, namespaces, configuration, workloads, webhooks; addons after those they depend on; then what is to be pruned. Objects in mode Reconcile are applied server-side by the field manager halite, those in mode EnsureExists only created. What is refused or fails stops its own addon only. What Halite makes stands in the cluster's Addon objects (`kubectl get addons.halite.dev`).",
    options: [
      ...ONE_CLUSTER,
      BESIDE,
      HAND_BACK,
      { name: "wait", summary: "until everything is healthy" },
      { name: "watch", summary: "go on and undo drift as it happens, until Ctrl-C" },
      {
        name: "timeout",
        value: "DURATION",
        summary: "how long is waited for what must be healthy or gone first, such as 30s (default: 5m)",
      },
    ],
    exits: [
      [0, "applied; what is not healthy yet is said"],
      [1, "something was refused, failed or is not applied yet"],
      [2, "called wrongly"],
      [3, "no halite.yaml, no kubeconfig, or the API server gives no answer"],
    ],
    examples: [
      ["halite apply --cluster sjc1-prod-02", "apply what is published"],
      ["halite apply --cluster iad1-dev-01 --local --wait --timeout 2m", "apply out/ and wait until it works"],
    ],
    load: async () => (await import("./apply.ts")).command,
  },
  {
    name: "status",
    summary: "say how clusters are: sync and health apart, reasons first",
    synopsis: "",
    description:
      "With --cluster asks the cluster itself, and prints one line an addon: whether it holds what git wants, whether it works, and what to look at first. Without it prints what the zones have last reported (halite sync): clusters, what each waits for, and its addons that are not well. Writes nothing.",
    options: [
      ...ONE_CLUSTER,
      { name: "az", value: "AZ", summary: "what this zone has reported; default: all" },
      { name: "reasons", summary: "every reason, not only the first of each addon" },
    ],
    exits: [
      [0, "everything is synced and healthy"],
      [1, "something is not"],
      [2, "called wrongly"],
      [3, "no halite.yaml, no kubeconfig, or the API server gives no answer"],
    ],
    examples: [
      ["halite status --cluster sjc1-prod-02", "its addons"],
      ["halite status --az sjc1", "the clusters of a zone, as it has reported"],
    ],
    load: async () => (await import("./status.ts")).command,
  },
  SYNC,
  {
    name: "rollback",
    summary: "restore what was published before, with a new commit",
    synopsis: "",
    description:
      "Commits to the branch that the zones pull what it held at an earlier commit: of all zones and addons, or of some. Nothing is compiled and no history is rewritten; the trailer Rollback-To says what was done. It lasts until the next publish, so change the source too. What it would have the zones delete is judged as for publish.",
    options: [
      CONFIG,
      { name: "to", value: "REV", summary: "a published commit, the source commit it was made from, or ~N: N commits back" },
      { name: "az", value: "AZ", multiple: true, summary: "only this zone; may be repeated" },
      { name: "addon", value: "ADDON", multiple: true, summary: "only this addon; may be repeated" },
      MAX_DELETION,
      ALLOW_AZ_DELETION,
    ],
    exits: [
      [0, "restored, or nothing differed"],
      [1, "refused: too much would be deleted, REV names nothing, or somebody else published meanwhile"],
      [2, "called wrongly"],
      [3, "no halite.yaml, no git, or the repository can't be reached or written"],
    ],
    examples: [
      ["halite rollback --to ~1", "take the last publish back"],
      ["halite rollback --to 3f2a91c --az sjc1 --addon ceph-csi-rbd", "one addon in one zone"],
    ],
    load: async () => (await import("./rollback.ts")).command,
  },
  {
    name: "secret",
    summary: "seal values, and keep track of who can open them",
    synopsis: "seal TARGET|verify|list|rotate [FILE…]|edit FILE",
    description:
      "Sealed values are in git, and their references in pillar; plain ones exist at the destination only.\nseal reads a value from standard input, or on a terminal asks for it, and puts it where TARGET says, as a reference has it: FILE#PATH into a SOPS file below sealed:root, which is made where it is not there, every other byte of it staying; barbican:NAME[@VERSION] into OpenStack's key service; pgp: as a PGP message that is printed, for pillar; with --kubeseal-cert or --cluster NAMESPACE/NAME#KEY as a SealedSecret.\nverify compiles in memory and checks that everything referred to is there and that each cluster can open what is its own, by the keys that sealed:clusters names; what a key here opens is opened, so that a file's message authentication code is verified.\nlist says for each sealed value how old it is, by git, Barbican or with --kubeconfig the cluster, or why that can't be told, and who can open it; for SealedSecrets, Barbican and Secrets of the clusters it compiles in memory.\nrotate seals what is not sealed as it should be, and touches nothing else. SOPS files are opened by those whom .sops.yaml names, or without a rule halite.yaml: by its own recipients and the clusters that refer to the file; values stay. PGP messages in pillar are sealed anew to halite.yaml's recipients and the clusters that refer to them. With --sealing-keys, values of SealedSecrets are sealed to the present certificate of their cluster. FILE picks SOPS files, or files of pillar and states.\nedit opens a SOPS file in EDITOR, in memory; what was not changed keeps its sealed text.",
    options: [
      CONFIG,
      CLUSTERS,
      { name: "fd", value: "N", summary: "seal: read the value from this open file descriptor" },
      { name: "trim", summary: "seal: take one line end off the value" },
      {
        name: "kubeseal-cert",
        value: "FILE",
        summary: "seal: make a SealedSecret for the cluster of this certificate (kubeseal --fetch-cert)",
      },
      { name: "cluster", value: "ID", summary: "seal: make a SealedSecret for this cluster, whose certificate sealed:clusters names" },
      { name: "scope", value: "SCOPE", summary: "seal: strict (default), namespace-wide or cluster-wide" },
      { name: "type", value: "TYPE", summary: "seal: the type of the Secret that comes out of a SealedSecret" },
      { name: "into", value: "FILE", summary: "seal: put the key into the SealedSecret in this file, which is made where it is not there" },
      { name: "replace", summary: "seal: replace the secret of that name in Barbican" },
      { name: "sealing-keys", value: "FILE", summary: "verify, rotate: open SealedSecrets with these private keys of controllers" },
      { name: "offline", summary: "verify, list: do not ask Barbican" },
      {
        name: "kubeconfig",
        value: "PATH",
        summary: "list: ask clusters how old Secrets are; a file with a context for each cluster, or a folder with a file for each",
      },
      { name: "strict", summary: "verify: warnings count as errors" },
      { name: "older-than", value: "DAYS", summary: "list: only what is as old; exit 1 if there is any" },
      { name: "check", summary: "rotate: change nothing, say what would be; exit 1 if anything" },
      { name: "new-data-key", summary: "rotate: encrypt everything anew, for when somebody was removed" },
      JOBS,
    ],
    exits: [
      [0, "done; with verify: everything can be opened where it is needed"],
      [1, "refused, or verify, list --older-than or rotate --check found something"],
      [2, "called wrongly"],
      [3, "no halite.yaml; a key file, gpg, Barbican's settings or the editor is missing"],
    ],
    examples: [
      ["halite secret seal ceph.sops.yaml#rbd/userKey < key.txt", "into secrets/ceph.sops.yaml; prints the reference"],
      ["halite secret seal barbican:luks-sjc1@2 --fd 3 3< key.bin", "into Barbican, from a file descriptor"],
      ["halite secret seal storage/ceph#userKey --cluster sjc1-prod-07 --into ceph.yaml", "as a SealedSecret"],
      ["halite secret verify --clusters 'G@az:sjc1'", "can these clusters open what they refer to?"],
      ["halite secret list --older-than 365", "what has not been changed for a year"],
      ["halite secret rotate --check", "in CI: is everything sealed to those who should open it?"],
      ["halite secret rotate --sealing-keys keys.yaml", "SealedSecrets too, to the clusters' new certificates"],
      ["halite secret edit ceph.sops.yaml", "in the editor, as with sops edit"],
    ],
    words: ["seal", "verify", "list", "rotate", "edit"],
    load: async () => (await import("./secret.ts")).command,
  },
  {
    name: "start",
    summary: "compile, validate and publish this folder's fleet, and say how to go on",
    synopsis: "",
    description: "What `npm start` runs: render, then publish into the embedded repository. It never touches a cluster.",
    options: [CONFIG, JOBS, ALLOW_PLAIN, MAX_DELETION, ALLOW_AZ_DELETION],
    exits: [
      [0, "done, or nothing had changed"],
      [1, "something failed to compile"],
      [3, "no halite.yaml or no git"],
    ],
    examples: [["halite start", "the main job in one go"]],
    load: async () => (await import("./start.ts")).command,
  },
  {
    name: "completion",
    summary: "print a shell completion script",
    synopsis: "bash|zsh|fish",
    description: "Prints a script that completes commands, options and words.",
    options: [],
    exits: [
      [0, "printed"],
      [2, "unknown shell"],
    ],
    examples: [["source <(halite completion bash)", "for this shell"]],
    words: ["bash", "zsh", "fish"],
    load: async () => (await import("./completion.ts")).command,
  },
];
