import { z } from 'zod';

/**
 * One rule about what an agent may do. Rules are read in order and the last one that matches wins.
 * `permission` is the agent server's name (edit, bash, external_directory, webfetch, …) or `*`; `pattern` is a glob for what is
 * asked (`*` matches any run of characters, `/` included).
 */
export const PermissionRule = z.strictObject({
  permission: z.string().min(1),
  pattern: z.string().min(1).default('*'),
  action: z.enum(['allow', 'ask', 'deny']),
});
export type PermissionRule = z.infer<typeof PermissionRule>;
