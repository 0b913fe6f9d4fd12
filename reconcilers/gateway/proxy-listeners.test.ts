import type { FilterChain, Listener } from "../../xds/model/listener.ts";
import { makeCertificate } from "../testing/certificates.ts";
import { config, envoyProxy, gatewayClass, gatewayWith, https, parametersRef, tlsSecret } from "../testing/gateways.ts";
import type { TestObject } from "../testing/object.ts";
import { applied, world } from "../testing/world.ts";
import { nextExpiry, proxyListeners, proxyPorts, proxySecrets } from "./proxy-listeners.ts";

const pair = makeCertificate({ names: ["a.example.com"] });
const secret = tlsSecret("default/tls", pair);
const origin = (section: string) => ({ kind: "Gateway", namespace: "default", name: "gw", section });
const accessLog = { type: "json", path: "/dev/stdout" };
const settings = { infrastructure: { parametersRef: parametersRef("settings") } };

test("HTTP listeners of a port share a chain, HTTPS ones have one each", () => {
  const gateway = gatewayWith("gw", [
    { name: "a", hostname: "a.com" },
    { name: "b" },
    https("s", "s.com", "tls"),
    https("any", undefined, "tls"),
  ]);
  const other = tlsSecret("default/unused", pair);
  const db = world(secret, other, gateway);
  const tls = { certificates: ["default/tls"], alpn: ["http/1.1"] };
  expect(proxyListeners(db, "default/gw")).toEqual([
    {
      name: "tcp-80",
      transport: "tcp",
      serverNames: false,
      addresses: ["0.0.0.0"],
      port: 10080,
      chains: [
        {
          name: "http-80",
          origins: [origin("a"), origin("b")],
          serverNames: [],
          handler: { type: "http", routeTable: "http-80" },
          statPrefix: "http-80",
          accessLog,
        },
      ],
    },
    {
      name: "tcp-443",
      transport: "tcp",
      serverNames: true,
      addresses: ["0.0.0.0"],
      port: 10443,
      chains: [
        {
          name: "https-443/default/gw/s",
          origins: [origin("s")],
          serverNames: ["s.com"],
          tls,
          handler: { type: "http", routeTable: "https-443/default/gw/s" },
          statPrefix: "https-443",
          accessLog,
        },
        {
          name: "https-443/default/gw/any",
          origins: [origin("any")],
          serverNames: [],
          tls,
          handler: { type: "http", routeTable: "https-443/default/gw/any" },
          statPrefix: "https-443",
          accessLog,
        },
      ],
    },
  ]);
  expect(proxySecrets(db, "default/gw")).toEqual([
    {
      type: "certificate",
      name: "default/tls",
      origins: [origin("s"), origin("any")],
      chainPem: pair.certificate,
      keyPem: pair.key,
    },
  ]);
  expect(nextExpiry(db, "default/gw")).toBe("2099-01-01T00:00:00.000Z");
});

test("an HTTPS listener without overlaps speaks HTTP/2", () => {
  const [listener] = proxyListeners(world(secret, gatewayWith("gw", [https("s", "s.com", "tls")])), "default/gw");
  expect(firstChain(listener)?.tls).toEqual({ certificates: ["default/tls"], alpn: ["h2", "http/1.1"] });
});

test("listeners that cannot be served open no port", () => {
  const gateway = gatewayWith("gw", [{ name: "odd", protocol: "ODD" }, https("s", "s.com", "none")]);
  expect(proxyListeners(world(gateway), "default/gw")).toEqual([]);
});

test("EnvoyProxy chooses the address family and switches the access log off", () => {
  const spec = { ipFamily: "DualStack", telemetry: { accessLog: { disable: true } } };
  const [listener] = proxyListeners(
    world(envoyProxy("settings", spec), gatewayWith("gw", [{ name: "a" }], settings)),
    "default/gw",
  );
  expect([listener?.addresses, firstChain(listener)?.accessLog]).toEqual([["::"], { type: "none" }]);
});

function firstChain(listener: Listener | undefined): FilterChain | undefined {
  return listener?.transport === "tcp" ? listener.chains[0] : undefined;
}

