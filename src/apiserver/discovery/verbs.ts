/** What every kind of object can be asked to do, as discovery says it. */
export const OBJECT_VERBS = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
] as const;

export const STATUS_VERBS = ["get", "patch", "update"] as const;
