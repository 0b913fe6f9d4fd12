// Kinds as users write them on the command line: any case, singular, plural or short ("gw"), and what they may have meant.

import type { Kind } from "../store/kinds.ts";

const names: Readonly<Record<string, readonly string[]>> = {
  GatewayClass: ["gatewayclasses", "gc"],
  Gateway: ["gateways", "gtw", "gw"],
  HTTPRoute: ["httproutes"],
  ReferenceGrant: ["referencegrants", "refgrant"],
  EnvoyProxy: ["envoyproxies"],
  Backend: ["backends"],
  HTTPRouteFilter: ["httproutefilters", "hrf"],
  Service: ["services", "svc"],
  EndpointSlice: ["endpointslices"],
  Secret: ["secrets"],
  ConfigMap: ["configmaps", "cm"],
  Namespace: ["namespaces", "ns"],
} satisfies Partial<Record<Kind, readonly string[]>>;

/** The kind, or the sentence that says what is wrong, with a hint when a kind is near. */
export function kindNamed(text: string): { readonly kind: string } | { readonly problem: string } {
  const wanted = text.toLowerCase();
  for (const [kind, others] of Object.entries(names))
    if (kind.toLowerCase() === wanted || others.includes(wanted)) return { kind };
  const near = Object.entries(names).find(([kind, others]) =>
    [kind.toLowerCase(), ...others].some((name) => distance(name, wanted) <= 2),
  );
  const hint = near === undefined ? `Known kinds: ${Object.keys(names).join(", ")}.` : `Did you mean ${near[0]}?`;
  return { problem: `unknown kind "${text}". ${hint}` };
}

/** Levenshtein's distance: edits of single characters that turn one text into the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (a[i] === b[j] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
