/** Variables that hold keys of model providers and nothing else; a command has no use for them. */
const PROVIDER_KEY =
  /^(ANTHROPIC|OPENAI|AZURE_OPENAI|AZURE|AZURE_COGNITIVE_SERVICES|GEMINI|GOOGLE_GENERATIVE_AI|GROQ|MISTRAL|DEEPSEEK|XAI|OPENROUTER|TOGETHER|FIREWORKS|CEREBRAS|COHERE|PERPLEXITY|HUGGINGFACE|MOONSHOT|MINIMAX|ZHIPU|OPENCODE|AI_GATEWAY|AICORE|CLOUDFLARE_AI|NVIDIA|DEEPINFRA|BASETEN|VENICE|VERCEL_AI|GITHUB_COPILOT)(_\w+)?_(API_KEY|AUTH_TOKEN|TOKEN|KEY|SECRET)$/;
const OTHERS: ReadonlySet<string> = new Set(['AWS_BEARER_TOKEN_BEDROCK', 'CLAUDE_CODE_OAUTH_TOKEN', 'GOOGLE_API_KEY']);

export const isProviderKey = (name: string): boolean => PROVIDER_KEY.test(name) || OTHERS.has(name);

/** Variables by which some model providers are reached and other tools too, tests among them: commands keep them. */
const SHARED = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GITHUB_TOKEN',
  'HF_TOKEN',
];

/** Those of an environment that commands of agents see, although a provider may be reached by them. */
export const sharedKeys = (env: Readonly<Record<string, string | undefined>>): string[] => SHARED.filter((name) => env[name] !== undefined);
