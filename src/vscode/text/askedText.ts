import { isCutTitle } from '../../core/run/askTitle.ts';
import type { PendingApproval } from '../../core/run/state.ts';
import { plainText } from './plainText.ts';

/** All that is asked, as the agent wrote it: nobody should agree to what they have not seen. */
export function askedText({ title, permission, questions }: Pick<PendingApproval, 'title' | 'permission' | 'questions'>): string {
  if (!isCutTitle(title)) return plainText(title);
  if (permission === null) return plainText((questions ?? []).map(({ text }) => text).join('\n\n') || title);
  const [tool = ''] = title.split(' ', 1);
  return plainText(`${tool} ${permission.patterns.join('\n')}`);
}
