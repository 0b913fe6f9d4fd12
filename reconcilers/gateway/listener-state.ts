// What the rest of the reconcilers know of one listener of a Gateway, whether it is its own or a ListenerSet's. Made by listeners.ts.

import type { ObjectKey } from "../../store/key.ts";
import type { LabelSelector } from "../labels.ts";
import type { Condition } from "../reconciler.ts";
import { type ListenerOwner, ownerReference } from "./listener-owner.ts";

export interface ListenerState {
  /** The Gateway that serves it. */
  readonly gateway: ObjectKey;
  /** The Gateway or the ListenerSet that asks for it; names are unique there. */
  readonly owner: ListenerOwner;
  /** The proxy that serves it (xds/model/proxy.ts). */
  readonly proxy: string;
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  /** Lower case; undefined means every host. */
  readonly hostname?: string;
  /** Supported and allowed route kinds, in the order asked for. */
  readonly kinds: readonly { readonly group: string; readonly kind: string }[];
  readonly namespaces:
    | { readonly from: "All" }
    | { readonly from: "Same" }
    | { readonly from: "None" }
    | { readonly from: "Selector"; readonly selector: LabelSelector };
  /** Accepted, without conflict, references resolved well enough to serve. Routes attach (and are counted) also when it is not. */
  readonly ready: boolean;
  /** RDS name of the table that serves it, absent where no requests are routed: "http-<port>" shared by all HTTP listeners of a port, or "https-<port>/<ns>/<gateway>/<listener>", with "set/" or "xset/" before <ns> for a ListenerSet's or an XListenerSet's. */
  readonly routeTable?: string;
  /** Present when the listener terminates TLS with at least one usable certificate. */
  readonly tls?: ListenerTls;
  /** Every condition of this listener but those that need attached routes or acknowledgements. */
  readonly conditions: readonly Condition[];
}

/** Name of what serves a ready listener: the route table that it shares or has to itself, else a name of its own. */
export function placeOf({ routeTable, owner, name, protocol, port }: ListenerState): string {
  return routeTable ?? ownPlace(owner, { protocol, port, name });
}

/** Owners of several kinds may have equal names. */
const prefixes = { Gateway: "", ListenerSet: "set/", XListenerSet: "xset/" } as const;

/** "tls-443/<ns>/<gateway>/<listener>". */
export function ownPlace(
  owner: ListenerOwner,
  { protocol, port, name }: Pick<ListenerState, "protocol" | "port" | "name">,
): string {
  const { kind, namespace, name: ownerName } = ownerReference(owner);
  const place = `${prefixes[kind]}${namespace}/${ownerName}`;
  return `${protocol.toLowerCase()}-${port}/${place}/${name}`;
}

export interface ListenerTls {
  /** Usable certificates, in the order of certificateRefs. Their SDS names are the same keys. */
  readonly certificates: readonly ObjectKey[];
  /** Names or certificates overlap with another listener of the port: browsers could reuse an HTTP/2 connection for the wrong one. */
  readonly overlapping: boolean;
}
