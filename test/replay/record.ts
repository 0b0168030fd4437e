import { existsSync } from 'node:fs';
import { record } from './recording.ts';

// node test/replay/record.ts JOURNAL.db test/replay/journals/v1-NAME.ndjson
// Records a journal as it stands, and what its replay must give. Look at the .expected.json, and format it, before committing it.
const [, , database, recording] = process.argv;
if (database === undefined || recording === undefined || !recording.endsWith('.ndjson') || !existsSync(database)) {
  process.stderr.write('usage: node test/replay/record.ts JOURNAL.db test/replay/journals/v1-NAME.ndjson\n');
  process.exitCode = 1;
} else {
  process.stdout.write(`${record(database, recording)} entries recorded in ${recording}\n`);
}
