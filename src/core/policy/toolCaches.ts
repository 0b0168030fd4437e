/**
 * Variables that lead tools to caches of the cell's own where they would write below their programs, which a cell only reads. Where a tool
 * can read a second cache, it is told of the user's. Sources: the tools' own manuals of these variables.
 * @param home the home folder as the cell sees it: empty, writable, and gone with the cell.
 */
export function toolCaches(home: string, env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const goPath = (env['GOPATH'] ?? `${home}/go`).split(':')[0] ?? '';
  return {
    CARGO_HOME: `${home}/.cache/reactor/cargo`,
    GOMODCACHE: `${home}/.cache/reactor/go`,
    GOPROXY: `file://${env['GOMODCACHE'] ?? `${goPath}/pkg/mod`}/cache/download,${env['GOPROXY'] ?? 'https://proxy.golang.org,direct'}`,
    GRADLE_USER_HOME: `${home}/.cache/reactor/gradle`,
    GRADLE_RO_DEP_CACHE: env['GRADLE_RO_DEP_CACHE'] ?? `${env['GRADLE_USER_HOME'] ?? `${home}/.gradle`}/caches`,
    BUN_INSTALL_CACHE_DIR: `${home}/.cache/reactor/bun`,
    DOTNET_CLI_HOME: `${home}/.cache/reactor/dotnet`,
  };
}

/** Variables by which the system finds programs and parts of programs. */
export const leadsToPrograms = (name: string): boolean => /^(PATH$|LD_|GCONV_PATH$|BUN_)/.test(name);
