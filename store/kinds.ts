// The schema of the store: one line per watched kind. Types come from the schemas in api/.

import type { Backend } from "../api/backend.ts";
import type { BackendTrafficPolicy } from "../api/backendtrafficpolicy.ts";
import type { ClientTrafficPolicy } from "../api/clienttrafficpolicy.ts";
import type { Config } from "../api/config.ts";
import type { EnvoyProxy } from "../api/envoyproxy.ts";
import type { BackendTLSPolicy } from "../api/gateway/backendtlspolicy.ts";
import type { GatewayClass } from "../api/gateway/gatewayclass.ts";
import type { Gateway } from "../api/gateway/gateway.ts";
import type { GRPCRoute } from "../api/gateway/grpcroute.ts";
import type { HTTPRoute } from "../api/gateway/httproute.ts";
import type { ListenerSet } from "../api/gateway/listenerset.ts";
import type { ReferenceGrant } from "../api/gateway/referencegrant.ts";
import type { TCPRoute } from "../api/gateway/tcproute.ts";
import type { TLSRoute } from "../api/gateway/tlsroute.ts";
import type { UDPRoute } from "../api/gateway/udproute.ts";
import type { XListenerSet } from "../api/gateway/xlistenerset.ts";
import type { HTTPRouteFilter } from "../api/httproutefilter.ts";
import type { ClusterTrustBundle, ConfigMap, EndpointSlice, Namespace, Secret, Service } from "../api/core.ts";
import type { Clock, Machine, ProxyState, Refusal } from "./cells.ts";

/** Every kind the store holds: the watched kinds, then the cells that effects write (store/cells.ts). */
export interface Kinds {
  GatewayClass: GatewayClass;
  Gateway: Gateway;
  HTTPRoute: HTTPRoute;
  GRPCRoute: GRPCRoute;
  TLSRoute: TLSRoute;
  TCPRoute: TCPRoute;
  UDPRoute: UDPRoute;
  ReferenceGrant: ReferenceGrant;
  ListenerSet: ListenerSet;
  XListenerSet: XListenerSet;
  BackendTLSPolicy: BackendTLSPolicy;
  ClientTrafficPolicy: ClientTrafficPolicy;
  EnvoyProxy: EnvoyProxy;
  Backend: Backend;
  HTTPRouteFilter: HTTPRouteFilter;
  BackendTrafficPolicy: BackendTrafficPolicy;
  Service: Service;
  EndpointSlice: EndpointSlice;
  Secret: Secret;
  ConfigMap: ConfigMap;
  ClusterTrustBundle: ClusterTrustBundle;
  Namespace: Namespace;

  Config: Config;
  Refusal: Refusal;
  ProxyState: ProxyState;
  Clock: Clock;
  Machine: Machine;
}
export type Kind = keyof Kinds;
