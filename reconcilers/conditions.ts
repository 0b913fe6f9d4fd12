// The one table of condition types and reasons: every condition the project reports is made by a constructor below.
// A constructor takes what the sentence names and nothing else; it does not know when or on which object it is reported.
// Types and reasons are spelled as Gateway API v1.4 and Envoy Gateway v1.7 spell them; messages are ours: one sentence that names the object.

import type { Condition } from "./reconciler.ts";

function yes(type: string, reason: string, message: string): Condition {
  return { type, status: "True", reason, message };
}
function no(type: string, reason: string, message: string): Condition {
  return { type, status: "False", reason, message };
}

/** The first condition of a type. */
export function conditionOf(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

// ── GatewayClass ──────────────────────────────────────────────────────────────

export const classAccepted = (): Condition => yes("Accepted", "Accepted", "This controller manages the GatewayClass.");
export const classInvalidParameters = (why: string): Condition =>
  no("Accepted", "InvalidParameters", `Invalid parametersRef: ${why}`);

/** The Envoys of a Gateway. */
interface Proxies {
  readonly ready: number;
  readonly wanted: number;
  readonly trouble?: string;
}

// ── Gateway ───────────────────────────────────────────────────────────────────

/** `withoutEffect`: settings of the Gateway's EnvoyProxy that do nothing yet. */
export const gatewayAccepted = (withoutEffect: readonly string[]): Condition =>
  yes("Accepted", "Accepted", `The Gateway is served by this controller.${idle(withoutEffect)}`);
export const gatewayInvalidParameters = (why: string): Condition => no("Accepted", "InvalidParameters", why);
export const gatewayUnsupportedAddress = (type: string): Condition =>
  no("Accepted", "UnsupportedAddress", `Address type ${type} is not supported, it must be IPAddress or Hostname.`);
/** Some listeners cannot be configured; the others are. */
export const gatewayListenersNotValid = (names: readonly string[], withoutEffect: readonly string[]): Condition =>
  yes(
    "Accepted",
    "ListenersNotValid",
    `Served without these listeners, see their conditions: ${names.join(", ")}.${idle(withoutEffect)}`,
  );
export const gatewayWithoutValidListener = (): Condition =>
  no("Accepted", "ListenersNotValid", "No listener is valid, see their conditions.");

/** `trouble`: what keeps others of its Envoys from running, as in a rollout that does not go on. */
export const gatewayProgrammed = (proxies: Proxies): Condition =>
  yes(
    "Programmed",
    "Programmed",
    `Address assigned, ${proxies.ready} of ${proxies.wanted} proxies run the current configuration.${proxies.trouble === undefined ? "" : ` Others do not: ${proxies.trouble}`}`,
  );
export const gatewayTooManyAddresses = (count: number): Condition =>
  yes("Programmed", "Programmed", `Only the first 16 of ${count} addresses are shown.`);
/** Nothing is known of any proxy, and nothing could be: translation outside of a running control plane. */
/** The API's own default while no controller has taken the Gateway up. */
export const gatewayUnserved = (why: string): Condition => ({
  type: "Accepted",
  status: "Unknown",
  reason: "Pending",
  message: why,
});
export const gatewayNotProgrammed = (): Condition =>
  no("Programmed", "Invalid", "The Gateway is not accepted, see the Accepted condition.");
export const gatewayWithoutAddress = (): Condition =>
  no("Programmed", "AddressNotAssigned", "No address is assigned to the Gateway.");
/** Each: where it stands, and why it cannot be used. */
export const gatewayAddressNotUsable = (addresses: readonly string[]): Condition =>
  no("Programmed", "AddressNotUsable", `To be removed or replaced: ${addresses.join("; ")}.`);
/** They were asked for, and the Service does not have them: a matter of a moment, or of an IP family. */
export const gatewayWaitsForAddresses = (addresses: readonly string[]): Condition =>
  no("Programmed", "AddressNotAssigned", `The proxy's Service does not have these addresses: ${addresses.join(", ")}.`);
export const gatewayWithoutProxies = (trouble: string | undefined): Condition =>
  no("Programmed", "NoResources", trouble ?? "No proxy is ready.");
export const refusedByProxy = (resource: string, message: string): Condition =>
  no("Programmed", "RejectedByProxy", `The proxy refused ${resource}: ${message}`);
export const heldBack = (resource: string, message: string): Condition =>
  no("Programmed", "Invalid", `${resource} was held back: ${message}`);

function idle(settings: readonly string[]): string {
  return settings.length === 0 ? "" : ` These settings of its EnvoyProxy have no effect yet: ${settings.join(", ")}.`;
}

/** Said only of Gateways that allow ListenerSets, or that one names. */
export const gatewayListenerSets = (attached: number, refused: number): Condition => {
  if (attached > 0) return yes("AttachedListenerSets", "ListenerSetsAttached", `ListenerSets attached: ${attached}.`);
  return refused > 0
    ? no("AttachedListenerSets", "ListenerSetsNotAllowed", `ListenerSets that are not allowed, see allowedListeners: ${refused}.`)
    : no("AttachedListenerSets", "NoListenerSetsAttached", "No ListenerSet is attached.");
};

// ── ListenerSet ───────────────────────────────────────────────────────────────

export const setAccepted = (gateway: string): Condition =>
  yes("Accepted", "Accepted", `The listeners are added to Gateway ${gateway}.`);
export const setNotAllowed = (gateway: string): readonly Condition[] => {
  const why = `Gateway ${gateway} does not allow ListenerSets of this namespace, see its allowedListeners.`;
  return [no("Accepted", "NotAllowed", why), no("Programmed", "NotAllowed", why)];
};
export const setParentNotAccepted = (gateway: string): readonly Condition[] => {
  const why = `Gateway ${gateway} is not accepted.`;
  return [no("Accepted", "ParentNotAccepted", why), no("Programmed", "ParentNotAccepted", why)];
};
/** GEP-1713: listeners belong to a Gateway. */
export const setParentInvalid = (): readonly Condition[] => {
  const why = "parentRef must name a Gateway.";
  return [no("Accepted", "Invalid", why), no("Programmed", "Invalid", why)];
};
/** Some listeners cannot be served; with `none`, none can. Each with what is wrong, where it has no conditions of its own. */
export const setListenersNotValid = (listeners: readonly string[], none: boolean): Condition =>
  (none ? no : yes)("Accepted", "ListenersNotValid", `Not served, see their conditions: ${listeners.join(", ")}.`);
/** The API has no status for a listener without a port, so the set says it. */
export const setWithoutPorts = (names: readonly string[]): Condition =>
  no("Accepted", "UnsupportedPort", `A port must be set, this implementation chooses none: ${names.join(", ")}.`);
export const setProgrammed = (): Condition => yes("Programmed", "Programmed", "The proxies run the listeners.");
/** `reason`: Invalid when its user has to do something, ParentNotProgrammed while the Gateway's proxies do not run. */
export const setNotProgrammed = (reason: "Invalid" | "ParentNotProgrammed" | "Pending", why: string): Condition =>
  no("Programmed", reason, why);
export const setInvalid = (): Condition => no("Programmed", "Invalid", "No listener is valid, see their conditions.");

// ── Listener ──────────────────────────────────────────────────────────────────

export const listenerAccepted = (): Condition => yes("Accepted", "Accepted", "The listener is valid.");
export const listenerResolvedRefs = (): Condition =>
  yes("ResolvedRefs", "ResolvedRefs", "All references of the listener are resolved.");
export const listenerProgrammed = (): Condition =>
  yes("Programmed", "Programmed", "The listener's configuration is sent to the proxies.");
export const listenerPending = (): Condition => no("Programmed", "Pending", "Waiting for a proxy to acknowledge the listener.");
/** Standalone: no address that its Gateway asks for is one of the machine. */
export const listenerWithoutAddress = (): Condition =>
  no("Programmed", "Pending", "The Gateway has no usable address to listen at.");
/** Programmed of a listener that has another condition to say why. */
export const listenerNotProgrammed = (): Condition =>
  no("Programmed", "Invalid", "The listener is not valid, see its other conditions.");
/** A mistake within the listener itself that has no condition of its own. */
export const listenerInvalid = (why: string): Condition => no("Programmed", "Invalid", why);
export const listenerUnsupportedPort = (): Condition =>
  no("Accepted", "UnsupportedPort", "A port must be set: this implementation chooses none.");
/** Accepted of a listener whose own fields contradict each other; the reason is in Programmed. */
export const listenerNotAccepted = (why: string): Condition => no("Accepted", "Invalid", why);
export const listenerUnsupportedProtocol = (protocol: string): Condition =>
  no("Accepted", "UnsupportedProtocol", `Protocol ${protocol} is not supported, it must be one of HTTP, HTTPS, TLS, TCP, UDP.`);
export const listenerUnsupportedTlsMode = (mode: string): Condition =>
  no("Accepted", "UnsupportedTLSMode", `TLS mode ${mode} is not supported for protocol HTTPS, it must be Terminate.`);
export const listenerConflictedNotAccepted = (reason: string): Condition =>
  no("Accepted", reason, "The listener conflicts with another one, see the Conflicted condition.");
export const listenerProtocolConflict = (port: number): Condition =>
  yes("Conflicted", "ProtocolConflict", `Listeners of port ${port} must use protocols that can share a port.`);
export const listenerSecondOnPort = (protocol: string, port: number): Condition =>
  yes("Conflicted", "ProtocolConflict", `Only one ${protocol} listener is allowed on port ${port}.`);
export const listenerHostnameConflict = (port: number, hostname: string | undefined): Condition =>
  yes("Conflicted", "HostnameConflict", `Several listeners of port ${port} have ${named(hostname)}.`);
/** Merged Gateways and ListenerSets: one that comes before has the same port, protocol and hostname. */
export const listenerTaken = (other: string): Condition =>
  yes("Conflicted", "HostnameConflict", `${other} has the same port, protocol and hostname.`);
export const listenerPortTaken = (other: string): Condition =>
  yes("Conflicted", "ProtocolConflict", `${other} uses the port for another protocol.`);
/** Standalone: the proxies of one machine share its ports, and an older Gateway's proxy has this one. */
export const listenerPortUnavailable = (port: number, place: string, proxy: string): Condition =>
  no("Accepted", "PortUnavailable", `Port ${port} of ${place} is used by the proxy of ${proxy}.`);
export const listenerInvalidRouteKinds = (kinds: readonly string[], allowed: readonly string[]): Condition =>
  no("ResolvedRefs", "InvalidRouteKinds", `${kinds.join(", ")} not supported, kinds must be of ${allowed.join(", ")}.`);
export const listenerInvalidCertificateRef = (problems: readonly string[]): Condition =>
  no("ResolvedRefs", "InvalidCertificateRef", `No certificate is usable: ${problems.join("; ")}.`);
export const listenerPartiallyInvalidCertificateRef = (problems: readonly string[]): Condition =>
  no("ResolvedRefs", "PartiallyInvalidCertificateRef", `Some certificates are not used: ${problems.join("; ")}.`);
export const listenerRefNotPermitted = (problems: readonly string[]): Condition =>
  no("ResolvedRefs", "RefNotPermitted", `No ReferenceGrant permits: ${problems.join("; ")}.`);
export const listenerOverlappingHostnames = (others: readonly string[]): Condition =>
  yes("OverlappingTLSConfig", "OverlappingHostnames", `The hostname overlaps with ${others.join(", ")}; HTTP/2 is off.`);
export const listenerOverlappingCertificates = (others: readonly string[]): Condition =>
  yes("OverlappingTLSConfig", "OverlappingCertificates", `The certificates overlap with ${others.join(", ")}; HTTP/2 is off.`);

function named(hostname: string | undefined): string {
  return hostname === undefined ? "no hostname" : `hostname ${hostname}`;
}

// ── Routes ────────────────────────────────────────────────────────────────────

/** Something wrong, in the words of who found it: `message` with or without a full stop. */
interface Reported {
  readonly reason: string;
  readonly message: string;
}

export const routeAccepted = (): Condition => yes("Accepted", "Accepted", "The route is accepted.");
/** `parent`: kind and name. */
export const routeNoMatchingParent = (parent: string): Condition =>
  no("Accepted", "NoMatchingParent", `No listener of ${parent} matches this parentRef.`);
export const routeParentUnserved = (why: string): Condition => no("Accepted", "NoMatchingParent", why);
export const routeNotAllowed = (parent: string): Condition =>
  no("Accepted", "NotAllowedByListeners", `No listener of ${parent} that this parentRef matches allows the route.`);
export const routeNoReadyListeners = (parent: string): Condition =>
  no("Accepted", "NoReadyListeners", `No listener of ${parent} that this parentRef matches is ready.`);
export const routeNoMatchingHostname = (parent: string): Condition =>
  no("Accepted", "NoMatchingListenerHostname", `No hostname of the route matches a listener of ${parent}.`);
/** All rules are broken. */
export const routeInvalid = (problems: readonly Reported[]): Condition =>
  no("Accepted", problems[0]?.reason ?? "UnsupportedValue", sentences(problems));
/** Some rules are broken: they answer 500, the others work. */
export const routePartiallyInvalid = (rules: readonly number[], problems: readonly Reported[]): Condition =>
  yes(
    "PartiallyInvalid",
    problems[0]?.reason ?? "UnsupportedValue",
    `Dropped Rule(s) [${rules.join(" ")}]: ${sentences(problems)}`,
  );
export const routeRefsResolved = (): Condition =>
  yes("ResolvedRefs", "ResolvedRefs", "All references of the route are resolved.");
/** The reason is that of the first problem: the API allows one word only. */
export const routeRefsNotResolved = (problems: readonly Reported[]): Condition =>
  no("ResolvedRefs", problems[0]?.reason ?? "UnsupportedValue", sentences(problems));
export const routeWithoutEndpoints = (backends: readonly string[]): Condition =>
  no("BackendsAvailable", "EndpointsNotFound", `No ready endpoints: ${backends.join(", ")}.`);
/** An older route has all that this one asks for of listeners that give a connection to one route only. */
export const routeOutranked = (older: string): Condition =>
  no("Accepted", "UnsupportedValue", `${older} is older and is served in its place: a connection goes to one route only.`);
/** Our own check held a resource back that was made from the route. */
export const routeHeldBack = (resource: string, message: string): Condition =>
  no("Accepted", "UnsupportedValue", `${resource} was held back: ${message}`);

// ── Backend ───────────────────────────────────────────────────────────────────

export const backendAccepted = (): Condition => yes("Accepted", "Accepted", "The Backend was accepted.");
export const backendInvalid = (message: string): Condition => no("Accepted", "Invalid", message);

// ── Policies ──────────────────────────────────────────────────────────────────

/** `withoutEffect`: fields that do nothing yet. */
export const policyAccepted = (withoutEffect: readonly string[] = []): Condition =>
  yes(
    "Accepted",
    "Accepted",
    `The policy is in effect.${withoutEffect.length === 0 ? "" : ` These fields have no effect yet: ${withoutEffect.join(", ")}.`}`,
  );
/** Each: what has a policy of its own that stands nearer to requests. */
export const policyOverridden = (nearer: readonly string[]): Condition =>
  yes("Overridden", "Overridden", `Other policies stand in its place for ${listed(nearer)}.`);
export const policyMerged = (over: readonly string[]): Condition => yes("Merged", "Merged", `Laid over ${listed(over)}.`);
export const policyMergedBy = (nearer: readonly string[]): Condition =>
  yes("Merged", "Merged", `Other policies are laid over it for ${listed(nearer)}.`);
export const policyAggregated = (count: number): Condition =>
  yes("Aggregated", "Aggregated", `Only the first 16 of ${count} ancestors are shown.`);
/** Each: a target, and the policy that has it. */
export const policyConflicted = (lost: readonly string[]): Condition =>
  no("Accepted", "Conflicted", `Another policy comes first: ${lost.join(", ")}.`);
// BackendTLSPolicy only, as its targets and references are others.
export const policyForeignTarget = (targets: readonly string[]): Condition =>
  no("Accepted", "Invalid", `A BackendTLSPolicy must be for a Service or Backend, not for ${targets.join(", ")}.`);
export const policyTargetNotFound = (sections: readonly string[]): Condition =>
  no("Accepted", "TargetNotFound", `Not found: ${sections.join(", ")}.`);
export const policyWithoutAuthority = (): Condition =>
  no("Accepted", "NoValidCACertificate", "No CA certificate is usable, see the ResolvedRefs condition.");
export const policyInvalid = (message: string): Condition => no("Accepted", "Invalid", message);
export const policyRefsResolved = (): Condition =>
  yes("ResolvedRefs", "ResolvedRefs", "All references of the policy are resolved.");
/** The reason is that of the first problem: the API allows one word only. */
export const policyRefsNotResolved = (problems: readonly Reported[]): Condition =>
  no("ResolvedRefs", problems[0]?.reason ?? "InvalidCACertificateRef", sentences(problems));

/** Names in a sentence, as many as fit into a message. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 64);
  return `${shown.join(", ")}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ""}`;
}

/** Several reports as one message: each once, a full stop at the end, at most what the API stores. */
function sentences(problems: readonly Reported[]): string {
  const unique = [...new Set(problems.map(({ message }) => message.replace(/\.$/, "")))];
  return `${unique.join("; ")}.`.slice(0, 32_768);
}
