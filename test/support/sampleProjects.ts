import type { SampleFiles } from './sampleRepository.ts';

/** Settings that make a project bear a slow machine and end quickly where a test wants an end. */
export const settings = (test: string, more = ''): string => `test: ${test}\nhealth:\n  limit: 60s\n${more}`;

/**
 * The quickest project there is: green while no text file says "bad" and not both left.txt and right.txt are there. The test tells where it
 * ran.
 */
export const plainProject = (more = ''): SampleFiles => ({
  'reactor.yaml': settings('sh check.sh', more),
  'check.sh': '#!/bin/sh\npwd\nif grep -l bad *.txt; then echo "a bad word"; exit 1; fi\nif [ -f left.txt ] && [ -f right.txt ]; then echo "left and right"; exit 1; fi\necho fine\n',
  'readme.txt': 'A sample.\n',
});
