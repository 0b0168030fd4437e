/** Settings whose values are logins or lead to them. */
const LOGINS =
  /^\s*(extraheader|password|username|cookiefile|sslkey|sslcert|proxyauthmethod|helper|askpass|sshcommand|token|oauthtoken)\s*=/i;

/** A git configuration file without logins: neither in addresses, as name and password before the host, nor as settings of their own. */
export function withoutLogins(text: string): string {
  // A line that ends with a backslash goes on in the next.
  const lines = text.replaceAll('\r\n', '\n').match(/(?:[^\n\\]|\\[^\n]|\\\n)*(?:\n|$)/g) ?? [];
  return lines
    .filter((line) => !LOGINS.test(line))
    .join('')
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/"@]*@/gi, (whole, scheme: string) => (/^ssh:|^git\+ssh:/i.test(scheme) ? whole : scheme));
}
