import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { withoutLogins } from '../../../../src/core/policy/withoutLogins.ts';

describe('a git configuration without logins', () => {
  it('has none in addresses and settings, and everything else', () => {
    const text = `[core]
\trepositoryformatversion = 0
[remote "origin"]
\turl = https://ann:s3cret@example.org/a.git
\tpushurl = ssh://git@example.org/a.git
\turl = git@example.org:a.git
[http "https://example.org/"]
\textraheader = AUTHORIZATION: basic abc \\
def
\tsslVerify = true
[url "https://x-access-token:abc@example.org/"]
\tinsteadOf = https://example.org/
[credential]
\thelper = store --file /x
[branch "main"]
\tremote = origin
`;
    assert.equal(
      withoutLogins(text),
      `[core]
\trepositoryformatversion = 0
[remote "origin"]
\turl = https://example.org/a.git
\tpushurl = ssh://git@example.org/a.git
\turl = git@example.org:a.git
[http "https://example.org/"]
\tsslVerify = true
[url "https://example.org/"]
\tinsteadOf = https://example.org/
[credential]
[branch "main"]
\tremote = origin
`,
    );
  });

  it('has none in whatever way git takes them', () => {
    const text = `[http "https://a]b.example/"] extraheader = AUTHORIZATION: basic abc
	sslVerify = true
[url "https://ann:p@ss@example.org/"]
	insteadOf = https://example.org/@x
[sendemail]
	smtpPass = s3cret
	from = ann@example.org
`;
    assert.equal(
      withoutLogins(text),
      `[http "https://a]b.example/"]
	sslVerify = true
[url "https://example.org/"]
	insteadOf = https://example.org/@x
[sendemail]
	from = ann@example.org
`,
    );
  });

  it('takes no long time over a file that is made to', () => {
    assert.equal(typeof withoutLogins('\\\n'.repeat(50_000)), 'string');
    assert.equal(typeof withoutLogins(`${' \\'.repeat(50_000)}\\`), 'string');
    assert.equal(typeof withoutLogins(`a://${'b'.repeat(100_000)}`), 'string');
  });
});
