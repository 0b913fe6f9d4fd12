// The list of reconcilers: one per kind that has a status of ours or calls for objects. The loop in operator/ runs them.

import type { Kind } from "../store/kinds.ts";
import { backend } from "./backend.ts";
import { backendTlsPolicy } from "./backendtlspolicy.ts";
import { backendTrafficPolicy } from "./backendtrafficpolicy.ts";
import { clientTrafficPolicy } from "./clienttrafficpolicy.ts";
import { gatewayClass } from "./gatewayclass.ts";
import { gateway } from "./gateway/index.ts";
import { grpcRoute } from "./grpcroute.ts";
import { httpRoute } from "./httproute.ts";
import { httpRouteFilter } from "./httproutefilter.ts";
import { listenerSet, xListenerSet } from "./listenerset.ts";
import { tcpRoute } from "./tcproute.ts";
import { tlsRoute } from "./tlsroute.ts";
import { udpRoute } from "./udproute.ts";
import type { Reconciler } from "./reconciler.ts";

/** A reconciler of some kind. */
export type AnyReconciler = { readonly [K in Kind]: Reconciler<K> }[Kind];

export const reconcilers: readonly AnyReconciler[] = [
  gatewayClass,
  gateway,
  httpRoute,
  grpcRoute,
  tlsRoute,
  tcpRoute,
  udpRoute,
  backend,
  backendTlsPolicy,
  backendTrafficPolicy,
  clientTrafficPolicy,
  httpRouteFilter,
  listenerSet,
  xListenerSet,
];
