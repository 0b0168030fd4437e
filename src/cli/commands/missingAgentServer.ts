/** Why no OpenCode can be used, and what to do. Told by where it was looked for. */
export function missingAgentServer(environment: Readonly<Record<string, string | undefined>>): {
  readonly why: string;
  readonly todo: string;
} {
  const configured = environment['REACTOR_OPENCODE'];
  return configured === undefined || configured === ''
    ? { why: `no usable one on PATH (${NEEDED})`, todo: 'install it (https://opencode.ai), then run: reactor doctor' }
    : {
        why: `REACTOR_OPENCODE names ${configured}, which is no usable one (${NEEDED})`,
        todo: 'correct it, or unset it to have the one on PATH',
      };
}

const NEEDED = '1.18 or a later 1.x is needed';
