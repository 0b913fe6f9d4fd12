// What the patterns that users break most often ask for, in words that follow "must". Patterns without words are shown as they are.

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = String.raw`${label}(\.${label})*`;

export const patternWords: ReadonlyMap<string, string> = new Map([
  [`^${subdomain}$`, "be a DNS name in lower case: letters, digits, '-' and '.'"],
  [`^${label}$`, "be a DNS label: lower case letters, digits and '-'"],
  [
    String.raw`^(\*\.)?${subdomain}$`,
    "be a hostname in lower case, such as www.example.com, perhaps with '*.' before it; without scheme, port or final dot",
  ],
  [
    // Of Backend, as upstream has it.
    String.raw`^((25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)$|^(([0-9a-fA-F]{1,4}:){1,7}[0-9a-fA-F]{1,4}|::|(([0-9a-fA-F]{1,4}:){0,5})?(:[0-9a-fA-F]{1,4}){1,2})$`,
    "be an IPv4 or IPv6 address",
  ],
  ["^([0-9]{1,5}(h|m|s|ms)){1,4}$", "be a duration such as 500ms, 10s or 1h30m"],
  [String.raw`^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$`, "be an HTTP header name: letters, digits and !#$%&'*+-.^_`|~"],
]);
