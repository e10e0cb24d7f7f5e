/** The addon manager's label, which every object of a release carries. */
export const MODE_LABEL = "addonmanager.kubernetes.io/mode";
