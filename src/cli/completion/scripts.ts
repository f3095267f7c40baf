const bash = `# bash completion for weft
_weft() {
  local words
  words=$(weft completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  mapfile -t COMPREPLY <<<"$words"
  if [ -z "$words" ]; then COMPREPLY=(); fi
}
complete -o default -F _weft weft
`;

const zsh = `#compdef weft
_weft() {
  local -a found
  found=("\${(@f)$(weft completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then
    compadd -- "\${found[@]}"
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_weft" ]; then _weft "$@"; else compdef _weft weft; fi
`;

const fish = `# fish completion for weft
function __weft_words
  set -l typed (commandline -opc) (commandline -ct)
  weft completion words -- $typed[2..-1] 2>/dev/null
end
complete -c weft -a '(__weft_words)'
`;

/** Each asks \`weft completion words\` for the words, so that a new option needs no new script. */
export const completionScripts = { bash, zsh, fish } as const;
