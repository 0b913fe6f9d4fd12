// What a listener of a Gateway says by itself, without looking at other listeners or at what it refers to: its protocol, the kinds and
// namespaces of routes it takes, and mistakes within its own fields. Pure; schema-valid input is not assumed.

import type { Gateway } from "../../api/gateway/gateway.ts";
import {
  listenerInvalid,
  listenerInvalidRouteKinds,
  listenerNotAccepted,
  listenerUnsupportedPort,
  listenerUnsupportedProtocol,
  listenerUnsupportedTlsMode,
} from "../conditions.ts";
import { isHostname, isServerName, normaliseHostname } from "../hostnames.ts";
import { selectorProblem } from "../labels.ts";
import type { Condition } from "../reconciler.ts";
import type { ListenerState } from "./listener-state.ts";

export type ListenerSpec = Gateway["spec"]["listeners"][number];
type RouteKind = ListenerState["kinds"][number];

export const gatewayApi = "gateway.networking.k8s.io";

/** How listeners may share a port: within a group by hostname ("http", "tls"), or not at all. */
export type PortUse = "http" | "tls" | "tcp" | "udp";

/** The port use of a protocol; undefined when the protocol is not supported. HTTPS and TLS are both told apart by SNI. */
export function portUse(protocol: string): PortUse | undefined {
  switch (protocol) {
    case "HTTP":
      return "http";
    case "HTTPS":
    case "TLS":
      return "tls";
    case "TCP":
      return "tcp";
    case "UDP":
      return "udp";
    default:
      return undefined;
  }
}

function tlsMode(listener: ListenerSpec): string {
  return listener.tls?.mode ?? "Terminate";
}

/** Does the listener's protocol and mode ask for a certificate of ours? */
export function terminatesTls(listener: ListenerSpec): boolean {
  return portUse(listener.protocol) === "tls" && listener.tls !== undefined && tlsMode(listener) === "Terminate";
}

/** Mistakes within the listener: each as the conditions that report it; empty when there is none. */
export function ownProblems(listener: ListenerSpec): readonly Condition[] {
  if (portUse(listener.protocol) === undefined) return [listenerUnsupportedProtocol(listener.protocol)];
  if (listener.protocol === "HTTPS" && listener.tls !== undefined && tlsMode(listener) !== "Terminate")
    return [listenerUnsupportedTlsMode(tlsMode(listener))];
  // A ListenerSet may leave its port to the implementation; we deal out none, since clients must know it.
  if (listener.port === 0) return [listenerUnsupportedPort()];
  const why = tlsProblem(listener) ?? hostnameProblem(listener) ?? namespacesProblem(listener);
  return why === undefined ? [] : [listenerInvalid(why), listenerNotAccepted(why)];
}

function tlsProblem(listener: ListenerSpec): string | undefined {
  const { protocol, tls } = listener;
  const certificates = tls?.certificateRefs?.length ?? 0;
  if (portUse(protocol) !== "tls") return tls === undefined ? undefined : `A listener of protocol ${protocol} must not have tls.`;
  if (tls === undefined) return `A listener of protocol ${protocol} must have tls.`;
  if (tlsMode(listener) === "Terminate")
    return certificates > 0 ? undefined : "A listener that terminates TLS must have at least one certificateRef.";
  if (tlsMode(listener) !== "Passthrough") return `TLS mode ${tlsMode(listener)} must be one of Terminate, Passthrough.`;
  return certificates > 0 ? "A listener that passes TLS through must not have certificateRefs." : undefined;
}

function hostnameProblem({ protocol, hostname }: ListenerSpec): string | undefined {
  const name = normaliseHostname(hostname);
  if (name === undefined) return undefined;
  if (protocol === "TCP" || protocol === "UDP") return `A listener of protocol ${protocol} must not have a hostname.`;
  if (!isHostname(name)) return `Hostname ${name} is not a DNS name, with or without a leading "*.".`;
  return portUse(protocol) === "tls" && !isServerName(name)
    ? `Hostname ${name} is an IP address, which TLS cannot name.`
    : undefined;
}

function namespacesProblem(listener: ListenerSpec): string | undefined {
  const namespaces = listener.allowedRoutes?.namespaces;
  if (namespaces?.from !== "Selector") return undefined;
  return namespaces.selector === undefined
    ? "allowedRoutes.namespaces.selector must be set when from is Selector."
    : selectorProblem(namespaces.selector);
}

/** Namespaces whose routes the listener takes; a selector that is missing or wrong takes none. */
export function allowedNamespaces(listener: ListenerSpec): ListenerState["namespaces"] {
  const namespaces = listener.allowedRoutes?.namespaces;
  switch (namespaces?.from) {
    case "All":
      return { from: "All" };
    case "Selector":
      return namespaces.selector === undefined || selectorProblem(namespaces.selector) !== undefined
        ? { from: "None" }
        : { from: "Selector", selector: namespaces.selector };
    case "Same":
    case undefined:
      return { from: "Same" };
    default:
      return { from: "None" }; // a word of a later API, where no schema was checked
  }
}

/** Kinds that the listener takes: those asked for that its protocol supports, else all of them; and a condition for the others. */
export function allowedKinds(listener: ListenerSpec): {
  readonly kinds: readonly RouteKind[];
  readonly conditions: readonly Condition[];
} {
  const supported = kindsOf(listener);
  const asked = listener.allowedRoutes?.kinds ?? [];
  if (asked.length === 0) return { kinds: supported.map(routeKind), conditions: [] };
  const wrong = asked.filter(({ group, kind }) => (group ?? gatewayApi) !== gatewayApi || !supported.includes(kind));
  const right = new Set(asked.filter((one) => !wrong.includes(one)).map(({ kind }) => kind));
  const kinds = [...right].map(routeKind);
  if (wrong.length === 0 || supported.length === 0) return { kinds, conditions: [] };
  const names = wrong.map(({ group, kind }) => ((group ?? gatewayApi) === gatewayApi ? kind : `${group}/${kind}`));
  return { kinds, conditions: [listenerInvalidRouteKinds(names, supported)] };
}

/** Envoy Gateway v1.7: GRPCRoutes share the HTTP listeners; a TLS listener that terminates hands bytes to TLSRoutes or TCPRoutes. */
function kindsOf(listener: ListenerSpec): readonly string[] {
  switch (listener.protocol) {
    case "HTTP":
    case "HTTPS":
      return ["HTTPRoute", "GRPCRoute"];
    case "TLS":
      return tlsMode(listener) === "Terminate" ? ["TLSRoute", "TCPRoute"] : ["TLSRoute"];
    case "TCP":
      return ["TCPRoute"];
    case "UDP":
      return ["UDPRoute"];
    default:
      return [];
  }
}

function routeKind(kind: string): RouteKind {
  return { group: gatewayApi, kind };
}
