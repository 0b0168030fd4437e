import type { ModelCall, ModelScript } from './scriptedModel.ts';

type Tool = { readonly name: string; readonly args: unknown };

export const write = (filePath: string, content: string): Tool => ({ name: 'write', args: { filePath, content } });
export const edit = (filePath: string, oldString: string, newString: string): Tool => ({
  name: 'edit',
  args: { filePath, oldString, newString },
});
export const bash = (command: string): Tool => ({ name: 'bash', args: { command, description: 'Run a command' } });

/** Calls of tools, one answer each, then a closing sentence. */
export const tools =
  (...calls: readonly Tool[]): ModelScript =>
  ({ turn }) => {
    const call = calls[turn];
    return call === undefined ? { text: 'Done.' } : { tools: [call] };
  };

/** True when the agent was sent back to work after red tests. */
export const isRetry = (call: ModelCall): boolean => call.prompt.includes('failed its tests');

/** The script of the word that a conversation has in it, so that many tasks share one model. */
export const byWord =
  (scripts: Readonly<Record<string, ModelScript>>): ModelScript =>
  (call) => {
    const said = call.prompts.join('\n');
    const word = Object.keys(scripts).find((candidate) => new RegExp(`\\b${candidate}\\b`).test(said));
    return (word === undefined ? undefined : scripts[word])?.(call) ?? { text: 'There is no script for this.' };
  };

/** Holds a script back until the test lets it go on. */
export class Gate {
  open: () => void = () => {};
  readonly #opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  /** The script, which answers nothing before the gate is open. */
  before(script: ModelScript): ModelScript {
    return async (call) => {
      await this.#opened;
      return script(call);
    };
  }
}
