/** Keys in the shapes of their issuers that open nothing. Put together here, so that no file of the repository has one in it. */
const letters = (seed: string, count: number): string => seed.repeat(Math.ceil(count / seed.length)).slice(0, count);
const mixed = 'aB3dE5fG7hJ9kL2mN4pQ6rS8tU';
const hex = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';

export const sampleKeys: Readonly<Record<string, string>> = {
  anthropic: `sk-${'ant'}-api03-${letters(mixed, 90)}AA`,
  openai: `sk-${'proj'}-${letters(mixed, 60)}`,
  openrouter: `sk-${'or'}-v1-${letters(hex, 64)}`,
  'aws-id': `${'AK'}IA${letters('QZ7WX3NB5VK2HJ6P', 16)}`,
  'aws-secret': `aws_${'secret'}_access_key = ${letters(`${mixed}/+`, 40)}`,
  github: `${'gh'}p_${letters(mixed, 36)}`,
  gitlab: `${'gl'}pat-${letters(mixed, 20)}`,
  slack: `${'xo'}xb-1234567890-${letters(mixed, 24)}`,
  google: `${'AI'}za${letters(mixed, 35)}`,
  npm: `${'np'}m_${letters(mixed, 36)}`,
  stripe: `${'sk'}_live_${letters(mixed, 24)}`,
  jwt: `${'ey'}J${letters(mixed, 20)}.${'ey'}J${letters(mixed, 40)}.${letters(mixed, 43)}`,
  'private-key': `-----BEGIN ${'RSA'} PRIVATE KEY-----\n${letters(mixed, 64)}\n${letters(mixed, 50)}\n-----END ${'RSA'} PRIVATE KEY-----`,
};
