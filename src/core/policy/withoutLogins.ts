/** A setting whose value is a login or leads to one, with the head of its section where that is on the same line. */
const LOGINS =
  /^(\s*\[(?:[^\]"\n]|"(?:[^"\\\n]|\\.)*")*\])?\s*(?:extraheader|password|pass|smtppass|username|cookiefile|sslkey|sslcert|proxyauthmethod|helper|askpass|sshcommand|token|oauthtoken)\s*=/i;

/** A git configuration file without logins: neither in addresses, as name and password before the host, nor as settings of their own. */
export function withoutLogins(text: string): string {
  // A line that ends with a backslash goes on in the next.
  const lines = text.replaceAll('\r\n', '\n').match(/(?:[^\n\\]|\\[\s\S]?)*(?:\n|$)/g) ?? [];
  return withoutNames(lines.map(withoutLogin).join(''));
}

function withoutLogin(line: string): string {
  const found = LOGINS.exec(line);
  if (found === null) return line;
  return found[1] === undefined ? '' : `${found[1]}\n`;
}

/** Addresses in a text without name and password before the host. Both may have any `@` in them but the last. */
export const withoutNames = (text: string): string =>
  text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)([^\s/"'@]*@)+/gi, (whole, scheme: string) => (/^(git\+)?ssh:/i.test(scheme) ? whole : scheme));
