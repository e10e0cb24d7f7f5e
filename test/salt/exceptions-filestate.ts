/** Where file states answer otherwise than Salt 3007.1 on purpose. The test holds each; docs/salt-compatibility.md is made of them. */
export const FILE_STATE_EXCEPTIONS: readonly {
  /** Title of the tree in filestate-trees.ts. */
  readonly tree: string;
  /** The first line of Salt's answer that ours has not. */
  readonly real: string;
  readonly ours: string;
  readonly reason: string;
}[] = [
  {
    tree: "requisites: prereq whose state fails",
    real: "file_|-x_|-/etc/kubernetes/addons/x_|-managed: null unchanged: The file /etc/kubernetes/addons/x is set to be changed",
    ours: "file_|-x_|-/etc/kubernetes/addons/x_|-managed: false unchanged: One or more requisite failed: a.y",
    reason: "The file is not written, because the state that had to run before it failed. Salt shows its trial run; we say why.",
  },
  {
    tree: "requisites: onfail_all of one that comes later",
    real: "the run ended with UnboundLocalError: cannot access local variable 'chunk' where it is not associated with a value",
    ours: "file_|-x_|-/etc/kubernetes/addons/x_|-managed: false unchanged: Source file salt://none not found in saltenv 'base'",
    reason: "Salt breaks off with an error of its own where a state that onfail_all names has not run yet; here it runs first.",
  },
  {
    tree: "wrong: unknown option",
    real: "the run ended with SaltInvocationError: 'nonsense' is an invalid keyword argument for 'file.touch'",
    ours: "file_|-/etc/kubernetes/addons/x_|-/etc/kubernetes/addons/x_|-touch: false unchanged: 'nonsense' is an invalid keyword argument for 'file.touch'",
    reason: "Salt ends the whole run, with every other state undone; here only this file fails.",
  },
  {
    tree: "wrong: unknown options",
    real: "the run ended with SaltInvocationError: 'nonsense', 'more' and 'third' are invalid keyword arguments for 'file.touch'",
    ours: "file_|-/etc/kubernetes/addons/x_|-/etc/kubernetes/addons/x_|-touch: false unchanged: 'nonsense', 'more' and 'third' are invalid keyword arguments for 'file.touch'",
    reason: "Salt ends the whole run, with every other state undone; here only this file fails.",
  },
  {
    tree: "wrong: serializer of a refused kind",
    real: "file_|-/etc/kubernetes/addons/x_|-/etc/kubernetes/addons/x_|-serialize: true changed: File /etc/kubernetes/addons/x updated",
    ours: "file_|-/etc/kubernetes/addons/x_|-/etc/kubernetes/addons/x_|-serialize: false unchanged: The plist serializer is not supported: it writes property lists of macOS",
    reason: "No addon is a property list; plist, msgpack, python and yamlex are refused by name.",
  },
];
