/** One kind of key, known by its shape alone. */
export interface SecretRule {
  /** Part of the name under which a person allows a finding, so it never changes. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** With the flags `g` and, where the shape begins with letters, a boundary: a key in the middle of other text of its alphabet is none. */
  readonly pattern: RegExp;
}

const rule = (id: string, name: string, pattern: RegExp): SecretRule => ({ id, name, pattern });

/**
 * Shapes that issuers document, most of them with a prefix of their own, after the public rules of gitleaks and GitHub's secret scanning. What
 * has no shape (a password, a bare run of hex digits) is left out: guessing at those refuses good work.
 */
export const secretRules: readonly SecretRule[] = [
  rule('anthropic', 'Anthropic key', /(?<![\w-])sk-ant-[a-z]{2,8}\d{2}-[\w-]{24,}/g),
  rule('openrouter', 'OpenRouter key', /(?<![\w-])sk-or-v1-[0-9a-f]{64}\b/g),
  rule(
    'openai',
    'OpenAI key',
    /(?<![\w-])sk-(?:(?:proj|svcacct|admin)-[\w-]{32,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|[A-Za-z0-9]{48})(?![\w-])/g,
  ),
  rule('aws-id', 'AWS access key id', /(?<!\w)(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?!\w)/g),
  rule(
    'aws-secret',
    'AWS secret key',
    /aws_?secret_?(?:access_?)?key\w{0,8}["']?\s{0,4}(?:=|:|=>|,)\s{0,4}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi,
  ),
  rule('github', 'GitHub token', /(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?!\w)/g),
  rule('gitlab', 'GitLab token', /(?<!\w)gl(?:pat|dt|rt|ptt|oas)-[\w-]{20,}/g),
  rule('slack', 'Slack token', /(?<!\w)(?:xox[abeoprs]-[A-Za-z0-9-]{20,}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{20,})/g),
  rule('slack-webhook', 'Slack webhook', /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{40,}/g),
  rule('google', 'Google key', /(?<![\w-])AIza[\w-]{35}(?![\w-])/g),
  rule('google-secret', 'Google client secret', /(?<![\w-])GOCSPX-[\w-]{28}(?![\w-])/g),
  rule('google-token', 'Google token', /(?<![\w-])ya29\.[\w-]{30,}/g),
  rule('stripe', 'Stripe key', /(?<!\w)[sr]k_live_[A-Za-z0-9]{20,}/g),
  rule('npm', 'npm token', /(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)/g),
  rule('pypi', 'PyPI token', /(?<!\w)pypi-AgE[\w-]{50,}/g),
  rule('huggingface', 'Hugging Face token', /(?<!\w)hf_[A-Za-z0-9]{34}(?!\w)/g),
  rule('groq', 'Groq key', /(?<!\w)gsk_[A-Za-z0-9]{52}(?!\w)/g),
  rule('xai', 'xAI key', /(?<![\w-])xai-[A-Za-z0-9]{80}(?!\w)/g),
  rule('sendgrid', 'SendGrid key', /(?<!\w)SG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g),
  rule('digitalocean', 'DigitalOcean token', /(?<!\w)do[opr]_v1_[0-9a-f]{64}(?!\w)/g),
  rule('jwt', 'JSON web token', /(?<![\w-])eyJ[\w-]{12,}\.eyJ[\w-]{12,}\.[\w-]{20,}/g),
  rule(
    'private-key',
    'private key',
    /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|["'`+,;\s-]){0,40}(?:[A-Z][\w-]{1,40}: [^\n]{0,200}\n[+ -]?){0,4}\s{0,4}[A-Za-z0-9+/=]{20,}(?:[\s\S]{0,8000}?-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----)?/g,
  ),
];

/** Something that each shape has in it: text without any of these is not looked at further. */
export const secretHint =
  /sk-[ap-]|sk-(?:or|svc|[A-Za-z0-9]{20})|A(?:K|S|B)IA|ACCA|[Aa][Ww][Ss]_?[Ss][Ee][Cc]|gh[pousr]_|github_pat|gl(?:pat|dt|rt|ptt|oas)-|xox[abeoprs]-|xapp-|hooks\.slack|AIza|GOCSPX-|ya29\.|[sr]k_live_|npm_[A-Za-z]|pypi-A|hf_|gsk_|xai-|SG\.|do[opr]_v1_|eyJ|PRIVATE KEY/;

/** Stands for a key in documents and tests: the letters say so, or there are too few of them. */
export function isPlaceholder(text: string): boolean {
  if (/example|placeholder|your[_-]?(?:api|key|token|secret)|x{6}|\*{4}|\.{3}|0{12}/i.test(text)) return true;
  return new Set(text.slice(-24)).size < 8;
}
