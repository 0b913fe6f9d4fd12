// A process that does nothing but follow the metadata of Secrets, as the operator does. Its argument: a kubeconfig. To each message it answers how
// many Secrets it knows of and how much memory it takes.

import { createKubernetesClient } from "../../operator/kubernetes/client.ts";
import { systemClock } from "../../operator/clock.ts";
import { createReferences } from "../../operator/kubernetes/references.ts";
import { newReflectorState, reflect } from "../../operator/kubernetes/reflector.ts";

const { signal } = new AbortController();
const client = createKubernetesClient({ kubeconfig: process.argv[2] ?? "" });
const common = { client, clock: systemClock, log: console.error };
const state = newReflectorState(systemClock);
const references = createReferences({ ...common, push: () => undefined, signal });
const resources = [{ apiVersion: "v1", kind: "Secret", plural: "secrets", namespaced: true }];

process.on("message", () => {
  // What is garbage already is nobody's growth.
  globalThis.gc?.();
  process.send?.({ synced: state.synced, objects: state.objects, bytes: process.memoryUsage().rss });
});
process.on("disconnect", () => process.exit());
for await (const event of reflect({ ...common, resources, metadataOnly: true, state }, signal)) references.heard("Secret", event);
