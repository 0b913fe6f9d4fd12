// GatewayClass: is it ours, can its parametersRef be used, and what we support. A class that merges its Gateways owns their one proxy.

import type { Db } from "../store/db.ts";
import { type ObjectKey, nameOf } from "../store/key.ts";
import { memo } from "../store/memo.ts";
import { classAccepted, classInvalidParameters } from "./conditions.ts";
import { classEnvoyProxy, configKey } from "./envoyproxy.ts";
import { isManagedClass } from "./gateway/proxies.ts";
import { ownedByClass } from "./gateway/succession.ts";
import type { Reconciler } from "./reconciler.ts";

/** Names of Gateway API v1.4.1 (pkg/features), in the order the API asks for: ascending. */
const supportedFeatures = [
  "BackendTLSPolicy",
  "BackendTLSPolicySANValidation",
  "GRPCRoute",
  "GRPCRouteNamedRouteRule",
  "Gateway",
  "GatewayAddressEmpty",
  "GatewayHTTPListenerIsolation",
  "GatewayInfrastructurePropagation",
  "GatewayPort8080",
  "GatewayStaticAddresses",
  "HTTPRoute",
  "HTTPRouteBackendProtocolH2C",
  "HTTPRouteBackendProtocolWebSocket",
  "HTTPRouteBackendRequestHeaderModification",
  "HTTPRouteBackendTimeout",
  "HTTPRouteCORS",
  "HTTPRouteDestinationPortMatching",
  "HTTPRouteHostRewrite",
  "HTTPRouteMethodMatching",
  "HTTPRouteNamedRouteRule",
  "HTTPRouteParentRefPort",
  "HTTPRoutePathRedirect",
  "HTTPRoutePathRewrite",
  "HTTPRoutePortRedirect",
  "HTTPRouteQueryParamMatching",
  "HTTPRouteRequestMirror",
  "HTTPRouteRequestMultipleMirrors",
  "HTTPRouteRequestPercentageMirror",
  "HTTPRouteRequestTimeout",
  "HTTPRouteResponseHeaderModification",
  "HTTPRouteSchemeRedirect",
  "ReferenceGrant",
  "TLSRoute",
  "UDPRoute",
].map((name) => ({ name }));

/** A cluster's: on one machine there is no object that labels could be put on. */
const ofClusters = ["GatewayInfrastructurePropagation"];

const status = memo("gatewayClassStatus", (db: Db, key: ObjectKey) => {
  if (!isManagedClass(db, nameOf(key))) return undefined;
  const { problem } = classEnvoyProxy(db, nameOf(key));
  const onMachine = db.get("Config", configKey)?.infrastructure === "host";
  return {
    conditions: [problem === undefined ? classAccepted() : classInvalidParameters(problem)],
    supportedFeatures: supportedFeatures.filter(({ name }) => !onMachine || !ofClusters.includes(name)),
  };
});

export const gatewayClass: Reconciler<"GatewayClass"> = {
  kind: "GatewayClass",
  status,
  owned: (db, key) => ownedByClass(db, nameOf(key)),
};
