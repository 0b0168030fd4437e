import type * as vscodeTypes from 'vscode';

/** Where tasks are written: reactor.yaml, and lists of tasks as for `reactor run --file`, saved or not. */
export const taskFiles = [
  { scheme: 'file', pattern: '**/reactor.{yaml,yml}' },
  { scheme: 'file', pattern: '**/{tasks,*.tasks}.{yaml,yml}' },
  { scheme: 'untitled', language: 'yaml' },
] as const;

type Named = Pick<vscodeTypes.TextDocument, 'uri'>;
type Written = Named & Pick<vscodeTypes.TextDocument, 'languageId' | 'getText'>;

const LOOKED_AT = 100_000;

export const isSettingsFile = ({ uri }: Named): boolean => uri.scheme === 'file' && /(^|[/\\])reactor\.ya?ml$/.test(uri.path);

/** A list of tasks by its name and by what it holds: other tools have files of the same names, and those are left alone. */
export const isTaskList = ({ uri, languageId, getText }: Written): boolean =>
  (uri.scheme === 'untitled' ? languageId === 'yaml' : uri.scheme === 'file' && /(^|[/\\.])tasks\.ya?ml$/.test(uri.path)) &&
  /^\s*(?:- +)?prompt[ \t]*:/m.test(getText().slice(0, LOOKED_AT));
