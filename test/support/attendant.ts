import { createCliHost } from '../../src/compose.ts';

// A person at a client, until the process is ended. Says when it is there.
const client = await createCliHost().connect(process.argv[2] ?? '', { start: 'ifRunsOpen', attends: true });
process.stdout.write(client === null ? 'no engine\n' : 'here\n');
setInterval(() => {}, 60_000);
