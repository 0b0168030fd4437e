/** What each shell loads. All of them ask `reactor __complete` with the words so far, the one being typed last. */
export const completionScripts = {
  bash: `# reactor completion for bash: reactor completion bash >> ~/.bashrc
_reactor_complete() {
  local IFS=$'\\n' words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($(reactor __complete -- "\${words[@]}" 2>/dev/null))
}
complete -o default -F _reactor_complete reactor
`,
  zsh: `#compdef reactor
# reactor completion for zsh: reactor completion zsh > a folder of $fpath, as _reactor
_reactor() {
  local -a offered
  offered=("\${(@f)$(reactor __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  offered=(\${offered:#})
  if (( \${#offered} )); then compadd -- $offered; else _files; fi
}
if [ "$funcstack[1]" = "_reactor" ]; then _reactor "$@"; else compdef _reactor reactor; fi
`,
  fish: `# reactor completion for fish: reactor completion fish > ~/.config/fish/completions/reactor.fish
function __reactor_complete
  set -l words (commandline -opc) (commandline -ct)
  reactor __complete -- $words[2..-1] 2>/dev/null
end
complete -c reactor -a '(__reactor_complete)'
`,
} as const;
