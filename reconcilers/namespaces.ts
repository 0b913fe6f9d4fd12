// Labels of namespaces, by which listeners and ListenerSets are told who may come.

import type { Db } from "../store/db.ts";
import { objectKey } from "../store/key.ts";
import { memo } from "../store/memo.ts";

/** The API server puts the name of a namespace among its labels; a folder of YAML need not have the Namespace at all. */
export const namespaceLabels = memo("namespaceLabels", (db: Db, namespace: string): Readonly<Record<string, string>> => {
  const labels = db.get("Namespace", objectKey("", namespace))?.metadata.labels;
  return { ...labels, "kubernetes.io/metadata.name": namespace };
});
