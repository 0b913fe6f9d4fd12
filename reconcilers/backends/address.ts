// Is a text an IP address? Envoy refuses an endpoint that has anything else, with all endpoints beside it. Pure.

/** Four numbers up to 255, without leading zeros: Envoy takes no other spelling. */
export function isIPv4(address: string): boolean {
  const parts = address.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Eight groups of up to four hex digits, one run of them shortened to "::", an IPv4 address allowed at the end. */
export function isIPv6(address: string): boolean {
  const tail = address.slice(address.lastIndexOf(":") + 1);
  const plain = tail.includes(".") ? (isIPv4(tail) ? `${address.slice(0, -tail.length)}0:0` : "") : address;
  const halves = plain.split("::");
  if (plain === "" || halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length < 8 : groups.length === 8;
}
