import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import type { Log } from '../../base/log.ts';
import { type ConfigTree, isTree, mergeConfig } from './configTree.ts';
import { parseJsonc } from './jsonc.ts';

/** Fields of an agent that say how it talks, not what it may do. */
const AGENT_FIELDS = ['description', 'mode', 'model', 'prompt', 'temperature', 'top_p', 'steps', 'variant'] as const;
/** The agent server reads the first of these that it finds. */
const RULE_FILES = ['AGENTS.md', 'CLAUDE.md', 'CONTEXT.md'];

/**
 * What a repository's own files may contribute: models, agents without rights, instructions that lie inside the repository.
 * Plugins, permissions, MCP servers, providers and commands are code or rights, and stay out.
 * @param worktree the cell's worktree, in which instruction files will lie by the time they are read.
 */
export function readProjectConfig(folder: string, worktree: string, log: Log): ConfigTree {
  let found: ConfigTree = {};
  for (const name of ['opencode.json', 'opencode.jsonc']) {
    const file = join(folder, name);
    if (!existsSync(file)) continue;
    try {
      const value = parseJsonc(readFileSync(file, 'utf8'));
      if (isTree(value)) found = mergeConfig(found, value);
    } catch (error) {
      log.log('warn', 'the project configuration of OpenCode is not valid and is left out', { file: name, error: String(error) });
    }
  }
  const rules = RULE_FILES.filter((name) => existsSync(join(folder, name))).slice(0, 1);
  const given = Array.isArray(found['instructions']) ? found['instructions'].filter((path) => typeof path === 'string') : [];
  const instructions = [...rules, ...given.filter((path) => isInside(path))].map((path) => join(worktree, path));
  const agents = isTree(found['agent']) ? safeAgents(found['agent'], folder) : {};
  const dropped = Object.keys(found).filter(
    (key) => !['$schema', 'model', 'small_model', 'agent', 'instructions', 'default_agent'].includes(key),
  );
  if (dropped.length > 0) log.log('info', 'settings of the project configuration that cells do not use', { settings: dropped });
  return {
    ...plainText('model', found['model']),
    ...plainText('small_model', found['small_model']),
    ...plainText('default_agent', found['default_agent']),
    ...(Object.keys(agents).length > 0 ? { agent: agents } : {}),
    ...(instructions.length > 0 ? { instructions } : {}),
  };
}

const isInside = (path: string): boolean =>
  !isAbsolute(path) && !/^[a-z]+:|^~/i.test(path) && !path.split('/').includes('..') && !hasReference(path);
/** `{env:…}` and `{file:…}` would be filled in by the server with the user's secrets. */
const hasReference = (text: string): boolean => /\{(env|file):/.test(text);
const plainText = (key: string, value: unknown): ConfigTree => (typeof value === 'string' && !hasReference(value) ? { [key]: value } : {});

function safeAgents(agents: ConfigTree, folder: string): ConfigTree {
  const safe: Record<string, unknown> = {};
  for (const [name, agent] of Object.entries(agents)) {
    if (!isTree(agent)) continue;
    const kept: Record<string, unknown> = {};
    for (const field of AGENT_FIELDS) {
      const value = agent[field];
      if (field === 'prompt' && typeof value === 'string') {
        const prompt = inlinePrompt(value, folder);
        if (prompt !== null) kept['prompt'] = prompt;
      } else if (typeof value === 'number' || (typeof value === 'string' && !hasReference(value))) kept[field] = value;
    }
    safe[name] = kept;
  }
  return safe;
}

/** A prompt that is one file of the repository becomes its text; any other reference drops the prompt. */
function inlinePrompt(prompt: string, folder: string): string | null {
  if (!hasReference(prompt)) return prompt;
  const path = /^\{file:([^}]+)\}$/.exec(prompt.trim())?.[1]?.trim();
  if (path === undefined || isAbsolute(path)) return null;
  try {
    const file = realpathSync(join(folder, path));
    if (relative(realpathSync(folder), file).startsWith('..')) return null;
    const text = readFileSync(file, 'utf8');
    return hasReference(text) ? null : text;
  } catch {
    return null;
  }
}
