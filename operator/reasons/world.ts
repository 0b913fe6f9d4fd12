// The world around a mistake: a Gateway with a listener of each sort and a good route on each, a Gateway of somebody else, backends in two namespaces.

export const world = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: foreign}
spec: {controllerName: example.com/other}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: foreign}
spec:
  gatewayClassName: foreign
  listeners: [{name: http, protocol: HTTP, port: 80}]
---
apiVersion: v1
kind: Namespace
metadata: {name: far, labels: {team: far}}
---
apiVersion: v1
kind: Secret
metadata: {name: secure}
type: kubernetes.io/tls
data: {tls.crt: $CERTIFICATE, tls.key: $KEY}
---
apiVersion: v1
kind: Secret
metadata: {name: secure, namespace: far}
type: kubernetes.io/tls
data: {tls.crt: $CERTIFICATE, tls.key: $KEY}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: authority}
data: {ca.crt: $PEM}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: eg, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  gatewayClassName: eg
  allowedListeners: {namespaces: {from: Same}}
  listeners:
    - {name: http, protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: All}}}
    - {name: own, protocol: HTTP, port: 8080, hostname: "*.own.test"}
    - {name: grpc, protocol: HTTP, port: 8081, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}
    - {name: https, protocol: HTTPS, port: 443, hostname: "*.secure.test", tls: {certificateRefs: [{name: secure}]}}
    - {name: passthrough, protocol: TLS, port: 8443, tls: {mode: Passthrough}}
    - {name: terminate, protocol: TLS, port: 8444, hostname: "*.secure.test", tls: {certificateRefs: [{name: secure}]}}
    - {name: tcp, protocol: TCP, port: 9000}
    - {name: udp, protocol: UDP, port: 9000}
---
apiVersion: v1
kind: Service
metadata: {name: echo}
spec:
  ports: [{name: http, port: 8080}, {name: dns, port: 53, protocol: UDP}, {name: tls, port: 8443}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: echo-1, labels: {kubernetes.io/service-name: echo}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1]}]
ports: [{name: http, port: 3000}, {name: dns, port: 3053, protocol: UDP}, {name: tls, port: 3443}]
---
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {type: ExternalName, externalName: example.com, ports: [{port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: odd}
spec: {ports: [{name: mail, port: 8080, appProtocol: example.com/mail}]}
---
apiVersion: v1
kind: Service
metadata: {name: sockets}
spec: {ports: [{name: ws, port: 8080, appProtocol: kubernetes.io/ws}, {name: wss, port: 8443, appProtocol: kubernetes.io/wss}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: sockets-1, labels: {kubernetes.io/service-name: sockets}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.3]}]
ports: [{name: ws, port: 3000}, {name: wss, port: 3443}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: odd-1, labels: {kubernetes.io/service-name: odd}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.2]}]
ports: [{name: mail, port: 3000}]
---
apiVersion: v1
kind: Service
metadata: {name: echo, namespace: far}
spec: {ports: [{name: http, port: 8080}, {name: dns, port: 53, protocol: UDP}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: echo-1, namespace: far, labels: {kubernetes.io/service-name: echo}}
addressType: IPv4
endpoints: [{addresses: [10.0.1.1]}]
ports: [{name: http, port: 3000}, {name: dns, port: 3053, protocol: UDP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: good, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  parentRefs: [{name: eg, sectionName: http}, {name: eg, sectionName: https}]
  hostnames: [good.secure.test]
  rules: [{backendRefs: [{name: echo, port: 8080}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: good, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  parentRefs: [{name: eg, sectionName: grpc}]
  hostnames: [good.grpc.test]
  rules: [{backendRefs: [{name: echo, port: 8080}]}]
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: TLSRoute
metadata: {name: good, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  parentRefs: [{name: eg, sectionName: passthrough}, {name: eg, sectionName: terminate}]
  hostnames: [good.secure.test]
  rules: [{backendRefs: [{name: echo, port: 8443}]}]
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: good, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  parentRefs: [{name: eg, sectionName: tcp}]
  rules: [{backendRefs: [{name: echo, port: 8080}]}]
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: UDPRoute
metadata: {name: good, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  parentRefs: [{name: eg, sectionName: udp}]
  rules: [{backendRefs: [{name: echo, port: 53}]}]
`;

/** A Gateway whose ports have no route yet, for routes that have a port to themselves. What is said of it itself is left out. */
export const freePorts = `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: free}
spec:
  gatewayClassName: eg
  listeners: [{name: tcp, protocol: TCP, port: 9000}, {name: udp, protocol: UDP, port: 53}]
`;
