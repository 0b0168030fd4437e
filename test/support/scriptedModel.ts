import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { type ModelScript, type ScriptedModel, startScriptedModel } from '../../src/adapters/scriptedModel/scriptedModel.ts';

export { scriptedConfig } from '../../src/adapters/scriptedModel/scriptedConfig.ts';
export type { ModelAction, ModelCall, ModelScript, ScriptedModel } from '../../src/adapters/scriptedModel/scriptedModel.ts';

/** A scripted model on a free port, under the machine's clock. */
export const startModel = (script: ModelScript): Promise<ScriptedModel> => startScriptedModel({ clock: systemClock, script });
