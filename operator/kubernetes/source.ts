// A cluster as a source of objects: one reflector for each kind, all of them one stream of changes, `synced` once all have listed.

import { kinds, type KindDefinition } from "../../api/kinds.ts";
import type { Change } from "../../store/db.ts";
import { keyOf } from "../../store/key.ts";
import type { WatchScope } from "../config.ts";
import type { Kind } from "../../store/kinds.ts";
import type { Clock } from "../clock.ts";
import { createChannel } from "./channel.ts";
import type { KubernetesClient } from "./client.ts";
import { gone, judged } from "./judged.ts";
import { type ReferencedKind, referencedKinds, type References } from "./references.ts";
import type { ObjectEvent } from "./api-object.ts";
import { createChosenNamespaces, type Follow, type OnEvent } from "./chosen-namespaces.ts";
import { newReflectorState, reflect, type ReflectorState, type ReflectorTiming } from "./reflector.ts";
import { resourceOf } from "./resources.ts";

export interface ClusterSourceOptions {
  readonly client: Pick<KubernetesClient, "call" | "stream">;
  /** Read nothing outside of these namespaces. */
  readonly scope: WatchScope;
  /** Secrets and ConfigMaps go there instead of into the stream. */
  readonly references: References;
  readonly clock: Clock;
  readonly timing?: Partial<ReflectorTiming>;
  readonly log: (message: string) => void;
  /** By "Kind" or "Kind namespace"; filled in while watching. */
  readonly states: Map<string, ReflectorState>;
}

type ClusterEvent = Change | { readonly type: "synced" };

/** Every object, then `synced` once, then every change, until the signal aborts. */
export async function* watchCluster(
  options: ClusterSourceOptions,
  signal: AbortSignal,
): AsyncGenerator<ClusterEvent, void, void> {
  const channel = createChannel<ClusterEvent>();
  const running: Promise<void>[] = [];
  const { namespaces, selector } = options.scope;
  let unsynced = 0;
  const tell = (kind: Kind, event: Exclude<ObjectEvent, { type: "synced" }>): void => {
    if (isReferenced(kind)) options.references.heard(kind, event);
    else if (event.type === "deleted") channel.push(gone(kind, keyOf(event.object)));
    else channel.push(judged(kind, event.object, options.log));
  };
  const follow: Follow = (definition, { namespace, until, onEvent }) => {
    unsynced++;
    let waited = true;
    const settled = (): void => {
      if (waited && --unsynced === 0 && !signal.aborted) channel.push({ type: "synced" });
      waited = false;
    };
    running.push(followKind(options, definition, { namespace, signal: until, onEvent, settled }));
  };
  const chosen = selector && createChosenNamespaces({ selector, follow, tell, signal });
  for (const definition of kinds) {
    const onEvent: OnEvent = (kind, event) => {
      tell(kind, event);
      if (kind === "Namespace") chosen?.heard(event);
    };
    if (definition.namespaced && chosen !== undefined) continue;
    for (const namespace of placesOf(definition, namespaces)) follow(definition, { namespace, until: signal, onEvent });
  }
  signal.addEventListener("abort", () => channel.close());
  if (signal.aborted) channel.close();
  yield* channel;
  await Promise.all(running);
}

interface Following {
  readonly namespace: string | undefined;
  readonly signal: AbortSignal;
  readonly onEvent: OnEvent;
  /** All is told for the first time, or nobody waits for it any more. */
  readonly settled: () => void;
}

async function followKind(options: ClusterSourceOptions, definition: KindDefinition, following: Following): Promise<void> {
  const { namespace, signal, onEvent, settled } = following;
  const kind = definition.kind as Kind;
  const name = namespace === undefined ? kind : `${kind} ${namespace}`;
  const state = newReflectorState(options.clock);
  options.states.set(name, state);
  for await (const event of reflectKind(options, definition, { namespace, state, signal })) {
    if (event.type === "synced") settled();
    else if (!signal.aborted) onEvent(kind, event);
  }
  if (options.states.get(name) === state) options.states.delete(name);
  settled();
}

/** Where to look: undefined is everywhere. */
function placesOf({ namespaced }: KindDefinition, namespaces: readonly string[] | undefined): readonly (string | undefined)[] {
  return namespaced && namespaces !== undefined ? [...new Set(namespaces)] : [undefined];
}

function reflectKind(
  { client, clock, timing, log }: ClusterSourceOptions,
  definition: KindDefinition,
  place: { readonly namespace: string | undefined; readonly state: ReflectorState; readonly signal: AbortSignal },
): AsyncGenerator<ObjectEvent, void, void> {
  const { namespace, state, signal } = place;
  return reflect(
    {
      client,
      resources: definition.versions.map((version) => resourceOf(definition, version)),
      ...(namespace !== undefined && { namespace }),
      metadataOnly: isReferenced(definition.kind),
      clock,
      ...(timing !== undefined && { timing }),
      log,
      state,
    },
    signal,
  );
}

function isReferenced(kind: string): kind is ReferencedKind {
  return referencedKinds.some((referenced) => referenced === kind);
}
