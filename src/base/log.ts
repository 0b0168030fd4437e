export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. */
export interface Log {
  log(level: LogLevel, message: string, fields?: LogFields): void;
}

export const silentLog: Log = { log: () => {} };

/** A log whose texts, in fields and messages, are put through `edit` first. */
export const withEdited = (log: Log, edit: <T>(value: T) => T): Log => ({
  log: (level, message, fields) => log.log(level, edit(message), fields === undefined ? undefined : edit(fields)),
});

/** A log that adds the same fields to each line. */
export const withFields = (log: Log, fields: LogFields): Log => ({
  log: (level, message, more) => log.log(level, message, { ...fields, ...more }),
});

/** Text of anything thrown, with its stack when there is one. */
export const errorText = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