describe("ports that Envoy binds", () => {
  const portsOf = (ports: readonly number[], ...objects: readonly TestObject[]) => {
    const gateway = gatewayWith(
      "gw",
      ports.map((port) => ({ name: `l${port}`, port })),
      objects[0]?.kind === "EnvoyProxy" ? settings : {},
    );
    return proxyPorts(world(gateway, ...objects), "default/gw").map(({ port, containerPort }) => `${port}>${containerPort}`);
  };
  test("are 10,000 higher below 1024 in a cluster", () =>
    expect(portsOf([443, 80, 1024])).toEqual(["80>10080", "443>10443", "1024>1024"]));
  test("make way for each other and for the proxy's own", () =>
    expect(portsOf([80, 10080, 19001])).toEqual(["80>10080", "10080>20080", "19001>29001"]));
  test("are found for UDP without regard to TCP", () => {
    const listeners = [
      { name: "dns", protocol: "UDP", port: 53 },
      { name: "dns-tcp", protocol: "TCP", port: 53 },
      { name: "http" },
    ];
    expect(proxyPorts(world(gatewayWith("gw", listeners)), "default/gw")).toEqual([
      { port: 53, containerPort: 10053, transport: "tcp" },
      { port: 53, containerPort: 10053, transport: "udp" },
      { port: 80, containerPort: 10080, transport: "tcp" },
    ]);
  });
  test("are those of the listeners on a host", () =>
    expect(portsOf([80], config({ infrastructure: "host" }))).toEqual(["80>80"]));
  test("are those of the listeners when EnvoyProxy says so", () =>
    expect(
      portsOf(
        [80],
        envoyProxy("settings", { provider: { type: "Kubernetes", kubernetes: { useListenerPortAsContainerPort: true } } }),
      ),
    ).toEqual(["80>80"]));
});

test("a rotated Secret makes a new SDS secret and leaves the listener as it was", () => {
  const db = world(secret, gatewayWith("gw", [https("s", "s.com", "tls")]));
  const before = proxyListeners(db, "default/gw");
  proxySecrets(db, "default/gw");
  const next = makeCertificate({ names: ["a.example.com"] });
  db.apply([applied(tlsSecret("default/tls", next))]);
  expect(proxyListeners(db, "default/gw")).toBe(before);
  expect(proxySecrets(db, "default/gw")).toMatchObject([{ chainPem: next.certificate }]);
});

describe("where listeners are bound on one machine", () => {
  const at = (...values: readonly string[]) => ({ addresses: values.map((value) => ({ type: "IPAddress", value })) });
  const merging = { ...envoyProxy("merged", { mergeGateways: true }), metadata: { namespace: "default", name: "merged" } };
  const merged = gatewayClass("eg", { parametersRef: { ...parametersRef("merged"), namespace: "default" } });
  const bound = (proxy: string, ...objects: readonly TestObject[]) =>
    proxyListeners(world(config({ infrastructure: "host" }), ...objects), proxy).map(({ addresses }) => addresses);
  test("at the addresses that the Gateway asks for", () =>
    expect(bound("default/a", gatewayWith("a", [{ name: "http" }], at("127.0.0.3", "127.0.0.2")))).toEqual([
      ["127.0.0.2", "127.0.0.3"],
    ]));
  test("everywhere when it asks for none, or leaves the choice to us", () =>
    expect(bound("default/a", gatewayWith("a", [{ name: "http" }], { addresses: [{ type: "IPAddress" }] }))).toEqual([
      ["0.0.0.0"],
    ]));
  test("merged Gateways at those of all of them", () =>
    expect(
      bound(
        "eg",
        merging,
        merged,
        gatewayWith("a", [{ name: "http", hostname: "a.com" }], at("127.0.0.2")),
        gatewayWith("b", [{ name: "http", hostname: "b.com" }], at("127.0.0.3")),
      ),
    ).toEqual([["127.0.0.2", "127.0.0.3"]]));
  test("merged Gateways everywhere, when one of them asks for none", () =>
    expect(
      bound(
        "eg",
        merging,
        merged,
        gatewayWith("a", [{ name: "http", hostname: "a.com" }], at("127.0.0.2")),
        gatewayWith("b", [{ name: "http", hostname: "b.com" }]),
      ),
    ).toEqual([["0.0.0.0"]]));
  test("in a cluster everywhere: addresses are those of the Service", () =>
    expect(proxyListeners(world(gatewayWith("a", [{ name: "http" }], at("192.0.2.1"))), "default/a")[0]?.addresses).toEqual([
      "0.0.0.0",
    ]));
});
