import { type ModelScript, type ScriptedModel, startModel } from '../../support/scriptedModel.ts';

export const TEST_COMMAND = 'test -s answer.txt';
export const PROMPT = 'Write the answer to answer.txt.';

/** Answers at once: one call that writes a file, one that says so. */
const script: ModelScript = (call) =>
  call.turn === 0 && !call.isTitle
    ? { text: 'I write it.', tools: [{ name: 'write', args: { filePath: 'answer.txt', content: '42\n' } }] }
    : { text: 'Done.' };

export const startInstantModel = (): Promise<ScriptedModel> => startModel(script);
