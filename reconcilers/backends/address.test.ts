// Addresses as Envoy 1.37 takes them.

import { isIPv4, isIPv6 } from "./address.ts";

for (const text of ["10.0.0.1", "0.0.0.0", "255.255.255.255"]) test(`IPv4: ${text}`, () => expect(isIPv4(text)).toBe(true));
for (const text of ["::", "::1", "fd00::a:1", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1"])
  test(`IPv6: ${text}`, () => expect(isIPv6(text)).toBe(true));
for (const text of [
  "",
  "0",
  "10.0.0",
  "10.0.0.256",
  "010.0.0.1",
  "10.0.0.1/8",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "g::",
  "::1%lo",
])
  test(`neither: ${JSON.stringify(text)}`, () => expect([isIPv4(text), isIPv6(text)]).toEqual([false, false]));
