import type { ProjectConfig } from '../model/projectConfig.ts';

export interface DetectedTest {
  readonly command: string;
  /** What it was found by, for people: 'package.json scripts.test (pnpm)', 'go.mod', … */
  readonly source: string;
}

/** What a folder says about itself. */
export interface Project {
  /**
   * reactor.yaml of the folder or the nearest one above it, up to and including `top`; defaults when there is none.
   * @throws UserFacingError('configuration') with file, line, column and a suggestion when it is invalid.
   */
  config(folder: string, top: string): Promise<{ readonly config: ProjectConfig; readonly file: string | null }>;
  /** The test command by the files of the folder; null when none is recognised. */
  detectTest(folder: string): Promise<DetectedTest | null>;
}
