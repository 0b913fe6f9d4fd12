// Gives Services of type LoadBalancer an address, in the place of a cloud's controller. kube-proxy does the rest.

import type { Api, Metadata, Objects } from "./api.ts";

export interface Service {
  readonly metadata: Metadata;
  readonly spec: { readonly type?: string; readonly clusterIP?: string };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

/**
 * In turn, from .1 to .127: a new Service never gets the address that another one gave back a moment ago, whose connections may still be open.
 */
const addresses = Array.from({ length: 127 }, (_, index) => `10.89.0.${index + 1}`);

export function createLoadBalancer(api: Api): (services: Objects<Service>) => void {
  const held = new Map<string, string>();
  let turn = 0;

  function next(): string | undefined {
    const used = new Set(held.values());
    for (let tried = 0; tried < addresses.length; tried++) {
      const address = addresses[turn++ % addresses.length]!;
      if (!used.has(address)) return address;
    }
    return undefined;
  }

  return (services) => {
    for (const key of held.keys()) if (services.get(key)?.spec.type !== "LoadBalancer") held.delete(key);
    for (const [key, service] of services) {
      if (service.spec.type !== "LoadBalancer") continue;
      const published = service.status?.loadBalancer?.ingress?.[0]?.ip;
      if (published !== undefined) {
        held.set(key, published);
        continue;
      }
      const address = held.get(key) ?? next();
      if (address === undefined) continue;
      held.set(key, address);
      const { namespace, name } = service.metadata;
      const status = { loadBalancer: { ingress: [{ ip: address, ipMode: "VIP" }] } };
      api.patchStatus(`/api/v1/namespaces/${namespace}/services/${name}`, status).catch((error: unknown) => {
        // It may be gone. If not, the next event of any Service tries again.
        console.error(`address of ${key}: ${String(error)}`);
      });
    }
  };
}
